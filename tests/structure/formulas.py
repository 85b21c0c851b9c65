"""Formulas for tests: LaTeX, and the boxes of its symbols as one writes them; a digit is 10 high."""

import numpy as np

TOP, LEFT, BOTTOM, RIGHT = range(4)

# Each symbol: its name, then ymin, xmin, ymax, xmax.
FORMULAS = {
    r"x^{2}+1": "x 4 0 10 6; 2 -2 7 4 11; + 3 15 9 21; 1 0 24 10 26",
    r"a_{n}=b_{1}^{2}": "a 4 0 10 6; n 9 7 13 11; = 4 15 8 21; b 0 25 10 31; 1 8 32 14 34; 2 -3 32 3 36",
    r"\frac{a+b}{2}": "- 9.5 0 10 22; a 2 1 8 7; + 2 9 7 13; b -2 15 8 20; 2 12 8 22 13",
    r"\frac{1}{\frac{x}{3}}-y": (
        "- 9.5 0 10 20; 1 -2 9 8 11; - 19.5 3 20 17; x 12 7 18 13; 3 22 8 32 13; - 9.5 25 10 31; y 7 36 17 42"
    ),
    r"\sqrt{b^{2}-4}": "\\sqrt -4 0 12 34; b 0 8 10 13; 2 -2 14 4 18; - 4.5 20 5 25; 4 0 27 10 32",
    r"\sqrt[3]{x}": "\\sqrt -4 0 14 20; 3 -7 0 -1 3; x 4 9 10 15",
    r"\sum_{i=1}^{n}i": "\\sum -2 4 14 14; i 17 2 22 3; = 18 5 21 9; 1 17 11 22 12; n -8 7 -4 11; i 0 19 10 20",
    r"\lim_{x\rightarrow0}x": "\\lim 0 0 10 16; x 13 0 17 4; \\rightarrow 14 6 16 11; 0 12 13 18 16; x 4 20 10 26",
    r"\int_{0}^{1}x": "\\int -5 0 15 6; 0 12 5 18 9; 1 -6 8 0 9; x 2 13 8 19",
    r"f^{\prime}(x)": "f -2 0 12 6; \\prime -3 7 1 8; ( -2 11 12 14; x 4 16 10 22; ) -2 24 12 27",
    r"(a+b)^{2}": "( -2 0 12 3; a 4 5 10 11; + 2 14 8 20; b 0 23 10 28; ) -2 30 12 33; 2 -5 34 1 38",
    r"2^{x+1}": "2 0 0 10 6; x -2 7 2 11; + -2 13 2 17; 1 -4 19 2 20",
    r"\theta x": "\\theta 0 0 10 6; x 4 9 10 15",
}


def symbols_of(text: str) -> tuple[list[str], np.ndarray]:
    """The names and the boxes, float64 [n, 4], of one of `FORMULAS`."""
    rows = [piece.split() for piece in text.split(";")]
    return [row[0] for row in rows], np.array([row[1:] for row in rows], np.float64)


def scribbled(seed: int, names: tuple[str, ...]) -> tuple[list[str], np.ndarray]:
    """Up to 30 symbols of any names anywhere."""
    rng = np.random.default_rng(seed)
    count = int(rng.integers(1, 31))
    chosen = [names[index] for index in rng.integers(0, len(names), count)]
    low = rng.uniform(0, 100, (count, 2)).round(2)
    return chosen, np.concatenate([low, low + rng.exponential(15, (count, 2)).round(2)], axis=1)
