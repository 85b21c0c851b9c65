/** A sheet to write on: with mouse, finger or pen, or with the arrow keys. */
import type { Stroke } from "../ink/canvas.ts";
import { History, type Strokes } from "./history.ts";
import { type Size, type View, contain, sizeOf } from "./view.ts";

const MAX_DENSITY = 3; // canvas pixels per CSS pixel; more makes no visible difference
const DOT = 0.01; // length of a dot: a line without length would not be drawn
const KEY_STEP = 1 / 40; // of the shorter edge: how far the pen moves per key press

export interface SheetOptions {
  /** Width of the pen, as a share of the shorter edge. */
  readonly pen: number;
  /** Called when the strokes have changed; `writing` is true while the pen is down. */
  changed(writing: boolean): void;
}

/**
 * Draws strokes on a canvas as they are written.
 *
 * Ink keeps the units of the sheet when it was first written on (its CSS pixels); `side` was its shorter edge then.
 */
export class Sheet {
  readonly history = new History();
  private readonly canvas: HTMLCanvasElement;
  private readonly context: CanvasRenderingContext2D;
  private readonly options: SheetOptions;
  private written: Size | null = null;
  private live: { pointer: number; points: number[] } | null = null;
  private key: { x: number; y: number; points: number[] | null } | null = null;

  constructor(canvas: HTMLCanvasElement, options: SheetOptions) {
    this.canvas = canvas;
    this.context = canvas.getContext("2d")!;
    this.options = options;
    // Otherwise a quick stroke counts as a fling, and the next tap only ends it, wherever it goes.
    canvas.addEventListener("touchstart", (event) => event.preventDefault());
    canvas.addEventListener("pointerdown", (event) => this.press(event));
    canvas.addEventListener("pointermove", (event) => this.move(event));
    canvas.addEventListener("pointerup", (event) => this.lift(event));
    canvas.addEventListener("pointercancel", () => this.cancel());
    canvas.addEventListener("keydown", (event) => this.pressKey(event));
    canvas.addEventListener("blur", () => this.hidePen());
    new ResizeObserver(() => this.draw()).observe(canvas);
  }

  /** All strokes so far, including the one that is being written. */
  get strokes(): Strokes {
    const points = this.live?.points ?? this.key?.points;
    return points ? [...this.history.strokes, [...points]] : this.history.strokes;
  }

  /** The shorter edge of the sheet in the strokes' units. */
  get side(): number {
    return Math.min(this.paper.width, this.paper.height);
  }

  undo(): void {
    this.history.undo();
    this.changed();
  }

  redo(): void {
    this.history.redo();
    this.changed();
  }

  clear(): void {
    this.history.clear();
    this.cancel();
  }

  /** From the strokes' units to the sheet: when its size changes, the whole sheet as it was stays visible. */
  get view(): View {
    return contain(sizeOf(this.canvas), this.paper);
  }

  /** Draws everything again, with the present colours. */
  draw(): void {
    const { width, height } = sizeOf(this.canvas);
    const density = Math.min(window.devicePixelRatio || 1, MAX_DENSITY);
    this.canvas.width = Math.max(Math.round(width * density), 1);
    this.canvas.height = Math.max(Math.round(height * density), 1);
    const { scale, left, top } = this.view;
    const pixels = this.canvas.width / Math.max(width, 1);
    this.context.setTransform(scale * pixels, 0, 0, scale * pixels, left * pixels, top * pixels);
    this.context.lineCap = this.context.lineJoin = "round";
    this.context.lineWidth = this.options.pen * this.side;
    this.context.strokeStyle = getComputedStyle(this.canvas).color;
    for (const stroke of this.strokes) this.drawFrom(stroke, 0);
    if (this.key) this.drawPen(this.key);
  }

  /** Size of the sheet when it was first written on. */
  private get paper(): Size {
    return this.written ?? sizeOf(this.canvas);
  }

  private press(event: PointerEvent): void {
    if (this.live || !event.isPrimary || event.button !== 0) return;
    this.hidePen();
    this.canvas.setPointerCapture(event.pointerId);
    this.begin();
    this.live = { pointer: event.pointerId, points: this.locate(event) };
    this.drawFrom(this.live.points, 0);
    this.options.changed(true);
  }

  private move(event: PointerEvent): void {
    if (event.pointerId !== this.live?.pointer) return;
    const { points } = this.live;
    const drawn = points.length;
    // One event may hold several points of a fast pen.
    const events = event.getCoalescedEvents?.() ?? [];
    for (const each of events.length ? events : [event]) {
      const [x, y] = this.locate(each) as [number, number];
      if (x !== points.at(-2) || y !== points.at(-1)) points.push(x, y);
    }
    if (points.length === drawn) return;
    this.drawFrom(points, drawn - 2);
    this.options.changed(true);
  }

  private lift(event: PointerEvent): void {
    if (event.pointerId !== this.live?.pointer) return;
    this.move(event);
    this.finish(this.live.points);
  }

  private begin(): void {
    this.written ??= sizeOf(this.canvas);
    // The view may have changed with the sheet.
    this.draw();
  }

  private finish(stroke: Stroke): void {
    this.history.add(stroke);
    this.cancel();
  }

  /** Drops the stroke that is being written. */
  private cancel(): void {
    this.live = null;
    if (this.key) this.key.points = null;
    this.changed();
  }

  private changed(): void {
    this.draw();
    this.options.changed(false);
  }

  /** Moves the pen with the arrow keys; the space bar puts it down and lifts it. */
  private pressKey(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const step = this.side * KEY_STEP * (event.shiftKey ? 4 : 1);
    const moves: Record<string, [number, number]> = {
      ArrowLeft: [-step, 0],
      ArrowRight: [step, 0],
      ArrowUp: [0, -step],
      ArrowDown: [0, step],
    };
    const move = moves[event.key];
    if (!move && event.key !== " ") return;
    event.preventDefault();
    const { width, height } = this.paper;
    this.key ??= { x: width / 2, y: height / 2, points: null };
    const pen = this.key;
    if (!move) {
      if (pen.points) return this.finish(pen.points);
      this.begin();
      pen.points = [pen.x, pen.y];
    } else {
      pen.x = Math.min(Math.max(pen.x + move[0], 0), width);
      pen.y = Math.min(Math.max(pen.y + move[1], 0), height);
      pen.points?.push(pen.x, pen.y);
    }
    this.draw();
    if (pen.points) this.options.changed(true);
  }

  private hidePen(): void {
    if (!this.key) return;
    if (this.key.points) this.finish(this.key.points);
    this.key = null;
    this.draw();
  }

  /** Draws a cross at the position of the pen that the keys move. */
  private drawPen({ x, y }: { x: number; y: number }): void {
    const [arm, width] = [this.side / 25, this.context.lineWidth];
    this.context.lineWidth = this.side / 200;
    this.context.beginPath();
    this.context.moveTo(x - arm, y);
    this.context.lineTo(x + arm, y);
    this.context.moveTo(x, y - arm);
    this.context.lineTo(x, y + arm);
    this.context.stroke();
    this.context.lineWidth = width;
  }

  /** Draws a stroke from index `start` on, as quadratic curves between the midpoints of its segments. */
  private drawFrom(stroke: Stroke, start: number): void {
    const last = stroke.length - 2;
    const middle = (i: number): [number, number] => [
      (stroke[i]! + stroke[i + 2]!) / 2,
      (stroke[i + 1]! + stroke[i + 3]!) / 2,
    ];
    this.context.beginPath();
    if (start) this.context.moveTo(...middle(start - 2));
    else this.context.moveTo(stroke[0]!, stroke[1]!);
    for (let i = start; i < last; i += 2) this.context.quadraticCurveTo(stroke[i]!, stroke[i + 1]!, ...middle(i));
    this.context.lineTo(stroke[last]! + (last ? 0 : DOT), stroke[last + 1]!);
    this.context.stroke();
  }

  /** The position of a pointer in the strokes' units. */
  private locate({ clientX, clientY }: PointerEvent): number[] {
    const box = this.canvas.getBoundingClientRect();
    const { scale, left, top } = this.view;
    return [(clientX - box.left - left) / scale, (clientY - box.top - top) / scale];
  }
}
