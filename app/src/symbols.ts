/** The signs of the symbols, whose names in the pipeline are LaTeX. */

const SIGNS: Readonly<Record<string, string>> = {
  "\\Delta": "Δ",
  "\\alpha": "α",
  "\\beta": "β",
  "\\div": "÷",
  "\\exists": "∃",
  "\\forall": "∀",
  "\\gamma": "γ",
  "\\geq": "≥",
  "\\gt": ">",
  "\\in": "∈",
  "\\infty": "∞",
  "\\int": "∫",
  "\\lambda": "λ",
  "\\ldots": "…",
  "\\leq": "≤",
  "\\lt": "<",
  "\\mu": "μ",
  "\\neq": "≠",
  "\\phi": "φ",
  "\\pi": "π",
  "\\pm": "±",
  "\\prime": "′",
  "\\rightarrow": "→",
  "\\sigma": "σ",
  "\\sqrt": "√",
  "\\sum": "∑",
  "\\theta": "θ",
  "\\times": "×",
  "-": "−",
};

/** The sign of a symbol; for names without one, such as `\sin` and `\{`, the text after the backslash. */
export function sign(symbol: string): string {
  return SIGNS[symbol] ?? symbol.replace("\\", "");
}
