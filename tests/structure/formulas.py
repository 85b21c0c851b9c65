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
    # Around a bar: a script beyond its end, brackets beyond both ends, an operand beyond its left end.
    r"\frac{1}{b^{2}}": "- 9.5 0 10 8; 1 -2 3 8 5; b 12 1 22 6; 2 10 10 15 14",
    r"\frac{(a)}{2}": "( -1 -4 8 -1; a 2 1 8 7; ) -1 9 8 12; - 9.5 0 10 9; 2 12 3 22 8",
    r"=\frac{1+x}{2}": "= 8 -20 11 -14; 1 -2 -4 8 -2; + 1 1 6 6; x 2 8 8 14; - 9.5 0 10 14; 2 12 5 22 10",
    r"\frac{1}{2}x_{i}": "1 -2 2 8 4; - 9.5 0 10 8; 2 12 1 22 7; x 7 11 13 17; i 11 18 16 19",
    # Around a root: a line that ends early, an index within the tick, a factor before it.
    r"\sqrt{a+b}": "\\sqrt -3 0 12 22; a 4 6 10 12; + 3 13 8 18; b 0 20 10 26",
    r"\sqrt[n]{x}": "\\sqrt -4 0 14 24; n 0 2 4 6; x 4 12 10 18",
    r"2\sqrt{x}": "2 0 -7 10 -1; \\sqrt -4 0 14 20; x 4 9 10 15",
    # A fraction in a limit, and limits beside their sign.
    r"\lim_{x\rightarrow\frac{1}{2}}y": (
        "\\lim 0 0 10 20; x 16 -2 20 2; \\rightarrow 16 4 20 10; 1 12 13 17 14; - 18 12 18.3 16; 2 19 12 24 15; "
        "y 4 24 14 30"
    ),
    r"\int_{a}^{b}xdx": "\\int -6 0 16 6; a 14 7 18 10; b -7 7 -2 10; x 4 13 10 18; d 0 20 10 25; x 6 26 11 30",
    # What is usual outweighs a symbol that is written too low, too high or too small.
    r"f(x)": "f -2 0 12 6; ( 3 8 14 10; x 7 11 12 15; ) 3 16 14 18",
    r"10=x": "1 0 0 10 2; 0 5 3 10 7; = 4 10 8 16; x 4 19 10 25",
    r"E=mc^{2}": "E 0 0 10 7; = 4 10 8 16; m 4 19 10 27; c 6 29 11 33; 2 -1 34 5 37",
    r"x_{i+1}=y": "x 4 0 10 6; i 8 7 13 8; + 9 10 12 13; 1 8 14 13 15; = 4 18 8 24; y 4 27 14 33",
    r"x_{1}-y": "x 4 0 10 6; 1 8 7 13 8; - 7 10 7.5 16; y 4 19 14 25",
    r"e^{-x}": "e 4 0 10 6; - 2 7 2.5 10; x -1 11 3 14",
    # At the rim: what makes the whole formula more plausible decides whether a symbol is held.
    r"\frac{-b}{2}": "- 9.5 0 10 10; - 3 -7 3.5 -2; b -2 2 8 8; 2 12 3 22 8",
    r"[\sqrt{u}]": "[ -4 -8 14 -5; \\sqrt -4 0 12 20; u 4 8 10 14; ] -4 17 14 21",
    r"\sum_{i=0}\sum_{j=0}x": (
        "\\sum 0 0 12 10; i 15 -1 20 0; = 16 2 19 5; 0 15 7 20 10; \\sum 0 18 12 28; j 15 14 22 16; = 16 18 19 21; "
        "0 15 23 20 26; x 3 31 9 37"
    ),
    # A letter that has a subscript in one place has one in the next.
    r"u_{1}+u_{n}": "u 4 0 10 6; 1 9 7 14 8; + 3 12 9 18; u 4 22 10 28; n 7 29 11.5 34",
    # The arc of a bracket begins before the 1 that it follows.
    r"(n+1)z": "( -2 0 12 3; n 4 5 10 11; + 3 13 9 19; 1 0 22.5 10 23.5; ) -2 22 12 27; z 4 29 10 35",
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
