"""Writes formulas: the writers of the character corpus write the glyphs that `layout` has placed.

A writer has a preferred form of each symbol, a spacing, and a tablet with its unit, rounding and sampling density. Each
formula depends only on (seed, writer, number) and takes about 2 ms.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import lru_cache

import numpy as np

from pipeline.formats.symbols import LABELS
from pipeline.synthesis.formulas.expressions import BAR, ROOT, Node
from pipeline.synthesis.formulas.glyphs import Glyph, choose, forms
from pipeline.synthesis.formulas.hands import NO_HANDS, Hands
from pipeline.synthesis.formulas.layout import Placed, Spacing, lay_out
from pipeline.synthesis.hands.hand import Draws, write_character
from pipeline.synthesis.hands.medians import EM
from pipeline.synthesis.hands.skeleton import Skeleton, build_skeleton
from pipeline.synthesis.hands.writers import Writer, draw_writer

EM_UNITS = 13.0  # glyph units per em of `hand`: ascender to descender
HABIT = 0.85  # share of the symbols that a writer writes in the preferred form
FEWEST_POINTS = 0.3  # share of the points that the sparsest tablet records


@dataclass(frozen=True)
class Tablet:
    """The device that records the ink.

    Attributes:
        unit: tablet units per glyph unit (a digit is 10 glyph units high).
        decimals: decimals of a coordinate; 0 if the tablet records whole numbers.
        origin: x and y of the page's origin, in tablet units.
        keep: share of the points that the tablet records.
    """

    unit: float
    decimals: int
    origin: tuple[float, float]
    keep: float


@dataclass(frozen=True)
class FormulaWriter:
    """A writer of formulas. Lengths are in glyph units; spreads are standard deviations.

    Attributes:
        seed: seed of the corpus and number of the writer.
        strokes: habits of the strokes, see `Writer`.
        spacing: habits of the layout.
        tablet: the tablet that the writer uses.
        climb: rise of the lines to the right.
        shift, scale: spread of the position and the size (logarithm) of single symbols.
        late: chance that a symbol is written after all others.
        forms: the forms of each label that the writer knows.
    """

    seed: tuple[int, int]
    strokes: Writer
    spacing: Spacing
    tablet: Tablet
    climb: float
    shift: float
    scale: float
    late: float
    forms: Callable[[str], tuple[Glyph, ...]] = field(default=forms, compare=False)


@dataclass(frozen=True)
class WrittenFormula:
    """Ink as an InkML file holds it.

    Attributes:
        traces: float64 [points, 2] each, x and y (down) in tablet units, in writing order.
        symbols: for each symbol, its label and the indices of its traces.
    """

    traces: list[np.ndarray]
    symbols: list[tuple[str, list[int]]]


def draw_formula_writer(seed: int, number: int, looseness: float, hands: Hands = NO_HANDS) -> FormulaWriter:
    """Draws writer `number` of the corpus with this seed; see `draw_writer` for `looseness`.

    `hands` are those that writers may know besides the forms of `glyphs.txt`.
    """
    rng = np.random.default_rng(np.random.SeedSequence([seed, number, 3]))
    hand = draw_writer(seed, number, looseness)
    # These writers are used to Latin script: lines rise less, letters lean more, characters are less narrow.
    hand = replace(
        hand,
        tilt=0.5 * (hand.tilt - 0.06),
        slant=0.06 + 1.4 * hand.slant,
        aspect=hand.aspect * 1.15,
        bend=0.7 * hand.bend,
        dots=0.4 * hand.dots,
        join=0.5 * hand.join,
    )
    school = np.random.default_rng(np.random.SeedSequence([seed, number, 7]))
    spacing = Spacing(
        gap=float(rng.uniform(0.9, 2.4)),
        operator=float(rng.uniform(0.4, 2.4)),
        script=float(rng.uniform(0.52, 0.75)),
        leading=float(rng.uniform(0.9, 2.0)),
        limits=bool(rng.random() < 0.25),
        small=float(rng.uniform(0.9, 1.35)),
        lean=float(np.clip(hand.slant, 0.0, 0.4)),
        pitch=float(school.uniform(6.5, 17.0)),
        carry=float(school.uniform(0.35, 0.75)),
    )
    return FormulaWriter(
        seed=(seed, number),
        strokes=hand,
        spacing=spacing,
        tablet=_draw_tablet(rng),
        climb=float(rng.normal(0, 0.02)),
        shift=0.5 * looseness,
        scale=0.12 * looseness,
        late=float(rng.uniform(0, 0.08)),
        forms=hands.forms_of(np.random.default_rng(np.random.SeedSequence([seed, number, 8]))),
    )


def _draw_tablet(rng: np.random.Generator) -> Tablet:
    """A tablet like those of CROHME's sources: from 0.01 units with decimals to 120 whole units per glyph unit."""
    whole = bool(rng.random() < 0.5)
    unit = float(np.exp(rng.uniform(np.log(4.0), np.log(120.0)) if whole else rng.uniform(np.log(0.01), np.log(20.0))))
    origin = rng.uniform(-200, 800, 2) * unit
    decimals = 0 if whole else int(np.ceil(np.log10(64 / unit)))
    return Tablet(unit, max(decimals, 0), (float(origin[0]), float(origin[1])), float(rng.uniform(FEWEST_POINTS, 1)))


def write_formula(expression: Node, writer: FormulaWriter, number: int) -> WrittenFormula:
    """Writes `expression` as formula `number` of the writer."""
    rng = np.random.default_rng(np.random.SeedSequence([*writer.seed, 4, number]))
    placed = lay_out(expression, lambda label: _form(label, writer, rng), writer.spacing)
    climb = writer.climb + rng.normal(0, 0.015)
    inks = [_write(item, writer, (number, index), climb, rng) for index, item in enumerate(placed)]
    order = sorted(range(len(placed)), key=lambda index: (rng.random() < writer.late, index))
    traces: list[np.ndarray] = []
    symbols = []
    for index in order:
        symbols.append((placed[index].label, list(range(len(traces), len(traces) + len(inks[index])))))
        traces += [_record(line, writer.tablet, rng) for line in inks[index]]
    return WrittenFormula(traces, symbols)


def _form(label: str, writer: FormulaWriter, rng: np.random.Generator) -> Glyph:
    """The writer's preferred form of `label`, or sometimes another."""
    if rng.random() >= HABIT:
        return choose(label, rng.random, writer.forms)
    habit = np.random.default_rng(np.random.SeedSequence([*writer.seed, 5, LABELS[label]]))
    return choose(label, habit.random, writer.forms)


def _write(
    item: Placed, writer: FormulaWriter, which: tuple[int, int], climb: float, rng: np.random.Generator
) -> list[np.ndarray]:
    """The traces of one symbol: float64 [points, 2] each, page units, y down."""
    glyph, hand = item.glyph, writer.strokes
    measured = item.label == ROOT or (item.label == BAR and item.across == 1.0 and glyph.top == glyph.bottom == 0.0)
    if measured:  # must fit its neighbours
        calm = {name: 0.5 * getattr(hand, name) for name in ("slant", "bend", "turn", "bow")}
        hand = replace(hand, aspect=1.0, stretch=0.4 * hand.stretch, **calm)
    skeleton = _build(glyph) if measured else _skeleton(glyph)
    draws = Draws(len(skeleton.first), (*writer.seed, 6, LABELS[item.label]), which[0] * 1000 + which[1])
    path = write_character(skeleton, hand, draws)
    middle = np.array([glyph.width, glyph.top + glyph.bottom]) / 2
    # This undoes the division of y by the root of the aspect in `hand`: a narrow symbol must not grow higher into bars.
    points = path.points * (EM_UNITS * _ems(glyph) * np.sqrt(hand.aspect))
    points = points + np.array([middle[0] + hand.slant * middle[1], -middle[1]])
    jitter, size = rng.normal(0, 1, 2), np.exp(writer.scale * rng.normal())
    if measured:
        jitter, size = jitter * 0.3, 1.0
    points = points * [item.across * size, item.up * size]
    x = item.x + writer.shift * min(item.up, 1.0) * jitter[0]
    points = points + np.array([x, -item.y - climb * x + writer.shift * min(item.up, 1.0) * jitter[1]])
    return _parts(points, path.down)


def _parts(points: np.ndarray, down: np.ndarray) -> list[np.ndarray]:
    """The runs of points during which the pen is down, without points in the air."""
    runs = np.split(points, np.flatnonzero(~down) + 1)
    return [run for run in runs if len(run) > 1]


@lru_cache(2048)
def _skeleton(glyph: Glyph) -> Skeleton:
    return _build(glyph)


def _build(glyph: Glyph) -> Skeleton:
    """The skeleton of a glyph, centred, at most one em wide and high."""
    middle = np.array([glyph.width, glyph.top + glyph.bottom]) / 2
    scale = EM / (EM_UNITS * _ems(glyph))
    lines = [(line - middle) * [scale, -scale] + EM / 2 for line in glyph.strokes]
    skeleton = build_skeleton(tuple(tuple((x, y) for x, y in line.tolist()) for line in lines))
    # Letters have no hooks that haste may drop: the end of a `t` distinguishes it from a plus sign.
    return replace(skeleton, hook=skeleton.last)


def _ems(glyph: Glyph) -> float:
    """Length of the longer side in em, at least 1: errors of the hand grow with the length of a bar."""
    return max(1.0, glyph.width / EM_UNITS, (glyph.top - glyph.bottom) / EM_UNITS)


def _record(line: np.ndarray, tablet: Tablet, rng: np.random.Generator) -> np.ndarray:
    """A trace as the tablet records it: fewer points, rounded. A dot may become a single point."""
    if np.ptp(line, axis=0).max() < 1.0 and rng.random() < 0.3:
        line = line[:1]
    kept = max(min(len(line), 2), round(tablet.keep * len(line)))
    line = line[np.round(np.linspace(0, len(line) - 1, kept)).astype(int)]
    return np.round(line * tablet.unit + tablet.origin, tablet.decimals)
