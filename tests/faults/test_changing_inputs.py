"""Input that vanishes or changes while a job reads it is an error, never a shorter output or a quarantined record."""

import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline.errors import InkError
from pipeline.jobs import accounts, decode, math_decode, math_split, parts, runner, split
from pipeline.params import Decode, MathSplit, Split
from tests.jobs import tiny_math
from tests.jobs.execution import files, work_with
from tests.jobs.tiny_casia import digests, gnt
from tests.project import ALL

OUTPUTS = "out"


def gone(path: Path) -> None:
    path.unlink()


def cut_short(path: Path) -> None:
    data = path.read_bytes()
    with open(path, "r+b") as file:  # in place: readers that have opened it see the change
        file.truncate(len(data) // 2)


def replaced(path: Path) -> None:
    other = path.with_name("other.part")
    other.write_bytes(path.read_bytes()[::-1])
    other.rename(path)


def grown(path: Path) -> None:
    with open(path, "ab") as file:
        file.write(path.read_bytes())


def joined(path: Path) -> None:
    path.with_name(f"new-{path.name}").write_bytes(path.read_bytes())


CHANGES = (gone, cut_short, replaced, grown, joined)


def output(folder: Path) -> accounts.Output:
    return accounts.Output(folder / OUTPUTS / "decoded", folder / "classes.txt", folder / "metrics.json")


def characters(folder: Path) -> Callable[[], dict]:
    """Job `decode` on six writers. It would quarantine anything."""
    for writer in range(1001, 1007):
        tiny_math.write(folder / f"source/{writer}-f.gnt", gnt(writer))
    params = Decode(source=str(folder / "source"), charset=str(ALL), classes="found", max_bad_fraction=1.0, shards=2)
    return lambda: decode.run(params, output(folder))


def formulas(folder: Path) -> Callable[[], dict]:
    """Job `math-decode` on ink and photos. It would quarantine anything."""
    params = tiny_math.params(tiny_math.make_source(folder / "source"), max_bad_fraction=1.0)
    return lambda: math_decode.run(params, output(folder))


def parts_of_characters(folder: Path) -> Callable[[], dict]:
    """Job `split` on the output of `decode`."""
    characters(folder)()
    (folder / OUTPUTS / "decoded").rename(folder / "decoded")
    params = Split(by="writer", test=0.2, validation=0.2, shards=2, seed=1)
    return lambda: split.run(params, files(folder, f"{OUTPUTS}/splits"))


def parts_of_formulas(folder: Path) -> Callable[[], dict]:
    """Job `math-split` on the output of `math-decode`."""
    formulas(folder)()
    (folder / OUTPUTS / "decoded").rename(folder / "decoded")
    params = MathSplit(by="writer", test=0.2, validation=0.2, shards=2, seed=1)
    return lambda: math_split.run(params, files(folder, f"{OUTPUTS}/splits"))


# The job, the class of its workers' steps, and a file that it reads.
JOBS = {
    "decode": (characters, decode.DecodeJob, "source/1003-f.gnt"),
    "math-decode, ink": (formulas, math_decode.MathDecodeJob, "source/hand/w2/3.inkml"),
    "math-decode, a photo": (formulas, math_decode.MathDecodeJob, "source/print/deep/1.png"),
    "math-decode, annotations": (formulas, math_decode.MathDecodeJob, "source/print/annotations.json"),
    "split": (parts_of_characters, parts.PartsJob, "decoded/parquet/samples-00001-of-00002.parquet"),
    "math-split": (parts_of_formulas, parts.PartsJob, "decoded/parquet/samples-00001-of-00003.parquet"),
}


def at_unit(job: type, number: int, change: Callable[[], None], monkeypatch: pytest.MonkeyPatch) -> None:
    """Calls `change` once, at the start of a unit of work."""
    make = job.make
    left = [change]

    def changing(self, unit, current, piece):
        if current == number and left:
            left.pop()()
        return make(self, unit, current, piece)

    monkeypatch.setattr(job, "make", changing)


def check_refused(folder: Path, run: Callable[[], dict], name: str) -> None:
    with pytest.raises(InkError, match=name):
        run()
    assert list((folder / OUTPUTS).iterdir()) == []
    assert not (folder / "metrics.json").exists()


@pytest.mark.parametrize("job", JOBS)
@pytest.mark.parametrize("change", CHANGES)
def test_a_file_that_changes_before_it_is_read(tmp_path, monkeypatch, job, change):
    prepare, steps, name = JOBS[job]
    run = prepare(tmp_path)
    (tmp_path / "metrics.json").unlink(missing_ok=True)
    (tmp_path / OUTPUTS).mkdir(exist_ok=True)
    at_unit(steps, 0, lambda: change(tmp_path / name), monkeypatch)
    check_refused(tmp_path, run, Path(name).name)


@pytest.mark.parametrize("change", CHANGES)
def test_a_file_that_changes_while_it_is_read(tmp_path, monkeypatch, change):
    run = characters(tmp_path)
    victim = tmp_path / "source/1003-f.gnt"
    normalise = decode.normalise
    seen = []

    def changing(pixels):
        seen.append(pixels)
        if len(seen) == 12:  # the second of five records of the third file
            change(victim)
        return normalise(pixels)

    monkeypatch.setattr(decode, "normalise", changing)
    (tmp_path / OUTPUTS).mkdir()
    check_refused(tmp_path, run, "1003-f.gnt")


@pytest.mark.parametrize("change", [gone, cut_short, replaced])
def test_a_zip_that_changes(tmp_path, monkeypatch, change):
    run = characters(tmp_path)
    with zipfile.ZipFile(tmp_path / "source/more.zip", "w") as archive:
        for writer in range(1101, 1104):
            archive.writestr(f"{writer}-f.gnt", gnt(writer))
    (tmp_path / OUTPUTS).mkdir()
    at_unit(decode.DecodeJob, 7, lambda: change(tmp_path / "source/more.zip"), monkeypatch)
    check_refused(tmp_path, run, "more.zip")


def test_workers_of_other_processes_tell_as_much(tmp_path, monkeypatch):
    run = parts_of_characters(tmp_path)
    (tmp_path / "metrics.json").unlink()
    work_with("two processes", monkeypatch)
    victim = tmp_path / "decoded/parquet/samples-00001-of-00002.parquet"
    started = runner.run

    def run_without(*arguments):
        gone(victim)
        started(*arguments)

    monkeypatch.setattr(runner, "run", run_without)
    check_refused(tmp_path, run, r"samples-00001-of-00002.parquet: expected a complete Parquet file, found .*No such")


def test_what_does_not_change_is_read(tmp_path):
    for name, (prepare, _, _) in JOBS.items():
        (tmp_path / name).mkdir()
        prepare(tmp_path / name)()
        assert digests(tmp_path / name / OUTPUTS)
