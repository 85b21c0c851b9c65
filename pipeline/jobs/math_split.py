"""Job `math-split`: splits decoded formulas into training, validation and test parts, globally shuffled.

    run(params.math.split, Files(...))

`writer` splits by writer; a formula without one (a photo, 3,000 files of CROHME) is split by a hash of its picture.
`official` splits by CROHME's folders. One picture is never in two parts: test takes precedence over validation, and
validation over training. The other parts leave the picture out and count it. See `pipeline.jobs.parts`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.cards.subjects import MATH_SPLITS
from pipeline.cards.terms import read_terms
from pipeline.cards.writing import write_cards
from pipeline.errors import InkError
from pipeline.files import atomic_directory, write_json
from pipeline.formats.coco import write_coco, write_image_files
from pipeline.formats.formula import encode_formulas
from pipeline.formats.parquet import ROW_GROUP_ROWS, damage_reported, read_classes
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
from pipeline.params import MathSplit

SAMPLES_PER_SECOND = 1_500  # in one process; only for the estimate whether several processes are faster
COLUMNS = ["key", "writer", "image"]
# Mouchère et al. 2014: CROHME's training part, its 2013 test part (here for tuning) and its 2014 test part.
OFFICIAL = {"TrainINKML": "train", "TestINKMLGT": "validation", "TestEM2014GT": "test"}


def run(params: MathSplit, files: Files) -> dict[str, int]:
    """Splits the decoded formulas and returns the metrics.

    Raises:
        InkError: no decoded formulas, formulas that change during the run, folders that the official split does not
            know, or a part without a formula.
    """
    before = stamps(files.decoded)
    units = files.units("math-decode")
    parts_of, counts, no_writer = survey(units, params)
    samples = sum(counts[part] for part in PARTS)
    for part in PARTS:
        if not counts[part]:
            raise empty_part(part, samples, "math.split")
    shard_numbers = shard_counts(params.shards, [counts[part] for part in PARTS], samples)
    with atomic_directory(files.directory) as directory:
        paths, rate = tuple(str(unit.absolute()) for unit in units), SAMPLES_PER_SECOND
        job = PartsJob(paths, shard_numbers, params.seed, parts_of, "symbols", params.formats, rate, encode_formulas)
        outcome = job.run(directory, "math-split")
        receipt = outcome.receipt
        check_unchanged(files.decoded, before)
        classes = read_classes(units[0])
        found = {name for part in PARTS for name in receipt.names[f"{part} classes"]}
        metrics = account(receipt, [name for name in classes if name in found], samples, "math.split", " ")
        terms = read_terms(files.decoded)
        (directory / "coco").mkdir()
        for part in PARTS:
            shards = [directory / "parquet" / f"{name}.parquet" for name in job.names_of(part)]
            write_coco(directory / "coco" / f"{part}.json", shards, classes, f"{part} part", terms.coco)
            metrics[f"symbols_{part}"] = receipt.counts[f"{part} symbols"]
        if params.pictures == "files":
            shards = [directory / "parquet" / f"{name}.parquet" for name in job.shard_names]
            write_image_files(directory / "coco" / "images", shards)
        write_cards(directory, MATH_SPLITS, PARTS, terms, outcome.checksums)
    metrics |= {"no_writer": no_writer, "shared_ink": counts[LEFT_OUT]}
    write_json(files.metrics, metrics)
    return metrics


@dataclass(frozen=True)
class PartsOf:
    """Returns the part of each row of a table."""

    params: MathSplit
    writers: dict[str, str]  # part per writer
    claims: dict[int, int]  # by hash of a picture that several parts share: the part that keeps it

    def wanted(self, table: pa.Table) -> np.ndarray:
        """Indices in `PARTS`, before shared pictures are left out: int64 [rows]."""
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
        """Yields the hash of the picture and its wanted part, for each row."""
        return zip(self._hashes(table).tolist(), self.wanted(table).tolist(), strict=True)

    def _hashes(self, table: pa.Table) -> np.ndarray:
        return image_hashes(table, f"split-{self.params.seed}")


def survey(units: list[Path], params: MathSplit) -> tuple[PartsOf, dict, int]:
    """Reads the keys, writers and pictures of all decoded shards.

    Returns:
        The function from formulas to parts; the number of formulas per part and of `LEFT_OUT`; the number of formulas
        without a writer.
    """
    named = column_counts(units, "writer")
    no_writer = named.pop("", 0)
    ranked = rank_writers(named, params.seed)
    test = ranked[: max(round(params.test * len(ranked)), 1)]
    first = PartsOf(params, deal_writers(ranked, test, params.validation), {})
    seen: dict[int, set[int]] = {}
    wanted: Counter[tuple[int, int]] = Counter()
    for unit in units:
        with damage_reported(unit), pq.ParquetFile(unit) as file:
            for batch in file.iter_batches(ROW_GROUP_ROWS, columns=COLUMNS):
                wanted.update(first.claimed(pa.Table.from_batches([batch])))
    for ink, part in wanted:
        seen.setdefault(ink, set()).add(part)
    claims = {ink: max(parts) for ink, parts in seen.items() if len(parts) > 1}  # PARTS are in order of precedence
    counts: Counter[str | int] = Counter()
    for (ink, part), count in wanted.items():
        counts[PARTS[part] if claims.get(ink, part) == part else LEFT_OUT] += count
    return PartsOf(params, first.writers, claims), counts, no_writer


def official_part(key: str) -> int:
    """Index in `PARTS` of the CROHME folder that contains a key.

    Raises:
        InkError: the key is in none of them.
    """
    for folder in key.split("/")[:-1]:
        if folder in OFFICIAL:
            return PARTS.index(OFFICIAL[folder])
    raise InkError(
        f"math.split.by is 'official': expected files below {', '.join(OFFICIAL)}, found {key}; set math.split.by to "
        "`writer`, or remove other files from math.decode.source"
    )
