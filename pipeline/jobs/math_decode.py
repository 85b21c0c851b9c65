"""Job `math-decode`: turns InkML and images with boxes into formulas on the canvas, in TFRecord, Parquet and COCO.

    run(params.math.decode, Output(...))

Up to 256 files of one folder are one unit of work. Every file is written, filtered or quarantined. The job filters a
file if a symbol is not in the class list, because its ink would train as background. It quarantines a file, with the
reason, if the file cannot be read or a symbol has no truth. Any runner with any number of workers writes the same
bytes. One process decodes about 200 files per second.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

from pipeline.errors import InkError
from pipeline.files import atomic_directory, remove, write_json, write_text
from pipeline.formats.charset import write_class_list
from pipeline.formats.coco import write_coco, write_images
from pipeline.formats.formula import Formula, encode_formulas, formulas_table
from pipeline.formats.formulas import Drawn, Filtered, Rejected, Unit, read_unit, take_stock
from pipeline.formats.shards import shard_names
from pipeline.formats.symbols import CROHME_SYMBOLS
from pipeline.formats.tree import walk
from pipeline.formats.unpacking import Room
from pipeline.ink.canvas import Frame
from pipeline.inputs import check_unchanged, stamps
from pipeline.jobs import shuffle
from pipeline.jobs.accounts import Account, Output, quarantine_lines, report_not_read, spill_all, temporary_room
from pipeline.jobs.shuffle import Scratch, total
from pipeline.jobs.spills import check_complete, gather, write_shard
from pipeline.params import MathDecode

PART = "samples"
SPILL_ROWS = 1024
SHOWN_LABELS = 10  # largest number of labels in the warning about unknown labels
FILES_PER_SECOND = 200  # in one process; only for the estimate whether several processes are faster

logger = logging.getLogger(__name__)


def run(params: MathDecode, output: Output) -> dict[str, int | str]:
    """Decodes `params.source` and returns the metrics.

    Raises:
        InkError: no files to decode, a larger fraction of bad files than `params.max_bad_fraction`, no formula with
            only known symbols, or a source that changes during the run.
    """
    with temporary_room(output.directory) as room:
        return _run(params, output, room)


def _run(params: MathDecode, output: Output, room: Room) -> dict[str, int | str]:
    before = stamps(params.source, walk(Path(params.source)).files)
    units, not_read = take_stock(params.source, room)
    remove(output.refused)
    with atomic_directory(output.directory) as directory:
        job = MathDecodeJob(params, Scratch.below(directory))
        unread = report_not_read(not_read, params.source, directory)
        files = sum(unit.files for unit in units)
        receipts = shuffle.run(job, [(unit, unit.files) for unit in units], files / FILES_PER_SECOND, "math-decode")
        check_unchanged(params.source, before, walk(Path(params.source)).files)
        job.account.check(receipts, output.refused)
        _check_labels(receipts, params)
        check_complete(directory, job.shard_names)
        metrics = job.account.metrics(receipts, directory)
        shards = [directory / "parquet" / f"{name}.parquet" for name in job.shard_names]
        (directory / "coco").mkdir()
        write_coco(directory / "coco" / f"{PART}.json", shards, CROHME_SYMBOLS, "all samples")
        write_images(directory / "coco" / "images.zip", shards)
        write_text(directory / "quarantine.jsonl", quarantine_lines(receipts))
    write_class_list(output.classes, CROHME_SYMBOLS, symbols=True)
    metrics |= {name: total(receipts, name) for name in ("symbols", "dropped_symbols", "unreferenced_traces")}
    metrics["writers"] = len({writer for receipt in receipts for writer in receipt["writers"]} - {""})
    metrics["classes"] = len({symbol for receipt in receipts for symbol in receipt["labels"]})
    write_json(output.metrics, metrics | unread)
    logger.info("%(files)d files: %(written)d written, %(filtered)d filtered, %(quarantined)d quarantined", metrics)
    return metrics | unread


@dataclass(frozen=True)
class MathDecodeJob:
    """The work of the math-decode job, see `pipeline.jobs.shuffle.Job`."""

    params: MathDecode
    scratch: Scratch

    @property
    def account(self) -> Account:
        """The account of files."""
        return Account("files", "math.decode", self.params.source, self.params.max_bad_fraction)

    @property
    def shard_names(self) -> list[str]:
        """The shard names of the only part."""
        return shard_names(PART, self.params.shards)

    def make(self, number: int, unit: Unit) -> dict[str, int]:
        """Spills the formulas of one unit and writes a receipt that accounts for its files."""
        tally = _Tally()
        frame = Frame(self.params.height, self.params.width, self.params.symbol, self.params.pen)
        formulas = tally.counted(read_unit(unit, frame))
        table = partial(formulas_table, classes=CROHME_SYMBOLS)
        chunks = spill_all(formulas, table, SPILL_ROWS, self.scratch, number, self.params.shards)
        self.scratch.leave_receipt(number, tally.receipt | {"chunks": chunks})
        return dict(tally.counts)

    def settle(self) -> list[Path] | None:
        """Returns the spills; None if the run must fail."""
        receipts = self.scratch.receipts()
        refused = not total(receipts, "written") or self.account.refuses(receipts)
        return None if refused else self.scratch.spills()

    def publish(self, shard: int, settled: list[Path]) -> None:
        """Writes one shard in both file formats."""
        table = gather(settled, shard).drop_columns("hash")
        write_shard(self.scratch.directory, self.shard_names[shard], table, encode_formulas)


class _Tally:
    """Counts for one unit."""

    def __init__(self) -> None:
        names = ("files", "written", "filtered", "quarantined", "symbols", "dropped_symbols", "unreferenced_traces")
        self.counts = dict.fromkeys(names, 0)
        self._labels: set[str] = set()
        self._writers: set[str] = set()
        self._unknown: Counter[str] = Counter()
        self._defects: list[dict] = []

    def counted(self, outcomes: Iterable[Drawn | Filtered | Rejected]) -> Iterator[Formula]:
        """Counts all outcomes and yields the formulas."""
        for outcome in outcomes:
            self.counts["files"] += 1
            if isinstance(outcome, Rejected):
                self.counts["quarantined"] += 1
                self._defects.append(asdict(outcome))
            elif isinstance(outcome, Filtered):
                self.counts["filtered"] += 1
                self._unknown.update(outcome.labels)
            else:
                self._count(outcome)
                yield outcome.formula

    def _count(self, drawn: Drawn) -> None:
        self.counts["written"] += 1
        self.counts["symbols"] += len(drawn.formula.symbols)
        self.counts["dropped_symbols"] += drawn.dropped
        self.counts["unreferenced_traces"] += drawn.unreferenced
        self._labels.update(drawn.formula.symbols)
        self._writers.add(drawn.formula.writer)

    @property
    def receipt(self) -> dict:
        """All counts, as a JSON object."""
        seen = {"labels": sorted(self._labels), "writers": sorted(self._writers), "unknown": dict(self._unknown)}
        return self.counts | seen | {"defects": self._defects}


def _check_labels(receipts: list[dict], params: MathDecode) -> None:
    """Warns about symbols that are not in the class list; raises InkError if no formula was written."""
    unknown: Counter[str] = Counter()
    for receipt in receipts:
        unknown.update(receipt["unknown"])
    shown = ", ".join(f"{label[:20]!r} ({count})" for label, count in unknown.most_common(SHOWN_LABELS))
    if not total(receipts, "written"):
        raise InkError(
            f"{params.source}: expected formulas of CROHME's {len(CROHME_SYMBOLS)} symbols, found none among "
            f"{total(receipts, 'files')} files ({total(receipts, 'quarantined')} of them bad)"
            + (f"; symbols outside the class list: {shown}; correct their spelling" if unknown else "")
        )
    if unknown:
        files = total(receipts, "filtered")
        logger.warning("%d files are left out because of symbols outside the class list: %s", files, shown)
