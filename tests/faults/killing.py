"""Stages of a tiny project, killed with SIGKILL while they run: their outputs after the kill and after the next run."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import random
import shlex
import signal
import subprocess
import time
import warnings
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from dvc.repo import Repo

from pipeline.files import remove
from pipeline.synthesis.hands.medians import encode_line
from tests.project import Project

KILLS = int(os.environ.get("INK2EDGE_KILLS", "4"))
"""How often the long tests kill each stage, and `dvc repro`. Four times try one process and two, all or the first."""

DATA = (
    *("faces", "strokes", "source", "decode", "split"),
    *("math-faces", "formulas", "math-source", "math-decode", "math-split"),
)
REST = (
    *("strokes-sheet", "train", "calibrate", "quantize@int8", "evaluate@dynamic", "report@dynamic"),
    *("formulas-sheet", "math-train", "math-quantize@dynamic", "math-evaluate@float16", "math-report@float16"),
    "compare",
)
"""All stages but those of `NETWORK`; of variants one each."""

NETWORK = ("medians", "app")
"""Stages that fetch packages; they write as the others do, by `atomic_directory`."""

GONE = 120  # seconds that processes have to end after the one that started them was killed; a busy machine is slow
PARTIAL = ".partial"  # in the name of every incomplete file
FOLDER = "a folder"

# Characters drawn with a ruler, for stage `strokes` without the network.
BAR, POST = ((100, 500), (920, 500)), ((510, 60), (510, 960))
TOP, BOTTOM = ((200, 800), (820, 800)), ((100, 120), (920, 120))
MEDIANS = {"一": [BAR], "二": [TOP, BOTTOM], "十": [BAR, POST], "工": [TOP, POST, BOTTOM]}
CHANGES: dict[str, dict[str, Any]] = {
    "strokes": {"classes": "".join(MEDIANS), "writers": 12, "samples": 3},
    "train": {"epochs": 3},
    "math": {"train": {"epochs": 2}},
}

Snapshot = dict[str, str]
"""Digest of every file of a project, by its path."""


class Stage(NamedTuple):
    """A stage in dvc.yaml."""

    name: str
    command: list[str]
    outputs: list[Path]
    needs: list[str]


class Kill(NamedTuple):
    """The result of one run."""

    in_time: bool  # before it was done
    half_written: bool  # something partial was there


class Bench:
    """A project whose stages run undisturbed once, at first use, and are killed afterwards."""

    def __init__(self, folder: Path) -> None:
        self.project = Project.make(folder)
        self.project.change_params(CHANGES)
        medians = folder / "data/raw/medians/medians.jsonl"
        medians.parent.mkdir(parents=True)
        medians.write_text("".join(encode_line(*item) for item in MEDIANS.items()), encoding="utf-8")
        self.folder = folder
        self.project.commit("before any run")  # DVCLive asks git for a commit
        self.stages = _stages(folder)
        self.clear()
        self._base = snapshot(folder)
        self._made: dict[str, Snapshot] = {name: {} for name in NETWORK}
        self._seconds: dict[tuple[str, int], float] = {}

    def make(self, name: str) -> None:
        """Runs a stage undisturbed, after those it needs."""
        if name not in self._made:
            stage = self.stages[name]
            for need in stage.needs:
                self.make(need)
            before = snapshot(self.folder)
            self.run(name, workers=2)
            self._made[name] = {path: digest for path, digest in snapshot(self.folder).items() if path not in before}

    def run(self, name: str, workers: int) -> None:
        """Runs a stage to its end, and notes how long it took."""
        start = time.monotonic()
        with self._start(name, workers) as process:
            output, _ = process.communicate()
        assert process.returncode == 0, output
        self._seconds[name, workers] = time.monotonic() - start

    def kill(self, name: str, workers: int, share: float, everyone: bool, anew: bool) -> Kill:
        """Runs a stage and kills it.

        Args:
            name: of the stage.
            workers: how many processes it may use.
            share: of the time that it takes undisturbed, at which it is killed.
            everyone: whether its whole process group is killed or the process alone that started the others.
            anew: whether its outputs are removed before, as DVC does.
        """
        self.make(name)
        if (name, workers) not in self._seconds:
            self.run(name, workers)
        if anew:
            self._clear(self.stages[name])
        with self._start(name, workers) as process:
            try:
                process.communicate(timeout=share * self._seconds[name, workers])
            except subprocess.TimeoutExpired:
                (os.killpg if everyone else os.kill)(process.pid, signal.SIGKILL)
            process.communicate()
        wait_until_gone(process.pid)
        assert process.returncode in (0, -signal.SIGKILL)
        left = snapshot(self.folder)
        check_visible(left, self.expected())
        self._check_whole(self.stages[name], left)
        return Kill(process.returncode != 0, any(PARTIAL in path for path in left))

    def check_complete(self) -> None:
        """Checks that the outputs are those of an undisturbed run, and that no other file exists."""
        assert snapshot(self.folder) == self.expected()

    def expected(self) -> Snapshot:
        """The outputs of undisturbed runs."""
        return self._base | {path: digest for made in self._made.values() for path, digest in made.items()}

    def clear(self) -> None:
        """Removes all outputs."""
        for stage in self.stages.values():
            self._clear(stage)

    def _check_whole(self, stage: Stage, found: Snapshot) -> None:
        """Checks that an output is complete or missing, and that those of all other stages are complete."""
        absent = set(self.expected()) - set(found)
        for output in stage.outputs:
            own = {path for path in self._made[stage.name] if (self.folder / path).is_relative_to(output)}
            assert absent & own in (set(), own)
            absent -= own
        assert all(self.expected()[path] == FOLDER for path in absent)

    def _start(self, name: str, workers: int) -> subprocess.Popen:
        return subprocess.Popen(
            self.stages[name].command,
            cwd=self.folder,
            env=self.project.environment() | {"INK2EDGE_WORKERS": str(workers)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def _clear(self, stage: Stage) -> None:
        for output in stage.outputs:
            remove(output)


def check_visible(found: Snapshot, expected: Snapshot) -> None:
    """Every file with a final name equals that of an undisturbed run."""
    visible = {path: digest for path, digest in found.items() if digest != FOLDER and _is_output(path)}
    assert visible == {path: expected.get(path) for path in visible}


def moments(seed: str, count: int) -> list[float]:
    """Shares of a whole, one drawn from each of several equal parts."""
    rng = random.Random(seed)
    return [(part + rng.random()) / count for part in range(count)]


def snapshot(folder: Path) -> Snapshot:
    """All files and folders of a project except those of DVC, git and Python."""
    paths = (path for path in folder.rglob("*") if not {".git", ".dvc", "dvc.lock", "__pycache__"} & set(path.parts))
    return {path.relative_to(folder).as_posix(): digest(path) for path in sorted(paths)}


def digest(path: Path) -> str:
    """SHA-256 of a file; for JSON, without times."""
    if path.is_dir():
        return FOLDER
    data = path.read_bytes()
    if path.suffix == ".json":
        with contextlib.suppress(ValueError, RecursionError):  # half a file is not what a whole one is
            data = json.dumps(_without_times(json.loads(data))).encode()
    if path.suffix == ".npz":  # differs from run to run in the time that its members have
        data = b"".join(array.tobytes() for _, array in sorted(np.load(path).items()))
    return hashlib.sha256(data).hexdigest()


def wait_until_gone(group: int) -> None:
    """Waits until no process of a group is left; fails if they do not end by themselves."""
    deadline = time.monotonic() + GONE
    while time.monotonic() < deadline:
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return
        time.sleep(0.05)
    os.killpg(group, signal.SIGKILL)
    raise AssertionError(f"processes outlived the one that started them by {GONE} s")


def _without_times(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_times(item) for key, item in value.items() if not {"ms", "cpu"} & set(key.split("_"))}
    return [_without_times(item) for item in value] if isinstance(value, list) else value


def _is_output(path: str) -> bool:
    """Whether a name stands for a complete file. The state of a training does not: it is temporary."""
    return PARTIAL not in path and not path.startswith(".checkpoints")


def _stages(folder: Path) -> dict[str, Stage]:
    with warnings.catch_warnings(), Repo(str(folder)) as repo:
        warnings.simplefilter("ignore", DeprecationWarning)  # DVC's own
        graph = repo.index.graph
        return {
            stage.name: Stage(
                stage.name,
                shlex.split(stage.cmd),
                [Path(out.fs_path) for out in stage.outs if stage.name not in NETWORK],
                [need.name for need in graph.successors(stage)],
            )
            for stage in repo.index.stages
        }
