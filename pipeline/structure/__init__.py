"""From the symbols of a formula to its structure: symbol layout trees, LaTeX and MathML."""
