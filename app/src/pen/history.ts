/** The strokes on a sheet, with undo and redo. */
import type { Stroke } from "../ink/canvas.ts";

export type Strokes = readonly Stroke[];

/** Every change can be undone, also clearing the sheet. */
export class History {
  private past: Strokes[] = [];
  private future: Strokes[] = [];
  private present: Strokes = [];

  get strokes(): Strokes {
    return this.present;
  }

  get canUndo(): boolean {
    return this.past.length > 0;
  }

  get canRedo(): boolean {
    return this.future.length > 0;
  }

  add(stroke: Stroke): void {
    this.change([...this.present, stroke]);
  }

  clear(): void {
    if (this.present.length) this.change([]);
  }

  undo(): void {
    const before = this.past.pop();
    if (!before) return;
    this.future.push(this.present);
    this.present = before;
  }

  redo(): void {
    const after = this.future.pop();
    if (!after) return;
    this.past.push(this.present);
    this.present = after;
  }

  private change(strokes: Strokes): void {
    this.past.push(this.present);
    this.present = strokes;
    this.future = [];
  }
}
