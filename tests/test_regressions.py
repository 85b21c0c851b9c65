"""Runs each target's `check` on findings of fuzzing, hostile files made by hand, and the target's seeds.

A file in tests/regressions/<target>/ stays there for good. Fuzzing itself is `make fuzz`, see `fuzz`.
"""

import contextlib
import importlib
import resource
from pathlib import Path

import pytest

from fuzz import INPUT_BYTES, MEMORY_MB, REGRESSIONS, SECONDS, TARGETS

FILES = sorted(path for path in REGRESSIONS.rglob("*") if path.is_file())
SEEDS = [(name, index) for name in TARGETS for index in range(len(importlib.import_module(f"fuzz.{name}").seeds()))]
pytestmark = pytest.mark.timeout(SECONDS)


def check(target, data):
    """Runs within a memory limit: larger allocations fail."""
    with memory_bounded():
        importlib.import_module(f"fuzz.{target}").check(data)


@contextlib.contextmanager
def memory_bounded():
    """Address space may grow by `MEMORY_MB`; where the system does not tell its size (not Linux), without a bound."""
    statm = Path("/proc/self/statm")
    if not statm.exists():
        yield
        return
    pages = int(statm.read_text().split()[0])
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (pages * resource.getpagesize() + (MEMORY_MB << 20), hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(REGRESSIONS).as_posix())
def test_a_file_that_broke_something_once(path):
    assert path.parent.name in TARGETS
    data = path.read_bytes()
    assert len(data) <= INPUT_BYTES
    check(path.parent.name, data)


@pytest.mark.parametrize(("target", "index"), SEEDS)
def test_seeds_whole_and_cut_short(target, index):
    seed = importlib.import_module(f"fuzz.{target}").seeds()[index]
    for length in {len(seed), len(seed) - 1, len(seed) // 2, len(seed) // 4, 1}:
        check(target, seed[: max(length, 0)])


def test_every_target_has_regressions():
    assert {path.parent.name for path in FILES} == set(TARGETS)
    assert {path.stem for path in (REGRESSIONS.parents[1] / "fuzz").glob("*.py")} >= set(TARGETS)
