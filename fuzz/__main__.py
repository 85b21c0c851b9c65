"""Runs libFuzzer (through atheris) on one target, within the limits defined in `fuzz`.

    python -m fuzz gnt --runs 1000000

The corpus grows in .fuzz/<target>/ and is kept for the next run. An input that breaks the contract, or exceeds the
limit of memory or time, ends the run and is stored in .fuzz/found/. Make it smaller (`--minimise FILE` writes smaller
inputs to the same folder), fix the reader, and keep the input as tests/regressions/<target>/<short description>.
"""

from __future__ import annotations

import argparse
import importlib
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path
from types import ModuleType

import atheris

from fuzz import INPUT_BYTES, MEMORY_MB, REGRESSIONS, SECONDS, TARGETS
from pipeline.command import command_parser

WORK = Path(".fuzz")
MEMORY_FOLDER = Path("/dev/shm")
# Executions per process. Code that atheris instruments leaks up to 10 kB per execution; without atheris nothing leaks.
ROUND = 50_000


def main() -> None:
    """Runs the target. Does not return: libFuzzer ends the process."""
    parser = command_parser("fuzz", __doc__)
    parser.add_argument("target", choices=TARGETS, help="the reader to fuzz, a module of fuzz/")
    parser.add_argument("--runs", type=int, metavar="N", default=100_000, help="executions (default: %(default)s)")
    parser.add_argument(
        "--corpus", type=Path, metavar="FOLDER", help="folder of the growing corpus (default: .fuzz/TARGET)"
    )
    parser.add_argument("--minimise", type=Path, metavar="FILE", help="make this failing input smaller instead")
    parser.add_argument("libfuzzer", nargs="*", help=argparse.SUPPRESS)  # libFuzzer's arguments, after `--`
    arguments = parser.parse_args()
    if arguments.runs > ROUND and not arguments.libfuzzer and not arguments.minimise:
        _run_in_rounds(arguments.runs)
    if MEMORY_FOLDER.is_dir():
        tempfile.tempdir = str(MEMORY_FOLDER)  # a disk would limit the speed
    with atheris.instrument_imports(include=["pipeline"]):
        target = importlib.import_module(f"fuzz.{arguments.target}")
    if arguments.libfuzzer:
        inputs = arguments.libfuzzer
    elif arguments.minimise:
        inputs = [str(arguments.minimise), "-minimize_crash=1", *_options(arguments.runs, target)]
    else:
        corpus = arguments.corpus or WORK / arguments.target
        _write_seeds(target.seeds(), corpus)
        # libFuzzer adds inputs to the first folder and only reads the others.
        inputs = [str(corpus), str(REGRESSIONS / arguments.target), *_options(arguments.runs, target)]
    # To minimise, libFuzzer repeatedly runs its command line through a shell.
    command = f"{shlex.quote(sys.executable)} -m fuzz {arguments.target} --"
    atheris.Setup([command, *inputs], target.check)
    atheris.Fuzz()


def _run_in_rounds(runs: int) -> None:
    """Runs this command once per round, with a common corpus; then exits."""
    for done in range(0, runs, ROUND):
        command = [sys.executable, "-m", "fuzz", *sys.argv[1:], "--runs", str(min(ROUND, runs - done))]
        if status := subprocess.run(command, check=False).returncode:
            sys.exit(status)
    sys.exit(0)


def _write_seeds(seeds: list[bytes], corpus: Path) -> None:
    corpus.mkdir(parents=True, exist_ok=True)
    for index, seed in enumerate(seeds):
        (corpus / f"seed-{index:03d}").write_bytes(seed)


def _options(runs: int, target: ModuleType) -> list[str]:
    found = WORK / "found"
    found.mkdir(parents=True, exist_ok=True)
    options = [
        f"-runs={runs}",
        f"-timeout={SECONDS}",
        f"-rss_limit_mb={MEMORY_MB}",
        f"-malloc_limit_mb={MEMORY_MB}",
        f"-max_len={INPUT_BYTES}",
        f"-artifact_prefix={found}/",
        "-print_final_stats=1",
    ]
    if tokens := getattr(target, "TOKENS", ()):
        words = WORK / "words.dict"
        words.write_text("".join(f'"{_escaped(token)}"\n' for token in tokens), encoding="ascii")
        options.append(f"-dict={words}")
    return options


def _escaped(token: str) -> str:
    return "".join(f"\\x{byte:02x}" for byte in token.encode())


if __name__ == "__main__":
    main()
