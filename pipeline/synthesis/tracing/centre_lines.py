"""Centre lines of a glyph: the strokes that a pen would make to write it.

The picture is thinned to lines of one pixel, which are cut at their crossings into branches. Spurs at the ends of a
brush stroke are dropped. Branches that continue straight through a crossing become one stroke again; near the crossing,
where thinning bends lines towards each other, the stroke runs straight.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import cv2
import numpy as np
from skimage.morphology import skeletonize

SPUR = 1.2  # half widths of the line; a shorter branch with a free end is a spur of the outline, not a stroke
BLUNT = 0.5  # half widths of the line; the ink at the end of a short branch that is a stroke reaches so far around
DOT = 1.1  # half widths; no shorter branch is a stroke
BRIDGE = 1.4  # half widths; two crossings that are nearer than this are one
STRAIGHT = -0.6  # two branches at a crossing are one stroke if their cosine is below this: 53 degrees off straight
LOOK = 2.5  # half widths; the direction of a branch is taken at this distance from the crossing
CLEAR = 1.2  # half widths; thinning bends lines within this distance of a crossing
REACH = 0.6  # half widths by which thinning shortens the end of a stroke, less half a pen
SMOOTHING = np.array([1, 2, 3, 2, 1]) / 9  # of the pixels of a line
TOLERANCE = 0.8  # pixels by which the simplified line may be off
AROUND = [(-1, 0), (0, -1), (0, 1), (1, 0), (-1, -1), (-1, 1), (1, -1), (1, 1)]
Pixel = tuple[int, int]  # row, column


@dataclass
class _Crossing:
    centre: np.ndarray  # float64 [2], x and y
    half: float  # half width of the line there, pixels
    ends: list[tuple[int, int]] = field(default_factory=list)  # (branch, 0 or -1) that meet here


def trace(glyph: np.ndarray) -> list[np.ndarray]:
    """Traces the strokes of a glyph.

    Args:
        glyph: uint8 [height, width], ink above 127.

    Returns:
        Strokes, in no particular order or direction: float64 [k, 2] each, x and y in pixels, with k >= 2.
    """
    ink = np.pad(glyph > 127, 2)
    depth = cv2.distanceTransform(ink.astype(np.uint8), cv2.DIST_L2, 5)
    branches, crossings = _cut(skeletonize(ink), depth)
    crossings = _merge_crossings(branches, crossings)
    _drop_spurs(branches, crossings, depth)
    lines = _join(branches, crossings)
    return [_finish(line, depth) - 2 for line in lines]


def _cut(line: np.ndarray, depth: np.ndarray) -> tuple[dict[int, np.ndarray], list[_Crossing]]:
    """Cuts a skeleton, bool [h, w], at its crossings into branches, float64 [k, 2], by number."""
    count = cv2.filter2D(line.astype(np.uint8), -1, np.ones((3, 3)), borderType=cv2.BORDER_CONSTANT) - 1
    crossing = line & (count >= 3)
    number, labels, _, centres = cv2.connectedComponentsWithStats(crossing.astype(np.uint8), connectivity=8)
    crossings = [_Crossing(centres[at], max(float(depth[labels == at].max()), 1.0)) for at in range(1, number)]
    branches: dict[int, np.ndarray] = {}
    for pixels in _paths(line & ~crossing):
        index = len(branches)
        met = [_crossings_beside(labels, pixels[0]), _crossings_beside(labels, pixels[-1])]
        if len(pixels) == 1:  # one pixel may lie between two crossings
            met = [met[0][:1], met[0][1:2]]
        for end, beside in zip((0, -1), met, strict=True):
            for at in beside[:1]:
                crossings[at].ends.append((index, end))
        branches[index] = np.array([(x, y) for y, x in pixels], np.float64)
    return branches, crossings


def _paths(line: np.ndarray) -> list[list[Pixel]]:
    """The pixels of each line without crossings, in order along it; a closed line returns to its first pixel."""
    left: dict[Pixel, None] = dict.fromkeys(zip(*(axis.tolist() for axis in np.nonzero(line)), strict=True))
    starts = [pixel for pixel in left if sum(near in left for near in _near(pixel)) <= 1]
    paths = []
    for start in [*starts, *left]:
        if start not in left:
            continue
        path = [start]
        del left[start]
        while following := next((near for near in _near(path[-1]) if near in left), None):
            path.append(following)
            del left[following]
        closed = len(path) > 3 and path[0] in _near(path[-1])
        paths.append([*path, path[0]] if closed else path)
    return paths


def _near(pixel: Pixel) -> list[Pixel]:
    row, column = pixel
    return [(row + down, column + right) for down, right in AROUND]


def _crossings_beside(labels: np.ndarray, pixel: Pixel) -> list[int]:
    found = dict.fromkeys(int(labels[near]) - 1 for near in _near(pixel))
    return [at for at in found if at >= 0]


def _length(points: np.ndarray) -> float:
    return float(np.sqrt((np.diff(points, axis=0) ** 2).sum(axis=1)).sum())


def _merge_crossings(branches: dict[int, np.ndarray], crossings: list[_Crossing]) -> list[_Crossing]:
    """Makes one crossing of those that a short branch connects, and removes that branch."""
    place = {end: at for at, crossing in enumerate(crossings) for end in crossing.ends}
    group = list(range(len(crossings)))
    for index in list(branches):
        first, second = place.get((index, 0)), place.get((index, -1))
        if first is None or second is None:
            continue
        if _length(branches[index]) < BRIDGE * max(crossings[first].half, crossings[second].half):
            old, new = group[second], group[first]
            group = [new if of == old else of for of in group]
            del branches[index]
    merged = []
    for of in sorted(set(group)):
        members = [crossing for crossing, own in zip(crossings, group, strict=True) if own == of]
        ends = [end for member in members for end in member.ends if end[0] in branches]
        centre = np.mean([member.centre for member in members], axis=0)
        merged.append(_Crossing(centre, max(member.half for member in members), ends))
    return merged


def _drop_spurs(branches: dict[int, np.ndarray], crossings: list[_Crossing], depth: np.ndarray) -> None:
    """Removes short branches that run into a corner, the shortest first, while two are left at the crossing.

    A spur ends in a corner of the outline, where the ink is thin. A dot that touches a line, as that of 宀, is as short
    but ends in the middle of its ink.
    """
    bound = [end for crossing in crossings for end in crossing.ends]
    for crossing in crossings:
        free = sorted(
            (_length(branches[index]) + float(np.hypot(*(branches[index][end] - crossing.centre))), index, end)
            for index, end in crossing.ends
            if (index, -1 - end) not in bound
        )
        for length, index, end in free:
            column, row = branches[index][-1 - end].astype(int)
            blunt = depth[row, column] >= BLUNT * crossing.half and length >= DOT * crossing.half
            if len(crossing.ends) > 2 and length < (SPUR + 1) * crossing.half and not blunt:
                crossing.ends.remove((index, end))
                del branches[index]


def _join(branches: dict[int, np.ndarray], crossings: list[_Crossing]) -> list[np.ndarray]:
    """Joins branches that continue through a crossing; ends the others in its centre."""
    following: dict[tuple[int, int], tuple[int, int]] = {}
    for crossing in crossings:
        for one, other in _pairs(branches, crossing):
            following[one], following[other] = other, one
    for crossing in crossings:
        for index, end in crossing.ends:
            branches[index] = _clear(branches[index], end, crossing, (index, end) in following)
    lines = []
    starts = [(index, end) for index in branches for end in (0, -1)]
    starts.sort(key=lambda start: start in following)  # free ends first; then closed lines
    for start in starts:
        if start[0] not in branches:
            continue
        pieces, at = [], start
        while at[0] in branches:
            index, end = at
            pieces.append(branches.pop(index)[:: 1 if end == 0 else -1])
            at = following.get((index, -1 - end), (-1, 0))
        closed = at == start
        lines.append(np.concatenate([*pieces, pieces[0][:1]] if closed else pieces))
    return lines


def _pairs(branches: dict[int, np.ndarray], crossing: _Crossing) -> list[tuple[tuple[int, int], tuple[int, int]]]:
    """Pairs the branch ends of a crossing that are one stroke, the straightest first."""
    if len(crossing.ends) == 2:
        return [(crossing.ends[0], crossing.ends[1])]
    ways = []
    for index, end in crossing.ends:
        points = branches[index][:: 1 if end == 0 else -1] - crossing.centre
        far = np.flatnonzero(np.hypot(*points.T) >= LOOK * crossing.half)
        way = points[far[0]] if len(far) else points[-1]
        ways.append(way / max(float(np.hypot(*way)), 1e-9))
    turns = sorted((round(float(ways[i] @ ways[j]), 6), i, j) for i in range(len(ways)) for j in range(i) if i != j)
    pairs: list[tuple[tuple[int, int], tuple[int, int]]] = []
    used: set[int] = set()
    for cosine, i, j in turns:
        if cosine < STRAIGHT and not {i, j} & used:
            pairs.append((crossing.ends[i], crossing.ends[j]))
            used |= {i, j}
    return pairs


def _clear(points: np.ndarray, end: int, crossing: _Crossing, goes_on: bool) -> np.ndarray:
    """Removes the points near a crossing; a branch that does not continue there ends in its centre."""
    points = points[:: 1 if end == 0 else -1]
    far = np.flatnonzero(np.hypot(*(points - crossing.centre).T) >= CLEAR * crossing.half)
    points = points[far[0] :] if len(far) else points[-1:]
    if not goes_on:
        points = np.concatenate([crossing.centre[None], points])
    return points[:: 1 if end == 0 else -1]


def _finish(line: np.ndarray, depth: np.ndarray) -> np.ndarray:
    """Smooths and simplifies a line, float64 [k, 2], and extends its ends to where the ink ends."""
    if len(line) == 1:  # a dot
        line = np.concatenate([line, line + 1.0])
    radius = len(SMOOTHING) // 2
    if len(line) > 2 * radius:
        padded = np.concatenate([2 * line[0] - line[radius:0:-1], line, 2 * line[-1] - line[-2 : -2 - radius : -1]])
        line = np.stack([np.convolve(padded[:, axis], SMOOTHING, "valid") for axis in (0, 1)], axis=1)
    simple = cv2.approxPolyDP(line.astype(np.float32)[:, None], TOLERANCE, False)[:, 0].astype(np.float64)
    line = simple if len(simple) > 1 else line[[0, -1]]
    height, width = depth.shape
    for end, before in ((0, 1), (-1, -2)):
        way = line[end] - line[before]
        column, row = np.clip(np.round(line[end]).astype(int), 0, (width - 1, height - 1))
        line[end] += way / max(float(np.hypot(*way)), 1e-9) * REACH * float(depth[row, column])
    return line
