"""Job `split`: splits decoded samples into training, validation and test parts, globally shuffled.

    run(params.split, Files(...))

The image or the writer of a sample decides its part. `pipeline.jobs.parts` does the rest.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from pipeline.cards.subjects import SPLITS
from pipeline.cards.terms import read_terms
from pipeline.cards.writing import write_cards
from pipeline.errors import InkError
from pipeline.files import atomic_directory, write_json
from pipeline.formats.parquet import read_classes
from pipeline.inputs import check_unchanged, stamps
from pipeline.jobs.parts import (
    PARTS,
    SHOWN,
    Files,
    PartsJob,
    account,
    column_counts,
    deal_writers,
    image_hashes,
    parts_by_hash,
    rank_writers,
    row_count,
    shard_counts,
)
from pipeline.params import Split

SAMPLES_PER_SECOND = 30_000  # in one process; only for the estimate whether several processes are faster
# Liu et al. 2011, "CASIA Online and Offline Chinese Handwriting Databases": the writers of HWDB1.1.
HWDB11_TRAIN = frozenset(str(writer) for writer in range(1001, 1241))
HWDB11_TEST = frozenset(str(writer) for writer in range(1241, 1301))


def run(params: Split, files: Files) -> dict[str, int]:
    """Splits the decoded samples and returns the metrics.

    Raises:
        InkError: no decoded samples, samples that change during the run, missing or too few writers for a split by
            writer, or a part without a sample.
    """
    before = stamps(files.decoded)
    units = files.units("decode")
    writers = None if params.by == "sample" else assign_writers(column_counts(units, "writer"), params)
    samples = sum(row_count(unit) for unit in units)
    train = 1 - (params.test + params.validation)  # above 0: `Split` checks the sum
    counts = shard_counts(params.shards, (train, params.validation, params.test), samples)
    with atomic_directory(files.directory) as partial:
        paths, parts_of = tuple(str(unit.absolute()) for unit in units), PartsOf(params, writers)
        job = PartsJob(paths, counts, params.seed, parts_of, "char", params.formats, SAMPLES_PER_SECOND)
        outcome = job.run(partial, "split")
        check_unchanged(files.decoded, before)
        metrics = account(outcome.receipt, read_classes(units[0]), samples, "split", "")
        write_cards(partial, SPLITS, PARTS, read_terms(files.decoded), outcome.checksums)
    write_json(files.metrics, metrics)
    return metrics


def assign_writers(samples: dict[str, int], params: Split) -> dict[str, str]:
    """The part of each writer.

    `writer` ranks writers by a seeded hash: the first go to the test part, the next to validation, in the fractions of
    the params, at least one each. `official` uses the test writers of HWDB1.1 and takes validation from its training
    writers.

    Args:
        samples: number of samples per writer; the writer "" means samples without a writer.
        params: see `Split`.

    Raises:
        InkError: samples without a writer, too few writers, or writers that HWDB1.1 does not have.
    """
    if "" in samples:
        raise InkError(
            f"split.by is {params.by!r}: expected the writer in each file name, like 1001-f.gnt, found none for "
            f"{samples['']} of {sum(samples.values())} samples; set split.by to `sample` or name the files after their "
            "writers"
        )
    ranked = rank_writers(samples, params.seed)
    drawn = ranked[: max(round(params.test * len(ranked)), 1)]
    test = _official_test(ranked) if params.by == "official" else drawn
    parts = deal_writers(ranked, test, params.validation)
    if set(parts.values()) != set(PARTS):
        raise InkError(
            f"split.by is {params.by!r}: expected at least one writer for each of {', '.join(PARTS)}, found "
            f"{len(ranked)} in all and {len(test)} for test; add writers or set split.by to `sample`"
        )
    return parts


def _official_test(writers: list[str]) -> list[str]:
    unknown = sorted(set(writers) - HWDB11_TRAIN - HWDB11_TEST)
    if unknown:
        raise InkError(
            f"split.by is 'official': expected the writers 1001 to 1300 of HWDB1.1, found {len(unknown)} others "
            f"({', '.join(unknown[:SHOWN])}); set split.by to `writer` or remove their files from decode.source"
        )
    return [writer for writer in writers if writer in HWDB11_TEST]


@dataclass(frozen=True)
class PartsOf:
    """Returns the part of each row of a table. `writers` holds the part per writer; None splits by sample."""

    params: Split
    writers: dict[str, str] | None

    def __call__(self, table: pa.Table) -> np.ndarray:
        """Indices in `PARTS`, int64 [rows]."""
        if self.writers is not None:
            return np.array([PARTS.index(self.writers[writer]) for writer in table["writer"].to_pylist()])
        # Hashes the picture, not the key: copies of one picture must be in the same part.
        hashes = image_hashes(table, f"split-{self.params.seed}")
        return parts_by_hash(hashes, self.params.test, self.params.validation)
