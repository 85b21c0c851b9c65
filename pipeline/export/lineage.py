"""Reads the lineage of a model from dvc.lock: the stages that produced it, and its metrics.

    lineage = read_lineage(Path("models/hccr/dynamic.tflite"), data)
    lineage.metrics["top1"], [stage.name for stage in lineage.stages]

The lock records the params of the actual run; the current params.yaml may differ. A model or metrics whose hashes
are not in the lock are refused, so the figures in a bundle always belong to its model file.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple

import yaml
from dvc_data.hashfile.tree import Tree

from pipeline import files
from pipeline.errors import InkError

LOCK = Path("dvc.lock")
CACHE = Path(".dvc/cache/files/md5")
METRICS = "metrics"  # folder of the metrics that stages write
TIMES = "times"  # folder of times, next to the metrics of each branch


class Stage(NamedTuple):
    """A stage as it was run: its params by key, and the MD5 of its inputs and outputs by path."""

    name: str
    params: Mapping[str, Any]
    deps: Mapping[str, str]
    outs: Mapping[str, str]


class Lineage(NamedTuple):
    """The lineage of one model.

    Attributes:
        stages: the stages that produced the model, each after the stages whose outputs it read; the last one wrote the
            model.
        evaluation: the stage that evaluated the model.
        metrics: the metrics that this stage wrote.
        report: the stage that shows the model's errors; None if the lock has none.
    """

    stages: list[Stage]
    evaluation: Stage
    metrics: Mapping[str, Any]
    report: Stage | None

    @property
    def sources(self) -> dict[str, str]:
        """Samples that no stage made: MD5 by path. Charsets do not count, because they hold no samples."""
        made = {path for stage in self.stages for path in stage.outs}
        read = {path: digest for stage in self.stages for path, digest in stage.deps.items()}
        return {
            path: digest for path, digest in read.items() if _holds_samples(path) and _output_with(path, made) is None
        }


def read_lineage(path: Path, data: bytes) -> Lineage:
    """Looks up a model in the dvc.lock of the current folder.

    Args:
        path: path of the model, in the project.
        data: content of the file.

    Raises:
        InkError: the lock does not have this version of the model or of its metrics.
    """
    stages = _read_lock()
    writers = ((name, stage) for name in _project_names(path) for stage in stages.values() if name in stage.outs)
    name, writer = next(writers, ("", None))
    if writer is None:
        raise InkError(f"{path}: expected a model that a stage of {LOCK} wrote, found none that did; run `dvc repro`")
    _check(path, data, writer.outs[name], writer.name)
    evaluation, metrics = _evaluation(stages, name, writer)
    return Lineage(list(_upstream(stages, writer)), evaluation, metrics, _report(stages, path.stem, evaluation))


def read_output(stage: Stage, name: str) -> Any:
    """The content of a JSON file that a stage wrote; see `read_output_bytes`."""
    return json.loads(read_output_bytes(stage, name))


def read_output_bytes(stage: Stage, name: str) -> bytes:
    """The content of a file that a stage wrote.

    Raises:
        InkError: the file is missing, or has changed since the stage wrote it.
    """
    path = Path(name)
    try:
        data = path.read_bytes()
    except OSError as error:
        raise InkError(f"{path}: expected the output of `{stage.name}`, found none; run `dvc checkout`") from error
    _check(path, data, stage.outs[name], stage.name)
    return data


def _read_lock() -> dict[str, Stage]:
    try:
        stages = yaml.safe_load(LOCK.read_text(encoding="utf-8"))["stages"]
        return {
            name: Stage(
                name,
                {key: value for file in stage.get("params", {}).values() for key, value in file.items()},
                {dep["path"]: dep["md5"] for dep in stage.get("deps", [])},
                {out["path"]: out["md5"] for out in stage.get("outs", [])},
            )
            for name, stage in stages.items()
        }
    except FileNotFoundError as error:
        raise InkError(f"{LOCK}: expected the project's lock, found none; run from the repository root") from error
    except (OSError, ValueError, KeyError, TypeError, AttributeError, yaml.YAMLError) as error:
        raise InkError(f"{LOCK}: expected a DVC lock, found something else ({error}); run `dvc repro`") from error


def _project_names(path: Path) -> list[str]:
    """The names that the lock may have for a file: DVC may link a file to its cache, and a link may point to that."""
    files = [path]
    while files[-1].is_symlink():
        files.append(files[-1].parent / os.readlink(files[-1]))
    # Resolves folders only, because the lock contains the names of links.
    places = [file.parent.resolve() / file.name for file in files]
    names = [place.relative_to(Path.cwd()).as_posix() for place in places if place.is_relative_to(Path.cwd())]
    if not names:
        raise InkError(f"{path}: expected a model of the project in {Path.cwd()}, found one elsewhere")
    return names


def _check(path: Path, data: bytes, expected: str, stage: str) -> None:
    found = hashlib.md5(data, usedforsecurity=False).hexdigest()
    if found != expected:
        raise InkError(
            f"{path}: expected the file that `{stage}` wrote (MD5 {expected}), found another ({found}); run `dvc repro`"
        )


def _evaluation(stages: Mapping[str, Stage], model: str, writer: Stage) -> tuple[Stage, dict[str, Any]]:
    """The stage that measured this model, and its metrics: quality and, if measured on this machine, times.

    A stage that reads several models counts only if its metrics have the model's name.
    """
    for stage in stages.values():
        for name in stage.outs:
            if model in stage.deps and name.startswith(f"{METRICS}/") and Path(name).stem == Path(model).stem:
                if stage.deps[model] != writer.outs[model]:
                    raise InkError(
                        f"{model}: `{stage.name}` measured another version of it; run `dvc repro {stage.name}`"
                    )
                return stage, read_output(stage, name) | _times(Path(name))
    raise InkError(f"{model}: expected a stage of {LOCK} that measured it, found none; run `dvc repro`")


def _times(metrics: Path) -> dict[str, Any]:
    """The times that the evaluation measured on this machine; empty if it ran on another. The lock holds no times."""
    path = metrics.parent / TIMES / metrics.name
    return files.read_json(path) if path.exists() else {}


def _report(stages: Mapping[str, Stage], variant: str, evaluation: Stage) -> Stage | None:
    """The stage that draws the errors of this variant from the outputs of its evaluation; None if there is none."""
    for stage in stages.values():
        reads = any(evaluation.outs.get(path) == digest for path, digest in stage.deps.items())
        if reads and all(Path(name).stem == variant for name in stage.outs):
            return stage
    return None


def _holds_samples(path: str) -> bool:
    return path.startswith("data/") and not path.startswith("data/charsets/")


def _upstream(stages: Mapping[str, Stage], last: Stage) -> Iterator[Stage]:
    writers = {path: stage for stage in stages.values() for path in stage.outs}
    done = set()

    def visit(stage: Stage) -> Iterator[Stage]:
        if stage.name in done:
            return
        done.add(stage.name)
        for path, digest in stage.deps.items():
            output = _output_with(path, writers)
            if output is None:
                continue
            made = writers[output].outs[output]
            if (made if output == path else _hash_within(made, path.removeprefix(f"{output}/"))) not in (digest, None):
                raise InkError(f"{LOCK}: `{stage.name}` read another version of {path}; run `dvc repro`")
            yield from visit(writers[output])
        yield stage

    return visit(last)


def _output_with(path: str, outputs: Collection[str]) -> str | None:
    """The output that is `path` or a folder that contains it; None if there is none."""
    return next((name for name in (path, *map(str, PurePosixPath(path).parents)) if name in outputs), None)


def _hash_within(folder: str, path: str) -> str | None:
    """DVC's hash of what lies within a folder, by the list of files in DVC's cache; None if the list is not there.

    Args:
        folder: hash of the folder.
        path: of a file or folder in it.
    """
    try:
        entries = json.loads((CACHE / folder[:2] / folder[2:]).read_bytes())
    except OSError:
        return None
    if found := [entry["md5"] for entry in entries if entry["relpath"] == path]:
        return str(found[0])
    start = f"{path}/"
    inside = [entry for entry in entries if entry["relpath"].startswith(start)]
    tree = Tree.from_list([entry | {"relpath": entry["relpath"].removeprefix(start)} for entry in inside])
    tree.digest()
    return tree.hash_info.value
