"""The hand: turns a skeleton and a writer's habits into the path of the pen.

Errors occur at every level. Components move and change size. Strokes move, turn, stretch and bow, and the hand drifts.
Then the strokes and the moves between them form one path, which haste rounds off; on a short move, the pen may stay on
the paper. Finally the whole character is bent, slanted and tilted. Every step is element-wise arithmetic on about 200
points.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pipeline.synthesis.hands.medians import EM
from pipeline.synthesis.hands.skeleton import SPACING, SPLIT_LEVELS, Skeleton
from pipeline.synthesis.hands.writers import Writer

HABIT = 0.8  # share of a deviation that a writer repeats each time; the rest is random
CHANCE = (1 - HABIT**2) ** 0.5
STROKE_DRAWS = 11  # normal numbers per stroke, see `_move_strokes`
PART_DRAWS = 4  # per component
WHOLE_DRAWS = 8  # per character
DOT = 0.25  # em; the shorter a stroke is than this, the more it is treated as a dot
MOST_PARTS = 2 ** (SPLIT_LEVELS + 1) - 2  # each level at most doubles the number of components


@dataclass(frozen=True)
class Path:
    """The path of the pen, with m points.

    Attributes:
        points: float64 [m, 2] in em.
        down: bool [m - 1], whether the pen is on the paper between a point and the next one.
        width: float64 [m], pen width relative to the writer's pen.
    """

    points: np.ndarray
    down: np.ndarray
    width: np.ndarray


class Draws:
    """Random numbers of one sample: most of a deviation is the writer's habit for the character, the rest is random.

    Args:
        strokes: number of strokes of the character.
        seed: numbers of the corpus, the writer and the character; the same seed gives the same habit.
        repeat: number of the sample, from 0, among those of this writer and character; it seeds the random rest.

    Attributes:
        stroke: normal, float64 [STROKE_DRAWS, strokes].
        part: normal, float64 [MOST_PARTS, PART_DRAWS].
        whole: normal, float64 [WHOLE_DRAWS].
        rng: for decisions in which habit plays no part.
    """

    def __init__(self, strokes: int, seed: tuple[int, ...], repeat: int) -> None:
        sizes = STROKE_DRAWS * strokes, MOST_PARTS * PART_DRAWS, WHOLE_DRAWS
        habit = np.random.Generator(np.random.PCG64(np.random.SeedSequence(seed)))
        self.rng = np.random.Generator(np.random.PCG64(np.random.SeedSequence((*seed, repeat + 1))))
        normal = HABIT * habit.standard_normal(sum(sizes)) + CHANCE * self.rng.standard_normal(sum(sizes))
        stroke, part, self.whole = np.split(normal, np.cumsum(sizes[:-1]))
        self.stroke = stroke.reshape(STROKE_DRAWS, strokes)
        self.part = part.reshape(MOST_PARTS, PART_DRAWS)


def write_character(skeleton: Skeleton, writer: Writer, draws: Draws) -> Path:
    """Writes a character once."""
    points = _move_strokes(_move_parts(skeleton, writer, draws), skeleton, writer, draws)
    points = _turn_back(points, skeleton, writer, draws)
    path, place = _connect(points, skeleton)
    leave, arrive = place[skeleton.last[:-1]], place[skeleton.first[1:]]
    down = _pen_down(path, leave, arrive, writer, draws)
    width = _width(len(path), place, skeleton, writer, draws)
    path = _round_off(path, writer.smooth) + writer.tremor * _ripple((len(path), 2), draws)
    return Path(_warp(path, writer, draws), down, width)


def _move_parts(skeleton: Skeleton, writer: Writer, draws: Draws) -> np.ndarray:
    """Moves and scales components, finer ones less than coarse ones. float64 [T, 2]."""
    points, used = skeleton.points, 0
    for level, parts in enumerate(skeleton.parts):
        count = int(parts.max()) + 1
        normal = draws.part[used : used + count] / (1 + 0.5 * level)
        used += count
        part = parts[skeleton.stroke]  # [T]
        size = np.bincount(part, minlength=count)[:, None]
        centre = np.stack([np.bincount(part, points[:, axis], count) for axis in (0, 1)], axis=1) / size
        scale = 1 + writer.part_scale * np.clip(normal[:, :2], -2, 2)
        shift = writer.part_shift * normal[:, 2:]
        points = (centre + shift)[part] + (points - centre[part]) * scale[part]
    return points


def _move_strokes(points: np.ndarray, skeleton: Skeleton, writer: Writer, draws: Draws) -> np.ndarray:
    """Moves, turns, stretches and bows strokes about their middle, scales hooks, adds flicks. float64 [T, 2]."""
    drift_x, drift_y, shift_x, shift_y, turn, stretch, tail, bow, flick, hook, _ = draws.stroke
    stroke, along = skeleton.stroke, skeleton.along
    middle = (points[skeleton.first] + points[skeleton.last]) / 2  # [n, 2]
    drift = np.cumsum(np.stack([drift_x, drift_y], axis=1), axis=0) * writer.drift
    place = middle + drift - drift.mean(axis=0) + np.stack([shift_x, shift_y], axis=1) * writer.shift
    # A few strokes become far too long or too short; dots are rarely as small as in print.
    size = np.sqrt(((points[skeleton.last] - points[skeleton.first]) ** 2).sum(axis=1))
    dots = writer.dots * np.maximum(1 - size / DOT, 0)
    scale = np.clip(np.exp(dots + writer.stretch * stretch * (1 + 0.25 * tail**2)), 0.5, 2.0)
    cos, sin = (np.cos(writer.turn * turn) * scale)[stroke], (np.sin(writer.turn * turn) * scale)[stroke]
    x, y = (points - middle[stroke]).T
    moved = np.stack([cos * x - sin * y, sin * x + cos * y], axis=1) + place[stroke]
    moved = _scale_hooks(moved, skeleton, writer, hook)
    chord = moved[skeleton.last] - moved[skeleton.first]
    across = np.stack([-chord[:, 1], chord[:, 0]], axis=1) * (writer.bow * bow)[:, None]
    ending = moved[skeleton.last] - moved[np.maximum(skeleton.last - 3, skeleton.first)]
    reach = writer.flick * np.clip(flick, -0.7, 2.5) / (np.sqrt((ending**2).sum(axis=1)) + 1e-6)
    bowed = across[stroke] * (4 * along * (1 - along))[:, None]
    flicked = (ending * reach[:, None])[stroke] * (np.maximum(along - 0.6, 0) / 0.4)[:, None] ** 2
    return moved + bowed + flicked


def _scale_hooks(points: np.ndarray, skeleton: Skeleton, writer: Writer, normal: np.ndarray) -> np.ndarray:
    """Shrinks hooks after a downward run by the writer's habit, even to nothing; other hooks only vary in size."""
    falling = np.clip(writer.hook + 0.3 * normal, 0, 1.4)
    crossing = np.clip(1.1 + 0.35 * normal, 0.35, 2.0)
    scale = np.where(skeleton.hook_falls, falling, crossing)[skeleton.stroke][:, None]
    at = skeleton.hook[skeleton.stroke]
    corner = points[at]
    return np.where((np.arange(len(points)) > at)[:, None], corner + (points - corner) * scale, points)


def _turn_back(points: np.ndarray, skeleton: Skeleton, writer: Writer, draws: Draws) -> np.ndarray:
    """Reverses some strokes that end near the end of the previous stroke, so that a box closes in one sweep."""
    start, end = points[skeleton.first], points[skeleton.last]
    jump = ((start[1:] - end[:-1]) ** 2).sum(axis=1)
    back = ((end[1:] - end[:-1]) ** 2).sum(axis=1)
    turned = (back < 0.15 * jump) & (skeleton.hook == skeleton.last)[1:]
    turned &= draws.rng.random(len(turned)) < writer.join
    turned = np.concatenate([[False], turned])[skeleton.stroke]
    own = np.arange(len(points))
    mirrored = (skeleton.first + skeleton.last)[skeleton.stroke] - own
    return points[np.where(turned, mirrored, own)]


def _connect(points: np.ndarray, skeleton: Skeleton) -> tuple[np.ndarray, np.ndarray]:
    """All strokes and the moves between them as one path [m, 2], and the index of every stroke point in it [T]."""
    leave, arrive = skeleton.last[:-1], skeleton.first[1:]
    gaps = points[arrive] - points[leave]  # [n - 1, 2]
    # The pen is faster in the air, so its points are further apart.
    steps = np.maximum(np.round(np.sqrt((gaps**2).sum(axis=1)) * (EM / SPACING / 1.5)), 1).astype(int) - 1
    place = np.arange(len(points)) + np.concatenate([[0], np.cumsum(steps)])[skeleton.stroke]
    path = np.empty((len(points) + int(steps.sum()), 2))
    path[place] = points
    gap = np.repeat(np.arange(len(steps)), steps)
    step = np.arange(len(gap)) - (np.cumsum(steps) - steps)[gap] + 1
    path[place[leave][gap] + step] = points[leave][gap] + gaps[gap] * (step / (steps[gap] + 1))[:, None]
    return path, place


def _pen_down(path: np.ndarray, leave: np.ndarray, arrive: np.ndarray, writer: Writer, draws: Draws) -> np.ndarray:
    """bool [m - 1]: true within strokes, and on moves (from `leave` to `arrive`) without a lift of the pen."""
    distance = (path[arrive] - path[leave]) / writer.reach
    chance = writer.join * np.exp(-(distance**2).sum(axis=1))
    lifted = draws.rng.random(len(leave)) >= chance
    change = np.zeros(len(path), int)
    change[leave[lifted]] = 1
    change[arrive[lifted]] -= 1
    return np.cumsum(change)[:-1] == 0


def _width(count: int, place: np.ndarray, skeleton: Skeleton, writer: Writer, draws: Draws) -> np.ndarray:
    """Relative width of the pen at each point of the path: strokes taper and vary, moves on paper are thin."""
    width = np.full(count, 0.7)
    thinning = writer.taper * (np.maximum(skeleton.along - 0.4, 0) ** 2 + np.maximum(0.15 - skeleton.along, 0))
    width[place] = (1 - thinning) * (1 + writer.swell * 0.7 * draws.stroke[-1])[skeleton.stroke]
    return np.clip(width * (1 + writer.swell * _ripple((count, 1), draws)[:, 0]), 0.35, 1.8)


def _ripple(shape: tuple[int, int], draws: Draws) -> np.ndarray:
    """Noise of unit variance that changes over about four points."""
    noise = draws.rng.standard_normal((shape[0] + 3, shape[1]))
    return (noise[:-3] + noise[1:-2] + noise[2:-1] + noise[3:]) / 2


def _round_off(path: np.ndarray, sigma: float) -> np.ndarray:
    """Smooths with a Gaussian of `sigma` points: a hurried hand cuts corners and leans towards the next stroke."""
    radius = max(1, round(2 * sigma))
    weights = np.exp(-0.5 * (np.arange(radius + 1) / sigma) ** 2)
    padded = np.pad(path, ((radius, radius), (0, 0)), mode="edge")
    total = weights[0] * path
    for offset in range(1, radius + 1):
        total = total + weights[offset] * (
            padded[radius - offset : len(padded) - radius - offset]
            + padded[radius + offset : len(padded) - radius + offset]
        )
    return total / (weights[0] + 2 * weights[1:].sum())


def _warp(path: np.ndarray, writer: Writer, draws: Draws) -> np.ndarray:
    """Warps the whole character: a smooth bend, then aspect, slant and tilt."""
    x, y = path.T
    free = draws.whole
    terms = np.stack([2 * x * x - 1 / 6, 2 * x * y, 2 * y * y - 1 / 6])
    bent = [axis + writer.bend * (free[3 * i : 3 * i + 3, None] * terms).sum(axis=0) for i, axis in enumerate((x, y))]
    aspect = np.sqrt(writer.aspect * np.exp(0.08 * free[6]))
    x, y = bent[0] * aspect, bent[1] / aspect
    x = x - (writer.slant + 0.03 * free[7]) * y
    return np.stack([x, y - writer.tilt * x], axis=1)
