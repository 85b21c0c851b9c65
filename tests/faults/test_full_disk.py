"""Stages on a disk that is too small for their outputs: one clear message, and no partial files.

The disk is a tmpfs in a separate mount namespace, which ends with the process.
"""

import itertools
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import pytest

from tests.faults.killing import DATA, REST, Bench
from tests.jobs.tiny_casia import gnt
from tests.jobs.tiny_math import write

PAGE = 4096  # bytes in which a tmpfs gives room
NAMESPACE = ["unshare", "--mount"] if os.geteuid() == 0 else ["unshare", "--map-root-user", "--mount"]
# $1: room on the disk, $2: where it goes, $3: what is on it at first, $4: file that gets the names before and after.
ON_SMALL_DISK = """
set -e
mount -t tmpfs tmpfs "$2"
cp -r "$3"/. "$2"
used=$(df --block-size=1 --output=used "$2" | tail -n 1)
mount -o remount,size=$((used + $1)) "$2"
files=$4
cd "$2"
find . -type f | sort > "$files.before"
shift 4
status=0
"$@" || status=$?
find . -type f -not -path './.checkpoints/*' | sort > "$files.after"
exit $status
"""


def _can_mount(folder: Path) -> bool:
    if not shutil.which("unshare"):
        return False
    command = [*NAMESPACE, "mount", "-t", "tmpfs", "tmpfs", str(folder)]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


@pytest.fixture(autouse=True)
def small_disks(tmp_path):
    if not _can_mount(tmp_path):
        pytest.skip("a small disk takes the right to mount one, or user namespaces")


def pages(paths: Iterable[Path]) -> int:
    """Bytes that files use on a tmpfs; folders use none."""
    return sum(-(-path.stat().st_size // PAGE) * PAGE for path in paths if path.is_file())


def run_on_small_disk(
    command: list[str], content: Path, room: int, folder: Path, environment: dict[str, str]
) -> tuple[subprocess.CompletedProcess, list[str], list[str]]:
    """Runs a command in a copy of `content` on a disk with so much room, in bytes, beside it.

    Returns the result of the command, and the names of all files before and after.
    """
    (folder / "disk").mkdir()
    arguments = [str(room), str(folder / "disk"), str(content), str(folder / "names"), *command]
    done = subprocess.run(
        [*NAMESPACE, "sh", "-c", ON_SMALL_DISK, "sh", *arguments],
        env=environment | {"PYTHONDONTWRITEBYTECODE": "1"},  # bytecode takes room, too
        capture_output=True,
        text=True,
        check=False,
    )
    before, after = ((folder / f"names.{when}").read_text().splitlines() for when in ("before", "after"))
    return done, before, after


def check_stage(bench: Bench, name: str, share: float, workers: int, folder: Path) -> None:
    """Runs a stage of the bench with room for a share of its output."""
    bench.make(name)
    content = folder / "content"
    shutil.copytree(bench.folder, content, ignore=shutil.ignore_patterns(".git", ".dvc", "__pycache__"))
    outputs = [content / output.relative_to(bench.folder) for output in bench.stages[name].outputs]
    needed = pages(path for output in outputs for path in [output, *output.rglob("*")])
    for output in outputs:
        shutil.rmtree(output) if output.is_dir() else output.unlink()
    room = int(share * needed / PAGE) * PAGE
    environment = bench.project.environment() | {"INK2EDGE_WORKERS": str(workers)}
    done, before, after = run_on_small_disk(bench.stages[name].command, content, room, folder, environment)
    assert done.returncode == 1, done.stderr
    told = done.stderr.splitlines()[-1]
    assert "expected free space on its disk, found none (No space left on device); free some and run again" in told
    assert "Traceback" not in done.stderr
    # Outputs that were complete before it may remain; the next run replaces them.
    assert set(before) <= set(after)
    left = [content / name for name in set(after) - set(before)]
    assert [path for path in left if not any(path.is_relative_to(output) for output in outputs)] == []


@pytest.mark.timeout(1800)
def test_a_disk_that_gets_full(bench, tmp_path):
    check_stage(bench, "strokes", 0.5, 2, tmp_path)


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize(
    ("name", "workers", "share"),
    [
        # Jobs write in many places, and at the end of others' work: full early, midway and at the last file.
        *itertools.product(DATA, [2], [0.05, 0.5, 0.95]),
        *itertools.product(DATA, [1], [0.5]),
        *itertools.product(REST, [1], [0.5]),
    ],
)
def test_any_disk_that_gets_full(bench, tmp_path, name, workers, share):
    check_stage(bench, name, share, workers, tmp_path)


UNPACK = """
from pipeline.formats.sources import expand, read_unit
from stages import run_stage

def main():
    for unit in expand("source.zip"):
        list(read_unit(unit))

run_stage(main)
"""


def test_no_room_to_unpack_a_zip_is_no_broken_zip(tmp_path):
    """The temporary folder is on the small disk; the zip fits, its unpacked content does not."""
    content = tmp_path / "content"
    for writer in (1001, 1002):
        write(tmp_path / f"source/{writer}-f.gnt", gnt(writer) * 20)
    content.mkdir()
    shutil.make_archive(str(content / "source"), "zip", tmp_path / "source")
    unpacked = (tmp_path / "source/1001-f.gnt").stat().st_size
    (content / "main.py").write_text(UNPACK)
    environment = os.environ | {"TMPDIR": str(tmp_path / "disk"), "PYTHONPATH": str(Path(__file__).parents[2])}
    done, before, after = run_on_small_disk(
        [sys.executable, "main.py"], content, PAGE + unpacked // 2, tmp_path, environment
    )
    assert done.returncode == 1, done.stderr
    assert (
        f"source.zip:1001-f.gnt: expected {unpacked} bytes of room in {tmp_path / 'disk'} to unpack it" in done.stderr
    )
    assert "Traceback" not in done.stderr
    assert after == before
