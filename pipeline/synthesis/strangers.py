"""Characters that a recogniser never saw, to learn when it should say so.

Half of them are characters outside its class list, as long as the medians have such, and a tenth are scribbles. The
others do not exist: the first component of one character with the second component of another. A combination that
resembles an existing character is not used; this rule misses a few of a hundred.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence

import numpy as np

from pipeline.ink.normalise import normalise
from pipeline.synthesis.characters import draw_sample
from pipeline.synthesis.hands.medians import EM, Strokes
from pipeline.synthesis.hands.skeleton import build_skeleton
from pipeline.synthesis.hands.writers import draw_writer
from pipeline.synthesis.tracing.likeness import features

FIRST_WRITER = 20_001  # no corpus has these writers
SCRIBBLES = 10  # one stranger of so many
ROUNDS = 20  # of combinations at most; medians of few characters may have none, and scribbles take their place
COMPARED = 1_000  # combinations in a round
# A combination is taken for an existing character if that one is this near (squared distance of `likeness.features`;
# the same character by two regular hands is about as far apart), or clearly nearer than the next one.
APART = 0.35e6
CLEAR = 0.88
LEAST_STROKES = 3  # of a component: simpler ones combine to existing characters too often


def draw_strangers(
    medians: Mapping[str, Strokes], known: Collection[str], count: int, looseness: float, seed: int
) -> Iterator[np.ndarray]:
    """Yields `count` normalised scans, uint8 [56, 56], each by a writer of its own.

    Args:
        medians: of all characters.
        known: the class list.
        count: number of scans.
        looseness: of the writers, see `draw_writer`.
        seed: of the choice and of the writers.
    """
    rng = np.random.default_rng(seed)
    others = [char for char in medians if char not in known]
    real = [medians[others[at]] for at in rng.permutation(len(others))[: count // 2]]
    made_up = make_up(medians, count - len(real) - count // SCRIBBLES, rng)
    scribbles = [scribble(rng) for _ in range(count - len(real) - len(made_up))]
    for number, strokes in enumerate([*real, *made_up, *scribbles]):
        writer = draw_writer(seed, FIRST_WRITER + number, looseness)
        yield normalise(draw_sample(build_skeleton(strokes), writer, (seed, FIRST_WRITER + number, 0), 0))


def make_up(medians: Mapping[str, Strokes], count: int, rng: np.random.Generator) -> list[Strokes]:
    """Returns characters that do not exist: `count`, or fewer if the medians have too few components."""
    existing = np.stack([features(strokes) for strokes in medians.values()])
    halves = [parts for strokes in medians.values() if (parts := _halves(strokes))]
    found: list[Strokes] = []
    for _ in range(ROUNDS if halves else 0):
        if len(found) >= count:
            break
        pairs = rng.integers(0, len(halves), (min(COMPARED, 2 * count), 2))
        made = [_combine(halves[one], halves[other]) for one, other in pairs]
        vectors = np.stack([features(strokes) for strokes in made])
        distance = (vectors**2).sum(axis=1)[:, None] + (existing**2).sum(axis=1) - 2 * vectors @ existing.T
        first, second = np.partition(distance, 1, axis=1)[:, :2].T
        new = (first > APART) & (first > CLEAR * second)
        found += [strokes for strokes, is_new in zip(made, new, strict=True) if is_new]
    return found[:count]


def scribble(rng: np.random.Generator) -> Strokes:
    """Returns 2 to 9 strokes that wander over the em square."""
    strokes = []
    for _ in range(rng.integers(2, 10)):
        start, steps = rng.uniform(0, EM, 2), rng.normal(0, EM / 8, (rng.integers(3, 9), 2))
        line = np.clip(start + np.cumsum(steps, axis=0), 0, EM)
        strokes.append(tuple((int(x), int(y)) for x, y in np.round(line)))
    return tuple(strokes)


Component = list[np.ndarray]  # strokes, float64 [k, 2] each


def _halves(strokes: Strokes) -> tuple[Component, Component] | None:
    """The two components of a character; None if it has not two of some strokes."""
    first_level = build_skeleton(strokes).parts[0]
    if first_level.max() != 1:
        return None
    lines = [np.array(stroke, np.float64) for stroke in strokes]
    halves = tuple([line for line, part in zip(lines, first_level, strict=True) if part == half] for half in (0, 1))
    return (halves[0], halves[1]) if min(map(len, halves)) >= LEAST_STROKES else None


def _combine(one: tuple[Component, Component], other: tuple[Component, Component]) -> Strokes:
    """The first component of one character, and the second of another in the place of the one's own."""
    (low, high), (other_low, other_high) = _box(one[1]), _box(other[1])
    scale = (high - low) / np.maximum(other_high - other_low, 1)
    placed = [(line - other_low) * scale + low for line in other[1]]
    return tuple(tuple((int(x), int(y)) for x, y in np.round(line)) for line in [*one[0], *placed])


def _box(lines: Sequence[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    points = np.concatenate(list(lines))
    return points.min(axis=0), points.max(axis=0)
