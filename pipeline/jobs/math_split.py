"""Job `math-split`: decoded formulas into training, validation and test parts, globally shuffled.

    run(params.math.split, Files(...))

By writer, a formula that names none (a photo, 3,000 files of CROHME) goes by a hash of its picture. `official` goes by
CROHME's folders. Either way, one picture is never in two parts: where parts share it, the test part keeps it before
validation, and validation before training; the others leave it out and count it. See `pipeline.jobs.parts`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.errors import InkError
from pipeline.files import atomic_directory, write_json
from pipeline.formats.coco import write_coco
from pipeline.formats.formula import encode_formulas
from pipeline.formats.parquet import ROW_GROUP_ROWS, read_classes, whole
from pipeline.inputs import check_unchanged, stamps
from pipeline.jobs.parts import (
    LEFT_OUT,
    PARTS,
    Files,
    PartsJob,
    account,
    column_counts,
    deal_writers,
    empty_part,
    image_hashes,
    parts_by_hash,
    rank_writers,
    shard_counts,
)
from pipeline.jobs.shuffle import Scratch
from pipeline.params import MathSplit

SAMPLES_PER_SECOND = 1_500  # in one process; only to guess whether several pay
COLUMNS = ["key", "writer", "image"]
# Mouchère et al. 2014: CROHME's training part, its test of 2013 (here to tune on) and its test of 2014.
OFFICIAL = {"TrainINKML": "train", "TestINKMLGT": "validation", "TestEM2014GT": "test"}


def run(params: MathSplit, files: Files) -> dict[str, int]:
    """Splits the decoded formulas and returns the metrics.

    Raises:
        InkError: no decoded formulas, or some that change meanwhile, folders that the official split does not know, a
            part without a formula.
    """
    before = stamps(files.decoded)
    units = files.units("math-decode")
    parts_of, counts, no_writer = survey(units, params)
    samples = sum(counts[part] for part in PARTS)
    for part in PARTS:
        if not counts[part]:
            raise empty_part(part, samples, "math.split")
    shards = shard_counts(params.shards, [counts[part] for part in PARTS], samples)
    with atomic_directory(files.directory) as directory:
        job = PartsJob(Scratch.below(directory), shards, params.seed, parts_of, "symbols", encode_formulas)
        receipts = job.run(units, 1 / SAMPLES_PER_SECOND, "math-split")
        check_unchanged(files.decoded, before)
        classes = read_classes(units[0])
        found = {name for receipt in receipts for part in PARTS for name in receipt["parts"][part]["classes"]}
        metrics = account(receipts, [name for name in classes if name in found], samples, "math.split", " ")
        (directory / "coco").mkdir()
        for part in PARTS:
            paths = [directory / "parquet" / f"{name}.parquet" for name in job.names_of(part)]
            write_coco(directory / "coco" / f"{part}.json", paths, classes, f"{part} part")
            metrics[f"symbols_{part}"] = sum(receipt["parts"][part]["symbols"] for receipt in receipts)
    metrics |= {"no_writer": no_writer, "shared_ink": counts[LEFT_OUT]}
    write_json(files.metrics, metrics)
    return metrics


@dataclass(frozen=True)
class PartsOf:
    """The part of each row of a table."""

    params: MathSplit
    writers: dict[str, str]  # parts of the writers
    claims: dict[int, int]  # the part that keeps a picture, for those that are in several

    def wanted(self, table: pa.Table) -> np.ndarray:
        """Indices in `PARTS`, before pictures in several parts are sorted out: int64 [rows]."""
        if self.params.by == "official":
            return np.array([official_part(key) for key in table["key"].to_pylist()])
        by_ink = parts_by_hash(self._hashes(table), self.params.test, self.params.validation)
        writers = table["writer"].to_pylist()
        pairs = zip(writers, by_ink, strict=True)
        return np.array([PARTS.index(self.writers[writer]) if writer else part for writer, part in pairs])

    def __call__(self, table: pa.Table) -> np.ndarray:
        """Indices in `PARTS` or `LEFT_OUT`: int64 [rows]."""
        pairs = zip(self._hashes(table).tolist(), self.wanted(table).tolist(), strict=True)
        return np.array([part if self.claims.get(ink, part) == part else LEFT_OUT for ink, part in pairs])

    def claimed(self, table: pa.Table) -> Iterable[tuple[int, int]]:
        """Hash of the picture and part that it would go to, of each row."""
        return zip(self._hashes(table).tolist(), self.wanted(table).tolist(), strict=True)

    def _hashes(self, table: pa.Table) -> np.ndarray:
        return image_hashes(table, f"split-{self.params.seed}")


def survey(units: list[Path], params: MathSplit) -> tuple[PartsOf, dict, int]:
    """Looks through the decoded shards once.

    Returns:
        What tells the part of a formula; formulas of each part and of `LEFT_OUT`; formulas that name no writer.
    """
    named = column_counts(units, "writer")
    no_writer = named.pop("", 0)
    ranked = rank_writers(named, params.seed)
    test = ranked[: max(round(params.test * len(ranked)), 1)]
    first = PartsOf(params, deal_writers(ranked, test, params.validation), {})
    seen: dict[int, set[int]] = {}
    wanted: Counter[tuple[int, int]] = Counter()
    for unit in units:
        with whole(unit), pq.ParquetFile(unit) as file:
            for batch in file.iter_batches(ROW_GROUP_ROWS, columns=COLUMNS):
                wanted.update(first.claimed(pa.Table.from_batches([batch])))
    for ink, part in wanted:
        seen.setdefault(ink, set()).add(part)
    claims = {ink: max(parts) for ink, parts in seen.items() if len(parts) > 1}  # PARTS rise in rank
    counts: Counter[str | int] = Counter()
    for (ink, part), count in wanted.items():
        counts[PARTS[part] if claims.get(ink, part) == part else LEFT_OUT] += count
    return PartsOf(params, first.writers, claims), counts, no_writer


def official_part(key: str) -> int:
    """Index in `PARTS` of the folder that a key lies in.

    Raises:
        InkError: none of CROHME's.
    """
    for folder in key.split("/")[:-1]:
        if folder in OFFICIAL:
            return PARTS.index(OFFICIAL[folder])
    raise InkError(
        f"math.split.by is 'official': expected files below {', '.join(OFFICIAL)}, found {key}; set math.split.by to "
        "`writer`, or take other files out of math.decode.source"
    )
