/** `pipeline/structure/writing.py` in TypeScript: trees as LaTeX and as MathML. */
import { sign } from "../symbols.ts";
import { BAR, LIMITS, type Node, RADICAL, type Row } from "./tree.ts";

const FUNCTIONS = new Set(["\\sin", "\\cos", "\\tan", "\\log", "\\lim"]);
const GREEK = ["Delta", "alpha", "beta", "gamma", "lambda", "mu", "phi", "pi", "sigma", "theta"];
const IDENTIFIERS = new Set([...FUNCTIONS, ...GREEK.map((name) => `\\${name}`)]);

/** The LaTeX of a tree, without `$`. */
export function latex(row: Row): string {
  return row.map(latexOf).reduce((text, piece) => {
    const space = /\\[A-Za-z]+$/.test(text) && /^[A-Za-z]/.test(piece) ? " " : "";
    return text + space + piece;
  }, "");
}

function latexOf(node: Node): string {
  let { label: core, above, below, sup, sub } = node;
  if (core === BAR && (above.length || below.length)) {
    core = `\\frac{${latex(above)}}{${latex(below)}}`;
    [above, below] = [[], []];
  } else if (core === RADICAL) {
    const index = latex(node.index);
    const degree = index.includes("]") ? `{${index}}` : index;
    core = `\\sqrt${degree && `[${degree}]`}{${latex(node.inside)}}`;
  }
  if (LIMITS.has(node.label)) {
    [sup, sub] = [
      [...above, ...sup],
      [...below, ...sub],
    ];
    [above, below] = [[], []];
  }
  if (below.length) core = `\\underset{${latex(below)}}{${core}}`;
  if (above.length) core = `\\overset{${latex(above)}}{${core}}`;
  return core + (sub.length ? `_{${latex(sub)}}` : "") + (sup.length ? `^{${latex(sup)}}` : "");
}

/** The Presentation MathML of a tree. */
export function mathml(row: Row): string {
  return `<math xmlns="http://www.w3.org/1998/Math/MathML">${rowOf(row)}</math>`;
}

function rowOf(row: Row): string {
  const pieces: string[] = [];
  let number = "";
  const endNumber = (): void => {
    if (number) pieces.push(`<mn>${number}</mn>`);
    number = "";
  };
  for (const node of row) {
    if (/^[0-9]$/.test(node.label) && elementOf(node) === token(node.label)) number += node.label;
    else {
      endNumber();
      pieces.push(elementOf(node));
    }
  }
  endNumber();
  return pieces.length === 1 ? pieces[0]! : `<mrow>${pieces.join("")}</mrow>`;
}

function elementOf(node: Node): string {
  let { above, below } = node;
  let core = token(node.label);
  if (node.label === BAR && (above.length || below.length)) {
    core = `<mfrac>${rowOf(above)}${rowOf(below)}</mfrac>`;
    [above, below] = [[], []];
  } else if (node.label === RADICAL) {
    const inside = rowOf(node.inside);
    core = node.index.length ? `<mroot>${inside}${rowOf(node.index)}</mroot>` : `<msqrt>${inside}</msqrt>`;
  }
  core = scripted(core, below, above, ["munder", "mover", "munderover"]);
  return scripted(core, node.sub, node.sup, ["msub", "msup", "msubsup"]);
}

function scripted(core: string, lower: Row, upper: Row, tags: readonly [string, string, string]): string {
  const rows = [lower, upper].filter((part) => part.length).map(rowOf);
  if (!rows.length) return core;
  const tag = rows.length === 2 ? tags[2] : lower.length ? tags[0] : tags[1];
  return `<${tag}>${core}${rows.join("")}</${tag}>`;
}

function token(label: string): string {
  if (/^[0-9]$/.test(label)) return `<mn>${label}</mn>`;
  const text = sign(label).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;");
  const tag = /^[A-Za-z]$/.test(label) || IDENTIFIERS.has(label) ? "mi" : "mo";
  return `<${tag}>${text}</${tag}>`;
}
