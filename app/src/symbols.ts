/** How the symbols of formulas, which the pipeline names in LaTeX, are shown to people. */

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

/** The sign of a symbol; of `\sin` and its like, and of `\{`, what follows the backslash. */
export function sign(symbol: string): string {
  return SIGNS[symbol] ?? symbol.replace("\\", "");
}
