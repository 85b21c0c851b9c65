"""`python -m fuzz`: runs a target within its limits, reports inputs that break it, and minimises them."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from fuzz import TARGETS
from tests.project import ROOT

fuzz_main = pytest.importorskip("fuzz.__main__")  # which needs atheris
# In place of a reader: one that breaks on three bytes.
BROKEN = """
import sys, types

target = types.ModuleType("fuzz.gnt")

def check(data):
    assert b"BUG" not in data

target.check, target.seeds = check, lambda: [b"good"]
sys.modules["fuzz.gnt"] = target
"""


def fuzz(*arguments: str, folder: Path) -> subprocess.CompletedProcess:
    # The shell forks it: Linux hands the peak memory of a process on to what it starts, and libFuzzer has a bound for
    # it, which the process of the tests may exceed.
    return subprocess.run(
        ["sh", "-c", '"$@"; exit $?', "sh", sys.executable, "-m", "fuzz", *arguments],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": f"{folder}{os.pathsep}{ROOT}"},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.timeout(600)
@pytest.mark.parametrize("target", TARGETS)
def test_a_target_runs(target, tmp_path):
    done = fuzz(target, "--runs", "300", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "stat::number_of_executed_units:" in done.stderr
    assert list((tmp_path / ".fuzz/found").iterdir()) == []
    assert len(list((tmp_path / ".fuzz" / target).iterdir())) >= 2


def test_many_executions_are_spread_over_processes(tmp_path, monkeypatch):
    commands = []

    def run(command, check):
        commands.append(command[3:])
        return subprocess.CompletedProcess(command, 0 if len(commands) < 3 else 77)

    monkeypatch.setattr(fuzz_main.subprocess, "run", run)
    monkeypatch.setattr(fuzz_main, "ROUND", 10)
    for runs, status in ((15, 0), (99, 77)):
        monkeypatch.setattr(sys, "argv", ["fuzz", "gnt", "--runs", str(runs)])
        with pytest.raises(SystemExit) as end:
            fuzz_main.main()
        assert end.value.code == status
    assert [command[-1] for command in commands] == ["10", "5", "10"]
    assert commands[0] == ["gnt", "--runs", "15", "--runs", "10"]


@pytest.mark.timeout(600)
def test_what_breaks_is_kept_and_made_small(tmp_path):
    (tmp_path / "sitecustomize.py").write_text(BROKEN)
    large = tmp_path / "large"
    large.write_bytes(bytes(range(40)) + b"BUG" + bytes(range(40)))
    done = fuzz("gnt", "--minimise", str(large), "--runs", "3000", folder=tmp_path)
    found = min((tmp_path / ".fuzz/found").iterdir(), key=lambda path: path.stat().st_size)
    assert b"BUG" in found.read_bytes(), done.stdout + done.stderr
    assert found.stat().st_size <= large.stat().st_size / 2  # mostly 3 bytes; libFuzzer draws anew in every run
    assert str(found.relative_to(tmp_path)) in done.stdout + done.stderr


def test_what_does_not_break_is_not_made_small(tmp_path):
    good = tmp_path / "good"
    good.write_bytes(b"")
    done = fuzz("gnt", "--minimise", str(good), "--runs", "10", folder=tmp_path)
    assert done.returncode == 1
    assert "did not crash" in done.stdout + done.stderr
