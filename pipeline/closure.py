"""What a module is made of: the project modules that it imports, directly or through others, and files beside them.

    closure("stages.train")        # paths relative to the repository root
    digest("pipeline.hccr.training")

Imports are read from the sources, those within functions too; nothing is executed. Both the names that a checkpoint is
kept under and the test of dvc.yaml's dependencies come from here, so that they cannot disagree.
"""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("pipeline", "stages")

# Modules that decide whether, where and how fast a stage runs, but no byte of what it writes.
EXEMPT = {
    "pipeline/ahead.py": "threads that compute the same results in the same order",
    "pipeline/closure.py": "reads sources; its digest names checkpoints",
    "pipeline/command.py": "how a command ends",
    "pipeline/edge/quiet.py": "silences the C++ log",
    "pipeline/errors.py": "the exception for messages",
    "pipeline/files.py": "outputs are written completely or not at all",
    "pipeline/inputs.py": "an input that changes is an error",
    "pipeline/jobs/runner.py": "where Beam runs; the bytes do not depend on it",
    "pipeline/jobs/worker.py": "one local Beam process",
    "pipeline/jobs/workers.py": "local Beam processes",
    "pipeline/npm.py": "installs what package-lock.json pins by hash",
    "pipeline/params.py": "the values that a stage uses are its `params` in dvc.yaml",
    "pipeline/processes.py": "number of processes; the bytes do not depend on it",
    "pipeline/progress.py": "progress bars",
    "stages/__init__.py": "runs a stage's main()",
    "stages/paths.py": "the paths are `deps` and `outs` in dvc.yaml",
}


def closure(module: str) -> frozenset[str]:
    """Files that decide what `module` does: POSIX paths below the repository root, without those that are exempt.

    Packages' own `__init__.py` count only if they hold more than a docstring.
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
        found |= set(_files_beside(path, tree))
    return frozenset(found - EXEMPT.keys())


@cache
def digest(module: str) -> str:
    """Hex digest of the names and bytes of `closure(module)`."""
    result = hashlib.blake2b(digest_size=16)
    for path in sorted(closure(module)):
        result.update(path.encode() + b"\0" + hashlib.blake2b((ROOT / path).read_bytes()).digest())
    return result.hexdigest()


def _source(module: str) -> str | None:
    """The file of a project module; None for a package whose `__init__.py` holds a docstring only."""
    base = ROOT.joinpath(*module.split("."))
    if base.with_suffix(".py").is_file():
        return base.with_suffix(".py").relative_to(ROOT).as_posix()
    package = base / "__init__.py"
    is_code = package.is_file() and len(ast.parse(package.read_text(encoding="utf-8")).body) > 1
    return package.relative_to(ROOT).as_posix() if is_code else None


def _imports(tree: ast.Module) -> Iterator[str]:
    """Dotted names of the project modules that the statements of a module import, packages among them."""
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


def _files_beside(path: str, tree: ast.Module) -> Iterator[str]:
    """Data files that a module names by `Path(__file__).with_name("…")`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "with_name":
            names = [argument.value for argument in node.args if isinstance(argument, ast.Constant)]
            beside = [(ROOT / path).with_name(str(name)) for name in names]
            yield from (file.relative_to(ROOT).as_posix() for file in beside if file.is_file())
