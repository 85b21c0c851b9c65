"""The skeleton of a character, which the hand needs to write it: evenly spaced points, hooks and components.

Each process computes it once per character, in 1 to 2 milliseconds.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pipeline.synthesis.hands.medians import EM, Strokes

SPACING = 28.0  # units between points; 2 to 3 pixels of a scan
HOOK_LENGTH = 190.0  # units; longest hook
HOOK_SHARE = 0.42  # of the length of the stroke; longest hook
HOOK_COSINE = 0.35  # sharper turns than about 70 degrees are hooks
SPLIT_SCORE = 0.06  # how clearly two components must be separate, see `_halve`
SPLIT_LEVELS = 3


@dataclass(frozen=True)
class Skeleton:
    """A character as points along its strokes, in writing order: T points, n strokes.

    Attributes:
        points: float64 [T, 2], x and y (down) from the centre of the em square, -0.5 to 0.5.
        stroke: int [T], the stroke of each point.
        along: float64 [T], 0 at the start of the stroke, 1 at its end.
        first, last: int [n], first and last point of each stroke.
        hook: int [n], the point where the final hook begins; `last` for a stroke without a hook.
        hook_falls: bool [n], whether the stroke runs down (not across) into its hook; haste drops such hooks.
        parts: int [levels, n], the component of each stroke, from the coarsest division to the finest.
    """

    points: np.ndarray
    stroke: np.ndarray
    along: np.ndarray
    first: np.ndarray
    last: np.ndarray
    hook: np.ndarray
    hook_falls: np.ndarray
    parts: np.ndarray


def build_skeleton(strokes: Strokes) -> Skeleton:
    """Builds the skeleton of `strokes` (see `pipeline.synthesis.hands.medians`); each stroke has at least one point."""
    lines = [_resample(np.array(stroke, np.float64)) for stroke in strokes]
    counts = np.array([len(line) for line in lines])
    last = np.cumsum(counts) - 1
    first = last - counts + 1
    hooks = [_find_hook(line) for line in lines]
    return Skeleton(
        points=np.concatenate(lines) / EM - 0.5,
        stroke=np.repeat(np.arange(len(lines)), counts),
        along=np.concatenate([np.linspace(0, 1, count) for count in counts]),
        first=first,
        last=last,
        hook=first + np.array([at for at, _ in hooks]),
        hook_falls=np.array([falls for _, falls in hooks]),
        parts=_components(lines),
    )


def _lengths(line: np.ndarray) -> np.ndarray:
    """Length of the line float64 [k, 2] from its start to each point."""
    return np.concatenate([[0.0], np.cumsum(np.sqrt(((line[1:] - line[:-1]) ** 2).sum(axis=1)))])


def _resample(line: np.ndarray) -> np.ndarray:
    """Points at equal distances along the line float64 [k, 2]; at least five, so that a dot can bend too."""
    lengths = _lengths(line)
    count = max(5, round(lengths[-1] / SPACING) + 1)
    at = np.linspace(0, lengths[-1], count)
    return np.stack([np.interp(at, lengths, line[:, axis]) for axis in (0, 1)], axis=1)


def _find_hook(line: np.ndarray) -> tuple[int, bool]:
    """Where the final hook of a stroke begins (its last point if it has none) and whether it ends a downward run."""
    end = len(line) - 1
    lengths = _lengths(line)
    limit = min(HOOK_LENGTH, HOOK_SHARE * lengths[-1])
    best, found, falls = HOOK_COSINE, end, False
    for at in range(2, end):
        if lengths[-1] - lengths[at] > limit or lengths[at] < 2 * SPACING:
            continue
        before, after = line[at] - line[max(0, at - 3)], line[end] - line[at]
        norm = np.sqrt((before**2).sum() * (after**2).sum())
        cosine = float((before * after).sum() / norm) if norm else 1.0
        if cosine < best:
            best, found, falls = cosine, at, bool(abs(before[1]) > abs(before[0]))
    return found, falls


def _components(lines: list[np.ndarray]) -> np.ndarray:
    """int [SPLIT_LEVELS, n]: the component of each stroke; each level halves components with separate parts."""
    levels = [np.zeros(len(lines), int)]
    for _ in range(SPLIT_LEVELS):
        groups = [np.flatnonzero(levels[-1] == part) for part in range(levels[-1].max() + 1)]
        halves = [half for group in groups for half in _halve(lines, group)]
        levels.append(np.concatenate([np.full(len(half), index) for index, half in enumerate(halves)]))
    return np.array(levels[1:])


def _halve(lines: list[np.ndarray], group: np.ndarray) -> list[np.ndarray]:
    """Splits `group` (stroke numbers) into two components, or returns it whole if none are clearly separate.

    Two components are side by side or one above the other (with a gap between their boxes), or the second one hangs
    inside the first, as under a roof (with distant centres). Equal halves score higher than a part and a dot.
    """
    boxes = np.array([[*lines[index].min(axis=0), *lines[index].max(axis=0)] for index in group])
    sums = np.array([[*lines[index].sum(axis=0), len(lines[index])] for index in group])
    side = (boxes[:, 2:].max(axis=0) - boxes[:, :2].min(axis=0)).max()
    best, cut = SPLIT_SCORE, 0
    for at in range(1, len(group)):
        gap = (boxes[at:, :2].min(axis=0) - boxes[:at, 2:].max(axis=0)).max() / side
        former, latter = sums[:at].sum(axis=0), sums[at:].sum(axis=0)
        x, y = (latter[:2] / latter[2] - former[:2] / former[2]) / side
        score = max(gap, max(x, y, 0.7 * (x + y)) - 0.3) + 0.3 * min(at, len(group) - at) / len(group)
        if score > best:
            best, cut = score, at
    return [group[:cut], group[cut:]] if cut else [group]
