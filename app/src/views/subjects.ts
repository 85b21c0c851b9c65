/** What the page of formulas reads, one at a time: the sheet, a photo, or the camera (in `camera.ts`). */
import type { FormulaInk } from "../engine/protocol.ts";
import type { Sheet } from "../pen/sheet.ts";
import { type View, contain, sizeOf } from "../pen/view.ts";

/** Confidence from which a symbol in a picture counts. For ink the pipeline measures one: strokes rule boxes out. */
export const PICTURE_THRESHOLD = 0.5;

export interface Subject {
  readonly kind: "ink" | "photo" | "camera";
  /** Whether it changes by itself: each reading is followed by the next. */
  readonly live: boolean;
  /** Confidence from which a symbol counts; null if the chosen variant decides. */
  readonly threshold: number | null;
  /** Shows it. */
  enter(): void;
  /** Hides it and releases what it holds; it is not entered again. */
  leave(): void;
  /** What the recogniser is to read; null if there is nothing yet. */
  ink(): Promise<FormulaInk | null>;
  /** From its units (of strokes, or pixels) to CSS pixels of the layer that lies over it. */
  view(layer: Element): View;
}

export class InkSubject implements Subject {
  readonly kind = "ink";
  readonly live = false;
  readonly threshold = null;
  private readonly sheet: Sheet;

  constructor(sheet: Sheet) {
    this.sheet = sheet;
  }

  enter(): void {}

  leave(): void {}

  async ink(): Promise<FormulaInk | null> {
    const { strokes } = this.sheet;
    return strokes.length ? { strokes } : null;
  }

  view(): View {
    return this.sheet.view;
  }
}

export class PhotoSubject implements Subject {
  readonly kind = "photo";
  readonly live = false;
  readonly threshold = PICTURE_THRESHOLD;
  private readonly image: HTMLImageElement;
  private readonly file: Blob;

  constructor(image: HTMLImageElement, file: Blob) {
    this.image = image;
    this.file = file;
  }

  enter(): void {
    this.image.src = URL.createObjectURL(this.file);
    this.image.hidden = false;
  }

  leave(): void {
    URL.revokeObjectURL(this.image.src);
    this.image.removeAttribute("src");
    this.image.hidden = true;
  }

  async ink(): Promise<FormulaInk> {
    return { photo: this.file };
  }

  view(layer: Element): View {
    const { naturalWidth: width, naturalHeight: height } = this.image; // 0 until the photo is decoded
    return contain(sizeOf(layer), width ? { width, height } : sizeOf(layer));
  }
}
