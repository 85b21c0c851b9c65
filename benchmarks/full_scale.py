"""Measures the pipeline on a corpus of the size of CASIA HWDB1.1, and compares other ways to decode the same files.

    python -m benchmarks.full_scale --work /tmp/full-scale          # needs `dvc repro medians`

Draws 3,755 characters by 3, 30 and 300 writers (1, 10 and 100 %; 1.13 M records), decodes and splits them, and reads
them as training and evaluation do; `benchmarks.contenders` describes the other ways. Takes about an hour on two cores,
30 GB of disk, and 9 GB of memory for one contender. Stores each figure in the work folder at once: a stopped run
continues, and a finished run prints its tables again.

Short tasks run several times, and the fastest run counts. On a shared machine, `--again TASK …` measures some tasks
again. Before each run, its input files are in the page cache, and no writes are pending; before `first batch`, they are
on disk only.
"""

from __future__ import annotations

import itertools
import json
import os
import shutil
import signal
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from benchmarks import contenders
from benchmarks.contenders import Contender
from benchmarks.full_scale_report import START, Results, Task, report
from benchmarks.measuring import Measurement, measure
from pipeline.command import command_parser, run_command
from pipeline.errors import InkError
from pipeline.files import remove, write_json
from pipeline.formats.charset import GB2312_LEVEL1
from pipeline.params import LEVEL1_CLASSES, load_params
from pipeline.synthesis.characters import file_name, write_corpus
from pipeline.synthesis.hands.medians import load_medians
from pipeline.synthesis.hands.writers import FIRST_WRITER
from pipeline.synthesis.repertoire import MEDIANS as COPYBOOK
from pipeline.synthesis.repertoire import Hand
from stages.paths import MEDIANS

WRITERS_OF_A_PERCENT = 3  # of HWDB1.1's 300
START_CHARACTERS = 4  # per writer: the time that a job takes for these few records is its start-up time
REPEAT_SECONDS, MOST_REPEATS = 40, 5
DISK_OF_A_PERCENT = 0.3e9  # bytes: corpus, decoded and split samples, and the largest output of the other ways


@dataclass(frozen=True)
class Step:
    """One task to measure."""

    task: Task
    work: Contender
    reads: Path  # input folder
    folder: Path  # output folder
    stays: bool = False  # later steps read the output
    cold: bool = False  # the input is not in the page cache


def steps_of(scale: Path) -> list[Step]:
    """The steps for the files in `scale`/source; each step follows those whose output it reads."""
    source, decode, split, out = (scale / name for name in ("source", "decode", "split", "out"))
    return [
        Step(Task.PLAIN, contenders.plain_loop, source, out),
        Step(Task.PNGS, contenders.png_dump, source, out),
        Step(Task.TFRECORD, contenders.one_tfrecord, source, out),
        Step(Task.SCANS, contenders.tfrecord_of_scans, source, out),
        Step(Task.DECODE, contenders.decode_job, source, decode, stays=True),
        Step(Task.SPLIT, contenders.split_job, decode / "decoded", split, stays=True),
        Step(Task.FIRST, read_first_batch, split / "splits", out, cold=True),
        Step(Task.EPOCH, read_epoch, split / "splits", out),
        Step(Task.TEST, read_test_part, split / "splits", out),
    ]


def with_sources(asked: Sequence[Step], steps: Sequence[Step]) -> list[Step]:
    """The requested steps, and those that write their missing inputs."""
    chosen: list[Step] = []
    for step in reversed(steps):
        read = any(later.reads.is_relative_to(step.folder) for later in chosen)
        if step in asked or (step.stays and read and not step.folder.exists()):
            chosen.insert(0, step)
    return chosen


def read_first_batch(split: str, _: Path, __: int) -> int:
    """Reads the same data as training before its first step."""
    return _read_training(split, 1)


def read_epoch(split: str, _: Path, __: int) -> int:
    """Reads the batches of one epoch of training."""
    return _read_training(split)


def read_test_part(split: str, _: Path, __: int) -> int:
    """Reads the test part as evaluation does."""
    from pipeline.formats.parts import SamplePart, evaluation_batches

    batches = evaluation_batches(SamplePart(split, "test"), load_params().train.evaluation_batch_size)
    return sum(len(labels) for _, labels in batches)


def _read_training(split: str, batches: int | None = None) -> int:
    from pipeline.formats.parts import SamplePart
    from pipeline.hccr.dataset import training_batches, training_steps

    recipe, part = load_params().train, SamplePart(split, "train")
    part.digest()  # names the run's checkpoint
    steps = batches or training_steps(part, recipe)
    return sum(len(labels) for _, labels in itertools.islice(training_batches(part, recipe), steps))


def draw(medians: Path, folder: Path, characters: int, writers: int, processes: int) -> int:
    """Draws the missing writers of a corpus; returns the number of records drawn."""
    chars = GB2312_LEVEL1[:characters]
    params = load_params().strokes.model_copy(update={"classes": characters, "writers": writers})
    folder.mkdir(parents=True, exist_ok=True)
    drawn = write_corpus(folder, {COPYBOOK: Hand(0.0, load_medians(medians, chars))}, chars, params, processes)
    return sum(len(chars) for _ in drawn)


@dataclass(frozen=True)
class Benchmark:
    """Measures all tasks that have no figures yet.

    Attributes:
        work: folder for all files and figures.
        medians: file of the stroke data.
        characters: number of characters per writer.
        cores: number of cores that tasks may use.
        keep: whether to keep the outputs of decode and split.
        again: tasks to measure again; the fastest run counts.
        results: the figures so far.
    """

    work: Path
    medians: Path
    characters: int
    cores: int
    keep: bool = False
    again: Sequence[Task] = ()
    results: Results = field(default_factory=dict)

    @property
    def stored(self) -> Path:
        """The file of the figures."""
        return self.work / "full_scale.json"

    def __post_init__(self) -> None:
        if self.stored.exists():
            for scale, tasks in json.loads(self.stored.read_text(encoding="utf-8")).items():
                self.results[int(scale)] = {Task(task): Measurement(**taken) for task, taken in tasks.items()}

    def run(self, percent: int) -> None:
        """Measures one scale; `START` measures only the start-up times."""
        scale, known = self.work / f"{percent}-percent", self.results.setdefault(percent, {})
        steps = [step for step in steps_of(scale) if percent != START or step.task.starts_up]
        asked = [step for step in steps if step.task not in known or step.task in self.again]
        if not asked:
            return
        self._check_disk(percent)
        self._draw(percent, scale / "source")
        for step in with_sources(asked, steps):
            self._note(percent, step.task, fastest(step, self.cores))
        if not self.keep:
            remove(scale)

    def _draw(self, percent: int, source: Path) -> None:
        """Draws the files of a scale that the corpus lacks, and links all of them."""
        source.mkdir(parents=True, exist_ok=True)
        if percent == START:
            draw(self.medians, source, START_CHARACTERS, WRITERS_OF_A_PERCENT, 1)
            return
        corpus, writers = self.work / "corpus", WRITERS_OF_A_PERCENT * percent  # smaller scales have its first writers
        names = [file_name(FIRST_WRITER + index) for index in range(writers)]
        if not all((corpus / name).exists() for name in names):
            work = partial(draw, self.medians, corpus, self.characters, writers, self.cores)
            self._note(percent, Task.STROKES, measure(work, corpus))
        for name in names:
            if not (source / name).exists():
                os.link(corpus / name, source / name)

    def _note(self, percent: int, task: Task, taken: Measurement) -> None:
        known = self.results[percent]
        known[task] = min(known.get(task, taken), taken, key=lambda one: one.seconds)
        print(f"{percent} %, {task}: {taken.records:,} records in {taken.seconds:.1f} s", flush=True)
        figures = {scale: {t: m._asdict() for t, m in tasks.items()} for scale, tasks in self.results.items()}
        write_json(self.stored, figures)

    def _check_disk(self, percent: int) -> None:
        free = shutil.disk_usage(self.work).free
        need = DISK_OF_A_PERCENT * percent * self.characters / LEVEL1_CLASSES
        if free < need:
            raise InkError(f"{self.work}: expected {need / 1e9:.0f} GB of free disk, found {free / 1e9:.0f}; make room")


def fastest(step: Step, cores: int) -> Measurement:
    """Returns the fastest of several runs of a step; a long step runs only once."""
    runs: list[Measurement] = []
    while not runs or (len(runs) < MOST_REPEATS and sum(run.seconds for run in runs) < REPEAT_SECONDS):
        remove(step.folder)
        step.folder.mkdir(parents=True)
        settle(step.reads, step.cold)
        runs.append(measure(partial(step.work, str(step.reads), step.folder, cores), step.folder))
    if not step.stays:
        remove(step.folder)
    return min(runs, key=lambda run: run.seconds)


def settle(reads: Path, cold: bool) -> None:
    """Flushes pending writes; reads the files below `reads` into the page cache or, if `cold`, drops them from it."""
    os.sync()
    for path in reads.rglob("*"):
        if path.is_file():
            with path.open("rb", buffering=0) as file:
                if cold:
                    os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
                else:
                    while file.read(1 << 20):
                        pass


def main() -> None:
    """Measures and prints the tables."""
    parser = command_parser("benchmarks.full_scale", __doc__)
    parser.add_argument(
        "--work",
        type=Path,
        required=True,
        metavar="FOLDER",
        help="folder for all files and results; a stopped run continues in it",
    )
    parser.add_argument(
        "--scales",
        type=int,
        nargs="+",
        metavar="PERCENT",
        default=[1, 10, 100],
        help="percentages of HWDB1.1's writers (default: 1 10 100)",
    )
    parser.add_argument(
        "--again", type=Task, nargs="+", default=[], metavar="TASK", help=f"measure these again: {', '.join(Task)}"
    )
    parser.add_argument(
        "--cores", type=int, metavar="N", default=2, help="cores that all work shares (default: %(default)s)"
    )
    parser.add_argument(
        "--characters",
        type=int,
        metavar="N",
        default=LEVEL1_CLASSES,
        help="characters per writer; fewer for a trial (default: %(default)s)",
    )
    parser.add_argument("--keep", action="store_true", help="keep the outputs of decode and split")
    arguments = parser.parse_args()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # so that worker processes also end
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: arguments.cores])
    arguments.work.mkdir(parents=True, exist_ok=True)
    medians = MEDIANS / "medians.jsonl"
    work, again = arguments.work.resolve(), arguments.again
    benchmark = Benchmark(work, medians, arguments.characters, arguments.cores, arguments.keep, again)
    for percent in (START, *sorted(arguments.scales)):
        benchmark.run(percent)
    print(report(benchmark.results))


if __name__ == "__main__":
    run_command(main, "full_scale")
