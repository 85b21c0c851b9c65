"""Writers. A writer is a set of habits, drawn from wide ranges, that all samples of this writer share.

Two comparisons set the ranges. Drawn characters were compared with real scans, by eye and by statistics of the
normalised images (extent, aspect, share of ink, stroke directions, grey levels). Networks trained only on drawn
characters were tested on real ones (`benchmarks/synthetic_to_real.py`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

FIRST_WRITER = 1001  # CASIA-HWDB1.1 numbers its writers from 1001
NARROW = 0.16


@dataclass(frozen=True)
class Writer:
    """Habits. Lengths are in em (the side of the square that holds a character); spreads are standard deviations.

    Attributes:
        tilt: rise of horizontal strokes to the right.
        slant: lean of vertical strokes to the right.
        aspect: width over height.
        bend: spread of the smooth warp of the whole character.
        part_shift, part_scale: spread of the position and the size of components.
        shift, stretch, turn, bow: spread of position, length, direction (radians) and curvature of single strokes.
        dots: logarithm of the factor by which dots are longer than in print.
        drift: spread of the step by which the hand drifts from one stroke to the next.
        tremor: spread of fine jitter.
        smooth: how far corners are rounded, in points of `skeleton.SPACING`.
        join: chance that the pen stays down between neighbouring strokes.
        reach: distance over which the pen may stay down.
        hook: share of a hook that is written, 0..1.2.
        flick: spread of the overshoot at the end of strokes.
        size: pixels per em.
        pen: width of the pen, pixels.
        swell: spread of the pen width along strokes and between them.
        taper: how much strokes thin towards their end, 0..2.
        ink: darkness of the ink, 0..255.
        dry: share of the darkness that thin places lose, 0..1.
        grain: share of the darkness that the grain of the paper removes, 0..1.
        blur: side of the scanner's Gaussian, pixels, odd.
        edge: darkness below which the scan counts as paper, 1..255.
        leaning: how the writer writes: 0 = regular, 0.5 = running, 1 = cursive; see `repertoire`.
    """

    tilt: float
    slant: float
    aspect: float
    bend: float
    part_shift: float
    part_scale: float
    shift: float
    stretch: float
    dots: float
    turn: float
    bow: float
    drift: float
    tremor: float
    smooth: float
    join: float
    reach: float
    hook: float
    flick: float
    size: float
    pen: float
    swell: float
    taper: float
    ink: int
    dry: float
    grain: float
    blur: int
    edge: int
    leaning: float


def draw_writer(seed: int, writer: int, looseness: float = 1.0, narrow: float = NARROW) -> Writer:
    """Draws the habits of one writer; the same seed and number give the same habits.

    Args:
        seed: of the corpus.
        writer: number of the writer.
        looseness: scales haste and errors: 0 = copybook, 1 = slightly looser than real writers. Pen, ink, size and
            slant do not depend on it.
        narrow: mean over all writers of the logarithm of height over width, relative to the copybook.
    """
    rng = np.random.default_rng(np.random.SeedSequence([seed, writer]))
    hurry = rng.beta(1.7, 2.0) * min(looseness, 1)  # 0 = copybook, 1 = a note to oneself
    loose = rng.uniform(0.5, 1.35) * looseness + 0.35 * hurry
    size = float(np.clip(rng.normal(92, 16), 56, 132))
    ink = int(255 - 120 * rng.beta(0.7, 2.5))
    return Writer(
        tilt=rng.normal(0.09, 0.07),
        slant=rng.normal(0.04, 0.11),
        aspect=float(np.exp(rng.normal(-narrow, 0.15))),
        bend=0.11 * loose,
        part_shift=0.030 * loose,
        part_scale=0.13 * loose,
        shift=0.020 * loose,
        stretch=0.13 * loose,
        dots=rng.uniform(0.0, 0.6),
        turn=0.085 * loose,
        bow=0.045 * loose,
        drift=0.011 * loose,
        tremor=0.004 * rng.uniform(0.3, 1.5),
        smooth=0.4 + 1.4 * hurry * rng.uniform(0.5, 1.2),
        join=float(np.clip(1.15 * hurry - 0.12, 0.02, 0.9)) * rng.uniform(0.6, 1.0),
        reach=rng.uniform(0.14, 0.34),
        hook=float(np.clip(rng.normal(0.75 - 0.6 * hurry, 0.35), 0, 1.2)),
        flick=0.05 * loose * rng.uniform(0.3, 1.6),
        size=size,
        pen=size / 92 * float(np.clip(np.exp(rng.normal(1.54, 0.2)), 2.4, 8.0)),
        swell=rng.uniform(0.05, 0.22),
        taper=rng.uniform(0.2, 1.4),
        ink=ink,
        dry=rng.uniform(0.0, 0.6),
        grain=rng.uniform(0.3, 0.7),
        blur=(1, 3, 3, 5)[int(rng.integers(4))],
        edge=int(ink * rng.uniform(0.1, 0.35)),
        leaning=rng.beta(1.2, 1.8),
    )
