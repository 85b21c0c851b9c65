/** Boxes with names, drawn over what was written or photographed. */
import { byId } from "../dom.ts";
import type { Detection } from "../engine/protocol.ts";
import type { Placement } from "../ink/canvas.ts";
import { toSource } from "../ink/placement.ts";
import { type View, sizeOf } from "../pen/view.ts";
import { sign } from "../symbols.ts";
import type { NamedFormula, NamedSymbol } from "./chips.ts";
import type { Subject } from "./subjects.ts";

// CSS pixels
const FONT = 13;
const GAP = 3;
const LINE = 1.5;
const LIT_LINE = 3;
const HALO = 2; // wider than the line inside it; sets boxes off from any photo, transparent over ink

/** The symbols of each formula, and the subject that they lie on. */
interface Boxes {
  readonly formulas: readonly NamedFormula[];
  readonly subject: Subject;
}

export class BoxLayer {
  private readonly layer = byId<HTMLCanvasElement>("boxes");
  private boxes: Boxes | null = null;
  private lit: Detection | null = null;

  constructor() {
    new ResizeObserver(() => this.draw()).observe(this.layer);
  }

  /** Draws a box for each symbol; `null` clears the layer. */
  show(boxes: Boxes | null): void {
    this.boxes = boxes;
    this.lit = null;
    this.draw();
  }

  /** Highlights one symbol, or none. */
  light(symbol: Detection | null): void {
    this.lit = symbol;
    this.draw();
  }

  /** Draws everything again, with the present colours and size. */
  draw(): void {
    const context = clearLayer(this.layer);
    if (!this.boxes || !this.layer.clientWidth) return;
    const { formulas, subject } = this.boxes;
    const style = getComputedStyle(this.layer);
    context.font = `600 ${FONT}px ${style.fontFamily}`;
    context.textBaseline = "bottom";
    context.lineJoin = "round";
    const view = subject.view(this.layer);
    for (const { symbols, placement } of formulas) {
      for (const symbol of symbols) drawBox(context, symbol, placement, view, style, symbol.detection === this.lit);
    }
  }
}

function drawBox(
  context: CanvasRenderingContext2D,
  { detection, name }: NamedSymbol,
  placement: Placement,
  view: View,
  style: CSSStyleDeclaration,
  lit: boolean,
): void {
  const box = toSource(detection, placement);
  const [left, top] = [box.left * view.scale + view.left, box.top * view.scale + view.top];
  const [width, height] = [(box.right - box.left) * view.scale, (box.bottom - box.top) * view.scale];
  const [line, text] = [lit ? LIT_LINE : LINE, sign(name)];
  const foot = Math.max(top - GAP, FONT);
  context.strokeStyle = style.getPropertyValue("--halo");
  context.lineWidth = line + HALO;
  context.strokeRect(left, top, width, height);
  context.strokeText(text, left, foot);
  context.strokeStyle = context.fillStyle = lit ? style.getPropertyValue("--lit") : style.color;
  context.lineWidth = line;
  context.strokeRect(left, top, width, height);
  context.fillText(text, left, foot);
}

/** Clears the layer and sets its units to CSS pixels. */
function clearLayer(layer: HTMLCanvasElement): CanvasRenderingContext2D {
  const density = window.devicePixelRatio || 1;
  const { width, height } = sizeOf(layer);
  layer.width = Math.max(Math.round(width * density), 1);
  layer.height = Math.max(Math.round(height * density), 1);
  const context = layer.getContext("2d")!;
  context.setTransform(density, 0, 0, density, 0, 0);
  return context;
}
