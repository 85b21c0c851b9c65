"""Batches of canvases with the targets of a training step.

In training, formulas are distorted, and each canvas holds several. Order, distortion and sampling depend only on (seed,
epoch, step), so a resumed run sees the same batches as an uninterrupted one. A part stays in memory as PNG and strokes:
CROHME's training part takes 60 MB.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path

import numpy as np

from pipeline.ahead import ahead
from pipeline.detector.anchors import BACKGROUND, IGNORED, LEAST_SIDE, AnchorGrid
from pipeline.detector.augment import Patch, redraw_ink, warp_picture
from pipeline.detector.boxes import widen
from pipeline.detector.exchange import InkSymbol, Library
from pipeline.detector.inference import PROPOSALS
from pipeline.detector.packing import Place, pack
from pipeline.errors import InkError
from pipeline.formats.formula import Formula, read_formulas
from pipeline.formats.png import decode_png
from pipeline.formats.shards import part_shards, shards_digest
from pipeline.params import MathTrain

MOST_BOXES = 96  # per canvas; the largest CROHME formula has 95
ANCHOR_SAMPLES = 256  # per image, at most half of them foreground (Ren et al. 2015)
# Standard deviations, in sides and log sides, of the regions drawn around each true box: most of the near regions are
# foreground, most of the astray ones background.
NEAR, ASTRAY = (0.15, 0.2), (0.4, 0.5)
GAP = 9  # pixels between two patches, about the distance between two symbols

logger = logging.getLogger(__name__)

Batch = tuple[np.ndarray, dict[str, np.ndarray]]
"""Canvases float32 `[batch, height, width, 1]` with values 0..255, and targets by name, see `Targets`."""


class FormulaPart:
    """The formulas of one part of a split, in memory.

    Args:
        directory: directory of the split.
        part: train, validation or test.

    Attributes:
        shards: paths of the part's shards.
        images: encoded canvas of each formula.
        boxes: boxes of each formula, float32 `[n, 4]`.
        labels: labels of each formula, int32 `[n]`.
        symbols: ink of the symbols of each formula; empty for photos.

    Raises:
        InkError: the part is missing or empty.
    """

    def __init__(self, directory: Path | str, part: str) -> None:
        self.shards = part_shards(directory, part, "math-split")
        self.images: list[bytes] = []
        self.boxes: list[np.ndarray] = []
        self.labels: list[np.ndarray] = []
        self.symbols: list[list[InkSymbol]] = []
        for shard in self.shards:
            for formula in read_formulas(shard):
                self.images.append(formula.image)
                self.boxes.append(formula.boxes)
                self.labels.append(formula.labels.astype(np.int32))
                self.symbols.append(_ink_symbols(formula))
        if not self.images:
            raise InkError(f"{directory}: the {part} part is empty; see metrics/math/split.json, raise its share")

    def __len__(self) -> int:
        return len(self.images)

    def digest(self) -> str:
        """Hex digest of the shards' bytes."""
        return shards_digest(self.shards)

    def image(self, index: int) -> np.ndarray:
        """Canvas of one formula, uint8 `[height, width]`."""
        return decode_png(self.images[index])


class Canvases:
    """Training batches of a part, epoch after epoch.

    Args:
        formulas: the training part.
        params: `math.train`.
        grid: the anchors.
        pen: width in pixels of the pen that drew the part.
        background: adds the target `anchor_background`, which one-stage detectors need.
    """

    def __init__(
        self, formulas: FormulaPart, params: MathTrain, grid: AnchorGrid, pen: float, background: bool = False
    ) -> None:
        self._formulas = formulas
        self._params = params
        self._grid = grid
        self._pen = pen
        self._background = background
        self._library = Library(formulas.symbols)
        if crowded := sum(len(boxes) > MOST_BOXES for boxes in formulas.boxes):
            logger.warning(
                "%d formulas have more than %d symbols: training treats the symbols above this limit as background; "
                "leave such formulas out or raise pipeline.detector.dataset.MOST_BOXES",
                crowded,
                MOST_BOXES,
            )

    @cached_property
    def steps(self) -> int:
        """Batches per epoch, as counted in the first epoch.

        Raises:
            InkError: the part does not fill one batch.
        """
        canvases = len(self._plan(0)[1])
        if canvases < self._params.batch_size:
            raise InkError(
                f"the training part fills {canvases} canvases, fewer than math.train.batch_size = "
                f"{self._params.batch_size}; lower it or decode more formulas"
            )
        return canvases // self._params.batch_size

    def batches(self, first_epoch: int = 0) -> Iterator[Batch]:
        """Endless batches, `steps` per epoch, starting with `first_epoch`."""
        return ahead(self._draw_batch, self._jobs(first_epoch))

    def _jobs(self, first_epoch: int) -> Iterator[tuple[list[Patch], list[list[Place]], list[int]]]:
        epoch, size = first_epoch, self._params.batch_size
        while True:
            patches, plan = self._plan(epoch)
            for step in range(self.steps):
                chosen = [plan[i % len(plan)] for i in range(step * size, (step + 1) * size)]
                yield patches, chosen, [self._params.seed, epoch, step]
            epoch += 1

    def _plan(self, epoch: int) -> tuple[list[Patch], list[list[Place]]]:
        """Patches of all formulas, and the places on each canvas of an epoch in random order."""
        rng = np.random.default_rng([self._params.seed, epoch])
        limit = (self._grid.height, self._grid.width)
        patches = [self._distort(index, limit, rng) for index in range(len(self._formulas))]
        sizes = [(min(p.shape[0] + GAP, limit[0]), min(p.shape[1] + GAP, limit[1])) for p in patches]
        counts = [len(boxes) for boxes in self._formulas.boxes]
        plan = pack(sizes, counts, rng.permutation(len(patches)).tolist(), limit, MOST_BOXES)
        return patches, [plan[i] for i in rng.permutation(len(plan))]

    def _distort(self, index: int, limit: tuple[int, int], rng: np.random.Generator) -> Patch:
        formulas, params = self._formulas, self._params.augment
        if not formulas.symbols[index]:
            return warp_picture(
                formulas.images[index], formulas.boxes[index], formulas.labels[index], params, limit, rng
            )
        return redraw_ink(formulas.symbols[index], self._pen, params, limit, rng, self._library)

    def _draw_batch(self, job: tuple[list[Patch], list[list[Place]], list[int]]) -> Batch:
        patches, canvases, seed = job
        rng = np.random.default_rng(seed)
        targets = Targets(self._grid, rng, self._background)
        images = []
        for places in canvases:
            image = np.zeros((self._grid.height, self._grid.width), np.uint8)
            boxes, labels = [], []
            for place in places:
                patch = patches[place.item]
                image[place.y : place.y + patch.shape[0], place.x : place.x + patch.shape[1]] = patch.draw()
                boxes.append(patch.boxes + np.array([place.y, place.x, place.y, place.x]))
                labels.append(patch.labels)
            images.append(_noisy(image, self._params.augment.noise, rng))
            targets.add(np.concatenate(boxes), np.concatenate(labels))
        return np.stack(images)[..., None].astype(np.float32), targets.batch()


class Targets:
    """Collects the targets of a batch, canvas by canvas.

    `batch()` returns, with at most MOST_BOXES boxes per image:
        boxes: float32 `[batch, 96, 4]`, padded with 0;
        labels: int32 `[batch, 96]`, padded with -1;
        wide: float32 `[batch, 96, 4]`, the boxes widened to `LEAST_SIDE`, which anchors and regions look for;
        anchor_index: int32 `[batch, 256]`, the sampled anchors;
        anchor_match: int32 `[batch, 256]`, the target of each, see `AnchorGrid.match`;
        near, astray: float32 `[batch, 96, 4]`, a region near each box and one farther away;
        draws: float32 `[batch, 388]`, uniform random numbers;
        anchor_background: float32 `[batch, n]`, 1 for background anchors; only if `background` is set.
    """

    def __init__(self, grid: AnchorGrid, rng: np.random.Generator, background: bool) -> None:
        self._grid = grid
        self._rng = rng
        self._background = background
        self._rows: list[dict[str, np.ndarray]] = []

    def add(self, boxes: np.ndarray, labels: np.ndarray) -> None:
        """Adds one canvas with boxes `[n, 4]` and labels `[n]`."""
        rng, boxes = self._rng, _fit(boxes, self._grid)
        wide = widen(boxes, LEAST_SIDE, np)
        match = self._grid.match(wide[:MOST_BOXES])
        index, chosen = _sample_anchors(match, rng)
        row = {
            "boxes": _padded(boxes, 0),
            "wide": _padded(wide, 0),
            "labels": _padded(labels.astype(np.int32), -1),
            "anchor_index": index,
            "anchor_match": chosen,
            "near": _padded(_fit(_about(wide, *NEAR, rng), self._grid), 0),
            "astray": _padded(_fit(_about(wide, *ASTRAY, rng), self._grid), 0),
            "draws": rng.random(PROPOSALS + 3 * MOST_BOXES, np.float32),
        }
        if self._background:
            row["anchor_background"] = (match == BACKGROUND).astype(np.float32)
        self._rows.append(row)

    def batch(self) -> dict[str, np.ndarray]:
        """The stacked targets of all added canvases."""
        return {name: np.stack([row[name] for row in self._rows]) for name in self._rows[0]}


def evaluation_batches(
    formulas: FormulaPart, grid: AnchorGrid, batch_size: int, background: bool = False
) -> Iterator[Batch]:
    """Yields all formulas once, undistorted and in stored order, one per canvas; the last batch may be smaller."""

    def draw(start: int) -> Batch:
        targets = Targets(grid, np.random.default_rng(start), background)
        rows = range(start, min(start + batch_size, len(formulas)))
        for row in rows:
            targets.add(formulas.boxes[row], formulas.labels[row])
        return np.stack([formulas.image(row) for row in rows])[..., None].astype(np.float32), targets.batch()

    return ahead(draw, iter(range(0, len(formulas), batch_size)))


def evaluation_steps(formulas: FormulaPart, batch_size: int) -> int:
    """Number of batches that `evaluation_batches` yields."""
    return math.ceil(len(formulas) / batch_size)


def _ink_symbols(formula: Formula) -> list[InkSymbol]:
    """Ink of each symbol; empty if two symbols share a stroke (rare in CROHME): distortion would tear it apart."""
    members = formula.symbol_strokes
    if not formula.strokes or len({index for strokes in members for index in strokes}) < sum(map(len, members)):
        return []
    symbols = []
    for label, strokes in zip(formula.labels.tolist(), members, strict=True):
        points = [formula.strokes[index].reshape(-1, 2) for index in strokes]
        symbols.append(InkSymbol(label, np.concatenate(points), [len(stroke) for stroke in points]))
    return symbols


def _noisy(image: np.ndarray, noise: float, rng: np.random.Generator) -> np.ndarray:
    """Adds noise to half of the canvases, with a standard deviation of up to `noise` grey levels."""
    if noise == 0 or rng.random() < 0.5:
        return image
    grain = rng.standard_normal(image.shape, np.float32) * rng.uniform(0, noise)
    return np.clip(image + grain, 0, 255).astype(np.uint8)


def _sample_anchors(match: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Samples anchors; returns their indices and targets, both int32 `[256]`. Unused places hold `IGNORED`."""
    foreground = rng.permutation(np.flatnonzero(match >= 0))
    owners = match[foreground]
    by_owner = np.argsort(owners, kind="stable")
    # Rank of each anchor among those of its box: every box gets one anchor before any box gets a second.
    rank = np.empty(len(owners), np.int64)
    rank[by_owner] = np.arange(len(owners)) - np.searchsorted(owners[by_owner], owners[by_owner])
    foreground = foreground[np.argsort(rank, kind="stable")[: ANCHOR_SAMPLES // 2]]
    background = np.flatnonzero(match == BACKGROUND)
    wanted = min(len(background), ANCHOR_SAMPLES - len(foreground))
    index = np.concatenate(
        [foreground, background[rng.integers(0, len(background), wanted)] if wanted else background[:0]]
    )
    chosen = np.full(ANCHOR_SAMPLES, IGNORED, np.int32)
    chosen[: len(index)] = match[index]
    return np.pad(index, (0, ANCHOR_SAMPLES - len(index))).astype(np.int32), chosen


def _about(boxes: np.ndarray, shift: float, scale: float, rng: np.random.Generator) -> np.ndarray:
    """Draws a region around each box.

    With these regions the second stage learns from the first step, and sees cases that proposals rarely show.
    """
    centre, side = (boxes[:, :2] + boxes[:, 2:]) / 2, np.maximum(boxes[:, 2:] - boxes[:, :2], 1)
    centre = centre + side * rng.normal(0, shift, centre.shape)
    half = side / 2 * np.exp(rng.normal(0, scale, side.shape))
    return np.concatenate([centre - half, centre + half], axis=1)


def _fit(boxes: np.ndarray, grid: AnchorGrid) -> np.ndarray:
    limit = np.array([grid.height, grid.width, grid.height, grid.width], np.float32)
    return np.clip(boxes, 0, limit).astype(np.float32)


def _padded(rows: np.ndarray, value: int) -> np.ndarray:
    rows = rows[:MOST_BOXES]
    padding = [(0, MOST_BOXES - len(rows)), *[(0, 0)] * (rows.ndim - 1)]
    return np.pad(rows, padding, constant_values=value)
