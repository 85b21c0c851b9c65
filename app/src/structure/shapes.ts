/** `pipeline/structure/shapes.py` in TypeScript: how symbols stand on their line. */

export const AXIS = 0.45;

export interface Shape {
  readonly centre: number;
  readonly length: number | null;
  readonly spread: number;
  readonly across: number;
}

const shape = (centre: number, length: number | null, spread: number, across = 1): Shape => ({
  centre,
  length,
  spread,
  across,
});

const DIGIT = shape(0.5, 1.0, 0.3, 0.5);
const SMALL = shape(0.31, 0.62, 0.35, 0.5);
const DESCENDING = shape(0.1, 1.0, 0.35, 0.5);
const TALL_DESCENDING = shape(0.3, 1.3, 0.4, 0.5);
const WORD = shape(0.4, 1.6, 0.4);
export const BRACKET = shape(AXIS, 1.35, 0.45);
const OPERATOR = shape(0.38, 0.72, 0.45);
const BAR = shape(0.38, 0.72, 0.6);
const DOT = shape(0.0, null, 1.0);
export const SIGN = shape(AXIS, null, 1.0);

const SHAPES: ReadonlyMap<string, Shape> = new Map([
  ["\\prime", shape(0.85, null, 1.0)],
  ["-", BAR],
  ["0", shape(0.46, 0.9, 0.3, 0.5)],
  ...each(SMALL, ..."acemnorsuvwxz", "\\alpha", "\\pi", "\\sigma"),
  ...each(DESCENDING, ..."gpqy", "\\gamma", "\\mu"),
  ...each(TALL_DESCENDING, "j", "f", "\\beta", "\\phi"),
  ...each(WORD, "\\sin", "\\cos", "\\tan", "\\log", "\\lim"),
  ...each(BRACKET, ..."()[]|/", "\\{", "\\}"),
  ...each(OPERATOR, ..."+=", "\\times", "\\div", "\\pm", "\\lt", "\\gt", "\\leq", "\\geq", "\\neq", "\\in"),
  ...each(DOT, ",", ".", "\\ldots"),
  ...each(SIGN, "\\rightarrow", "\\infty", "\\int", "\\sum", "\\sqrt"),
]);

function each(one: Shape, ...labels: string[]): [string, Shape][] {
  return labels.map((label) => [label, one]);
}

/** The shape of a symbol; capitals, letters with an ascender and unknown symbols are like digits. */
export function shapeOf(label: string): Shape {
  return SHAPES.get(label) ?? DIGIT;
}
