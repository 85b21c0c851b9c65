"""`dvc repro` of both branches, killed repeatedly with its child processes: it resumes each time with the same result.

INK2EDGE_KILLS=20 pytest tests/faults/test_dvc_kills.py -m slow -s      # half an hour on two idle cores
"""

import json
import os
import random
import shutil
import signal
import subprocess
import time

import pytest

from tests.faults.killing import KILLS, NETWORK, Bench, check_visible, snapshot, wait_until_gone


def repro(bench: Bench) -> subprocess.Popen:
    """`dvc repro` of everything, in a separate process group."""
    return subprocess.Popen(
        ["dvc", "repro", *(name for name in bench.stages if name not in NETWORK)],
        cwd=bench.folder,
        env=bench.project.environment() | {"INK2EDGE_WORKERS": "2"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def begin(bench: Bench) -> None:
    """Restores the state in which only `medians`, which needs the network, has run."""
    bench.clear()
    (bench.folder / "dvc.lock").unlink(missing_ok=True)
    shutil.rmtree(bench.folder / ".dvc/cache", ignore_errors=True)
    bench.project.run("dvc", "commit", "--force", "--quiet", "medians")


def mend_lock(bench: Bench) -> bool:
    """Removes DVC's own lock file if only half of it was written, as docs/faults.md says (treeverse/dvc#7615)."""
    lock = bench.folder / ".dvc/tmp/rwlock"
    if not lock.exists():
        return False
    try:
        json.loads(lock.read_bytes())
    except ValueError:
        lock.unlink()
        return True
    return False


@pytest.mark.slow
@pytest.mark.timeout(12 * 3600)
def test_a_repro_that_is_killed_again_and_again(bench, tmp_path, capsys):
    for name in bench.stages:
        bench.make(name)
    expected = bench.expected()
    twin = Bench(tmp_path / "twin")
    begin(twin)
    start = time.monotonic()
    output, _ = repro(twin).communicate()
    seconds = time.monotonic() - start
    assert snapshot(twin.folder) == expected, output
    begin(twin)
    rng, kills, ends, mended = random.Random(1), 0, 1, 0
    while kills < KILLS:
        with repro(twin) as process:
            try:
                output, _ = process.communicate(timeout=rng.uniform(0, seconds / 5))
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                kills += 1
            process.communicate()
        wait_until_gone(process.pid)
        check_visible(snapshot(twin.folder), expected)
        mended += mend_lock(twin)
        if process.returncode >= 0:
            assert snapshot(twin.folder) == expected, output
            begin(twin)
            ends += 1
    with repro(twin) as process:
        output, _ = process.communicate()
    assert snapshot(twin.folder) == expected, output
    with capsys.disabled():
        print(f"\ndvc repro: {KILLS} kills, {ends} undisturbed or finished between them, {seconds:.0f} s undisturbed")
        print(f"{mended} of the kills left half of DVC's own lock file")
