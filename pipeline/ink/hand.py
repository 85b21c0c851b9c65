"""The hand: from a skeleton and a writer's habits to the path of the pen.

Errors grow from the whole to the parts: the character is warped, its components move and change size, strokes move, turn,
stretch and bow, the hand drifts. Then the strokes and the moves between them form one path, which haste rounds off; where a
move is short the pen may stay on the paper. All of it is element-wise NumPy arithmetic, a few hundred points a character.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pipeline.ink.medians import EM
from pipeline.ink.skeleton import SPACING, Skeleton
from pipeline.ink.writers import Writer

HABIT = 0.8  # share of a deviation that a writer repeats each time; the rest is chance
CHANCE = (1 - HABIT**2) ** 0.5
STROKE_DRAWS = 14  # normal numbers a stroke
FREE_DRAWS = 64  # normal numbers for the character and its components


@dataclass(frozen=True)
class Path:
    """Where the pen goes. m points.

    Attributes:
        points: float64 [m, 2] in em.
        down: bool [m - 1], whether the pen is on the paper between a point and the next.
        width: float64 [m], pen width relative to the writer's.
    """

    points: np.ndarray
    down: np.ndarray
    width: np.ndarray


class Draws:
    """Random numbers of one sample: most of a deviation is the writer's habit for that character, the rest chance.

    Attributes:
        stroke: normal, float64 [STROKE_DRAWS, n].
        free: normal, float64 [FREE_DRAWS].
        rng: for what chance alone decides.
    """

    def __init__(self, strokes: int, seed: tuple[int, ...], repeat: int) -> None:
        count = STROKE_DRAWS * strokes + FREE_DRAWS
        habit = np.random.Generator(np.random.PCG64(np.random.SeedSequence(seed)))
        self.rng = np.random.Generator(np.random.PCG64(np.random.SeedSequence((*seed, repeat + 1))))
        normal = HABIT * habit.standard_normal(count) + CHANCE * self.rng.standard_normal(count)
        self.free = normal[:FREE_DRAWS]
        self.stroke = normal[FREE_DRAWS:].reshape(STROKE_DRAWS, strokes)


def write_character(skeleton: Skeleton, writer: Writer, draws: Draws) -> Path:
    """Writes a character once."""
    points = _move_strokes(_move_parts(skeleton, writer, draws), skeleton, writer, draws)
    path, place = _connect(points, skeleton)
    leave, arrive = place[skeleton.last[:-1]], place[skeleton.first[1:]]
    down = _pen_down(path, leave, arrive, writer, draws)
    width = _width(len(path), place, skeleton, writer, draws)
    path = _round_off(path, writer.smooth) + writer.tremor * _ripple((len(path), 2), draws)
    return Path(_warp(path, writer, draws), down, width)


def _move_parts(skeleton: Skeleton, writer: Writer, draws: Draws) -> np.ndarray:
    """Components take their own place and size; finer ones less than coarse ones. float64 [T, 2]."""
    points = skeleton.points
    free = iter(draws.free[8:].reshape(-1, 4))
    for level, parts in enumerate(skeleton.parts):
        count = int(parts.max()) + 1
        if count == 1:
            continue
        normal = np.array([next(free, draws.free[:4]) for _ in range(count)])  # [count, 4]
        of_point = parts[skeleton.stroke]
        size = np.bincount(of_point, minlength=count)[:, None]
        centre = np.stack([np.bincount(of_point, points[:, axis], count) for axis in (0, 1)], axis=1) / size
        scale = 1 + writer.part_scale * np.clip(normal[:, :2], -2, 2) / (1 + 0.5 * level)
        shift = writer.part_shift * normal[:, 2:] / (1 + 0.5 * level)
        points = (centre + shift)[of_point] + (points - centre[of_point]) * scale[of_point]
    return points


def _move_strokes(points: np.ndarray, skeleton: Skeleton, writer: Writer, draws: Draws) -> np.ndarray:
    """Strokes move, turn, stretch and bow about their middle, end in a flick and lose their hooks."""
    stroke, normal = skeleton.stroke, draws.stroke
    middle = (points[skeleton.first] + points[skeleton.last]) / 2
    drift = np.cumsum(normal[0:2].T, axis=0) * writer.drift
    shift = drift - drift.mean(axis=0) + normal[2:4].T * writer.shift
    angle = writer.turn * normal[4]
    stretch = normal[5] * (1 + 0.25 * normal[10] ** 2)  # a few strokes come out far too long or short
    scale = np.clip(np.exp(writer.stretch * stretch), 0.5, 1.8)
    cos, sin = (np.cos(angle) * scale)[stroke], (np.sin(angle) * scale)[stroke]
    x, y = (points - middle[stroke]).T
    moved = np.stack([cos * x - sin * y, sin * x + cos * y], axis=1) + (middle + shift)[stroke]
    moved = _scale_hooks(moved, skeleton, writer, draws)
    along = skeleton.along
    chord = moved[skeleton.last] - moved[skeleton.first]  # [n, 2]
    across = np.stack([-chord[:, 1], chord[:, 0]], axis=1) * (writer.bow * normal[6])[:, None]
    ending = moved[skeleton.last] - moved[np.maximum(skeleton.last - 3, skeleton.first)]
    norm = np.sqrt((ending**2).sum(axis=1)) + 1e-6
    flick = ending * (np.clip(normal[7], -0.7, 2.5) * writer.flick / norm)[:, None]
    moved += across[stroke] * (4 * along * (1 - along))[:, None]
    moved += flick[stroke] * (np.maximum(along - 0.6, 0) / 0.4)[:, None] ** 2
    return moved


def _scale_hooks(points: np.ndarray, skeleton: Skeleton, writer: Writer, draws: Draws) -> np.ndarray:
    """Hooks after a downward run shrink by the writer's habit, down to nothing; hooks after a run across only vary."""
    wanted = np.where(
        skeleton.hook_falls,
        np.clip(writer.hook + 0.3 * draws.stroke[8], 0, 1.4),
        np.clip(1.1 + 0.35 * draws.stroke[8], 0.35, 2.0),
    )
    at = skeleton.hook[skeleton.stroke]
    inside = np.arange(len(points)) > at
    corner = points[at]
    return np.where(inside[:, None], corner + (points - corner) * wanted[skeleton.stroke][:, None], points)


def _connect(points: np.ndarray, skeleton: Skeleton) -> tuple[np.ndarray, np.ndarray]:
    """All strokes and the moves between them as one path [m, 2], and the place of every stroke point in it [T]."""
    leave, arrive = skeleton.last[:-1], skeleton.first[1:]
    gaps = points[arrive] - points[leave]  # [n - 1, 2]
    # The pen is faster in the air: its points lie further apart.
    steps = np.maximum(np.round(np.sqrt((gaps**2).sum(axis=1)) * (EM / SPACING / 1.5)), 1).astype(int) - 1
    place = np.arange(len(points)) + np.concatenate([[0], np.cumsum(steps)])[skeleton.stroke]
    path = np.empty((len(points) + int(steps.sum()), 2))
    path[place] = points
    gap = np.repeat(np.arange(len(steps)), steps)
    step = np.arange(len(gap)) - (np.cumsum(steps) - steps)[gap] + 1
    path[place[leave][gap] + step] = points[leave][gap] + gaps[gap] * (step / (steps[gap] + 1))[:, None]
    return path, place


def _pen_down(path: np.ndarray, leave: np.ndarray, arrive: np.ndarray, writer: Writer, draws: Draws) -> np.ndarray:
    """bool [m - 1]: on within strokes, and on the moves (from `leave` to `arrive`) that the pen is not lifted for."""
    distance = (path[arrive] - path[leave]) / writer.reach
    chance = writer.join * np.exp(-(distance**2).sum(axis=1))
    lifted = draws.rng.random(len(leave)) >= chance
    change = np.zeros(len(path), int)
    change[leave[lifted]] = 1
    change[arrive[lifted]] -= 1
    return np.cumsum(change)[:-1] == 0


def _width(count: int, place: np.ndarray, skeleton: Skeleton, writer: Writer, draws: Draws) -> np.ndarray:
    """Relative width of the pen on each point of the path: strokes taper and differ, moves on paper are thin."""
    width = np.full(count, 0.7)
    thinning = writer.taper * (np.maximum(skeleton.along - 0.4, 0) ** 2 + np.maximum(0.15 - skeleton.along, 0))
    width[place] = (1 - thinning) * (1 + writer.swell * 0.7 * draws.stroke[9])[skeleton.stroke]
    return np.clip(width * (1 + writer.swell * _ripple((count, 1), draws)[:, 0]), 0.35, 1.8)


def _ripple(shape: tuple[int, int], draws: Draws) -> np.ndarray:
    """Noise that changes over some four points, of unit size."""
    noise = draws.rng.standard_normal((shape[0] + 3, shape[1]))
    return (noise[:-3] + noise[1:-2] + noise[2:-1] + noise[3:]) / 2


def _round_off(path: np.ndarray, sigma: float) -> np.ndarray:
    """The path under a Gaussian of `sigma` points: a hurried hand cuts corners and leans towards the next stroke."""
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
    """The whole character: a smooth bend, then aspect, slant and tilt."""
    x, y = path.T
    free = draws.free
    terms = np.stack([2 * x * x - 1 / 6, 2 * x * y, 2 * y * y - 1 / 6])
    bent = [axis + writer.bend * (free[3 * i : 3 * i + 3, None] * terms).sum(axis=0) for i, axis in enumerate((x, y))]
    aspect = np.sqrt(writer.aspect * np.exp(0.08 * free[6]))
    x, y = bent[0] * aspect, bent[1] / aspect
    x = x - (writer.slant + 0.03 * free[7]) * y
    return np.stack([x, y - writer.tilt * x], axis=1)
