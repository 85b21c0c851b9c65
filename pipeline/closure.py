"""The project files that decide what a module does: itself, all modules that it imports, and their data files.

    closure("stages.train")        # paths relative to the repository root
    digest("pipeline.hccr.training")

Imports are direct or indirect, at the top of a file or inside a function. They are parsed from the sources; no code is
executed. The names of checkpoints and the test of dvc.yaml's dependencies both use this module, so they always agree.
"""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("pipeline", "stages")

# Modules that decide whether, where and how fast a stage runs, but no byte of its output.
EXEMPT = {
    "pipeline/ahead.py": "computes the same results in the same order",
    "pipeline/closure.py": "reads sources; its digest names checkpoints",
    "pipeline/command.py": "starts and ends commands",
    "pipeline/edge/quiet.py": "silences the C++ log",
    "pipeline/errors.py": "the exception for messages",
    "pipeline/files.py": "writes outputs completely or not at all",
    "pipeline/inputs.py": "reports inputs that change during a run",
    "pipeline/jobs/runner.py": "chooses the Beam runner; the bytes do not depend on it",
    "pipeline/jobs/worker.py": "one local Beam process",
    "pipeline/jobs/workers.py": "local Beam processes",
    "pipeline/npm.py": "installs what package-lock.json pins by hash",
    "pipeline/params.py": "dvc.yaml lists the values that a stage uses as its `params`",
    "pipeline/processes.py": "number of processes; the bytes do not depend on it",
    "pipeline/progress.py": "progress bars",
    "stages/__init__.py": "runs a stage's main()",
    "stages/paths.py": "dvc.yaml lists the paths as `deps` and `outs`",
}


def closure(module: str) -> frozenset[str]:
    """Returns the files that decide what `module` does, as POSIX paths below the repository root, without `EXEMPT`.

    A package's `__init__.py` counts only if it holds more than a docstring.
    """
    found: set[str] = set()
    waiting = [module]
    while waiting:
        path = _source(waiting.pop())
        if path is None or path in found:
            continue
        found.add(path)
        tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
        waiting += _imports(tree)
        found |= set(_data_files(path, tree))
    return frozenset(found - EXEMPT.keys())


@cache
def digest(module: str) -> str:
    """Returns the hex digest of the paths and bytes of `closure(module)`."""
    result = hashlib.blake2b(digest_size=16)
    for path in sorted(closure(module)):
        result.update(path.encode() + b"\0" + hashlib.blake2b((ROOT / path).read_bytes()).digest())
    return result.hexdigest()


def _source(module: str) -> str | None:
    """The path of a project module; None for a package whose `__init__.py` holds only a docstring."""
    base = ROOT.joinpath(*module.split("."))
    if base.with_suffix(".py").is_file():
        return base.with_suffix(".py").relative_to(ROOT).as_posix()
    package = base / "__init__.py"
    is_code = package.is_file() and len(ast.parse(package.read_text(encoding="utf-8")).body) > 1
    return package.relative_to(ROOT).as_posix() if is_code else None


def _imports(tree: ast.Module) -> Iterator[str]:
    """Yields the dotted names of the project modules that a module imports, and of the packages that hold them."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        else:
            continue
        for name in names:
            parts = name.split(".")
            if parts[0] in PACKAGES:
                yield from (".".join(parts[:length]) for length in range(1, len(parts) + 1))


def _data_files(path: str, tree: ast.Module) -> Iterator[str]:
    """Yields the data files that a module names with `Path(__file__).with_name("…")`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "with_name":
            names = [argument.value for argument in node.args if isinstance(argument, ast.Constant)]
            beside = [(ROOT / path).with_name(str(name)) for name in names]
            yield from (file.relative_to(ROOT).as_posix() for file in beside if file.is_file())
