/** Boxes with names, drawn over what was written or photographed. */
import type { Detection } from "../engine/protocol.ts";
import type { Placement } from "../ink/canvas.ts";
import { type View, sizeOf } from "../pen/view.ts";

// CSS pixels
const FONT = 13;
const GAP = 3;
const LINE = 1.5;
const LIT_LINE = 3;
const HALO = 2; // more than the line that it is around; boxes stand out from any photo by it, over ink it is clear

export interface Labelled {
  readonly detection: Detection;
  readonly name: string;
}

/** Draws the boxes of detections, one of them highlighted if `lit` names it. */
export function drawBoxes(
  layer: HTMLCanvasElement,
  labelled: readonly Labelled[],
  placement: Placement,
  view: View,
  lit: Detection | null,
): void {
  const context = clearLayer(layer);
  const style = getComputedStyle(layer);
  const [plain, strong, halo] = [style.color, style.getPropertyValue("--lit"), style.getPropertyValue("--halo")];
  context.font = `600 ${FONT}px ${style.fontFamily}`;
  context.textBaseline = "bottom";
  context.lineJoin = "round";
  const x = (value: number): number =>
    ((value - placement.offsetX) / placement.scaleX + placement.originX) * view.scale + view.left;
  const y = (value: number): number =>
    ((value - placement.offsetY) / placement.scaleY + placement.originY) * view.scale + view.top;
  for (const { detection, name } of labelled) {
    const [left, top] = [x(detection.left), y(detection.top)];
    const [width, height] = [x(detection.right) - left, y(detection.bottom) - top];
    const line = detection === lit ? LIT_LINE : LINE;
    const foot = Math.max(top - GAP, FONT);
    context.strokeStyle = halo;
    context.lineWidth = line + HALO;
    context.strokeRect(left, top, width, height);
    context.strokeText(name, left, foot);
    context.strokeStyle = context.fillStyle = detection === lit ? strong : plain;
    context.lineWidth = line;
    context.strokeRect(left, top, width, height);
    context.fillText(name, left, foot);
  }
}

/** An empty layer in CSS pixels. */
export function clearLayer(layer: HTMLCanvasElement): CanvasRenderingContext2D {
  const density = window.devicePixelRatio || 1;
  const { width, height } = sizeOf(layer);
  layer.width = Math.max(Math.round(width * density), 1);
  layer.height = Math.max(Math.round(height * density), 1);
  const context = layer.getContext("2d")!;
  context.setTransform(density, 0, 0, density, 0, 0);
  return context;
}
