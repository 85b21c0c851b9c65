"""`--help` of every `python -m …` of the project explains its call and each option."""

from __future__ import annotations

import argparse
import importlib
import runpy
import sys
from functools import partial
from importlib.util import find_spec
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
ROOMS = ("pipeline", "benchmarks", "cluster", "fuzz", "stages")
INTERNAL = {"pipeline.jobs.worker", "cluster.worker"}  # the project itself starts them, with arguments of Beam's


def module_name(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__main__")


COMMANDS = sorted(
    module_name(path)
    for room in ROOMS
    for path in (ROOT / room).rglob("*.py")
    if '__name__ == "__main__"' in path.read_text(encoding="utf-8") and module_name(path) not in INTERNAL
)


def test_commands_are_found():
    assert {"pipeline.recognize", "pipeline.page.serve", "cluster.flink", "fuzz", "stages.train"} <= set(COMMANDS)


@pytest.mark.parametrize("command", COMMANDS)
def test_help_shows_the_call_and_every_option(command, monkeypatch, capsys):
    if command == "fuzz":
        pytest.importorskip("atheris", reason="no wheel of atheris for this machine")
    parsers = []
    print_help = argparse.ArgumentParser.print_help

    def recorded(parser, file=None):
        parsers.append(parser)
        print_help(parser, file)

    monkeypatch.setattr(argparse.ArgumentParser, "print_help", recorded)
    monkeypatch.setattr(sys, "argv", [command, "--help"])
    module = importlib.import_module(
        f"{command}.__main__" if find_spec(command).submodule_search_locations else command
    )
    # A stage leaves its command line to `run_stage`, which only its file as a script calls.
    call = (
        partial(runpy.run_path, module.__file__, run_name="__main__") if command.startswith("stages.") else module.main
    )
    with pytest.raises(SystemExit) as end:
        call()
    assert end.value.code == 0
    (parser,) = parsers
    shown = capsys.readouterr().out
    assert shown.startswith(f"usage: python -m {command} ")
    assert module.__doc__.strip() in shown
    assert f"python -m {command}" in module.__doc__
    assert [action.dest for action in parser._actions if not action.help] == []
