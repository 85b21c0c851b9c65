"""Reads pictures of characters or formulas with a model of this project.

    python -m pipeline.recognize character.jpg                     # a table of candidates, the most likely first
    python -m pipeline.recognize --model hccr character.jpg        # by the one trained here, not the released
    python -m pipeline.recognize --model released-math page.jpg    # its formulas in LaTeX, and their symbols
    python -m pipeline.recognize --model math --json formula.jpg   # by the one trained here: also boxes, tree, MathML
    python -m pipeline.recognize --model bundle/model.tflite --draw found.png *.png

Pictures may have any size and colour mode, dark on light or light on dark; `-` is standard input. If some pictures
cannot be read, the command names them on stderr, reads the others and exits with status 1.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import sys
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from pipeline.artifacts import RELEASED, read_model
from pipeline.command import run_command
from pipeline.edge.detections import DEFAULT_THRESHOLD
from pipeline.errors import InkError
from pipeline.files import read_plain
from pipeline.formats.image import MAX_BYTES, ImageError, read_grey
from pipeline.recognize.reader import CANDIDATES, CharacterReading, Formula, FormulaReading, Reading, load_reader
from pipeline.report import tables
from pipeline.structure.tree import as_json
from pipeline.structure.writing import latex, mathml

DIGITS = 4  # decimals of shares in JSON
SYMBOL_HEADER = ("symbol", "score", "left", "top", "right", "bottom")
STANDARD_INPUT = "-"


def main(arguments: Sequence[str] | None = None) -> None:
    """Runs the command line; see the module docstring."""
    options = _parser().parse_args(arguments)
    if options.draw:
        from pipeline.recognize import drawing  # imports matplotlib, which takes a second

        drawing.check(options.draw, options.images)
    path, data = read_model(options.model)
    try:
        reader = load_reader(data, options.top, options.score)
    except InkError as error:
        raise InkError(f"{path}: {error}") from error
    outcomes: list[tuple[str, Reading | InkError]] = []
    shown = []
    for name in options.images:
        try:
            grey = read_picture(name)
            reading = reader.read(grey, printable(name))
        except InkError as error:
            outcomes.append((name, error))
            continue
        outcomes.append((name, reading))
        if options.draw:
            shown.append(drawing.show(grey, reading))
    _print(outcomes, options.json)
    if shown:
        drawing.draw(shown, options.draw)
    errors = [str(outcome) for _, outcome in outcomes if isinstance(outcome, InkError)]
    if errors:
        raise InkError("\n".join(errors))


def read_picture(name: str) -> np.ndarray:
    """The upright grey pixels of a file or of standard input, uint8 [height, width].

    Raises:
        InkError: the file is missing or is not a picture.
    """
    try:
        most = MAX_BYTES + 1
        data = sys.stdin.buffer.read(most) if name == STANDARD_INPUT else read_plain(name, most)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow's warnings: it reads or refuses the file anyway
            return read_grey(data)
    except (ImageError, OSError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise InkError(f"{printable(name)}: expected a picture, found none: {reason}") from error


def printable(name: str) -> str:
    """A name that is safe to print on a terminal: escapes characters that are not printable."""
    return "".join(char if char.isprintable() else repr(char)[1:-1] for char in name)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m pipeline.recognize", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("images", nargs="+", metavar="IMAGE", help="pictures, each of one character or of formulas")
    parser.add_argument(
        "--model",
        default=RELEASED,
        help="a .tflite file; released or released-math: characters (the default) or formulas, with the recogniser "
        "that came with the project; or an artifact of dvc.yaml, trained here: hccr for characters, math for formulas",
    )
    parser.add_argument(
        "--top",
        type=_count,
        metavar="N",
        help=f"candidates per character (default: {CANDIDATES}), symbols per formula (default: all)",
    )
    parser.add_argument(
        "--score",
        type=_share,
        default=DEFAULT_THRESHOLD,
        help="least score of a symbol, 0 to 1 (default: %(default)s)",
    )
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    parser.add_argument("--draw", type=Path, metavar="PNG", help="draw the pictures with their readings into this file")
    return parser


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"expected a whole number from 1 on, found {text!r}")
    return int(text)


def _share(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not 0 <= number <= 1:
        raise argparse.ArgumentTypeError(f"expected a number from 0 to 1, found {text!r}")
    return number


def _json(name: str, outcome: Reading | InkError) -> dict[str, Any]:
    match outcome:
        case CharacterReading(candidates, _, sure, known):
            found = [{"text": text, "confidence": round(share, DIGITS)} for text, share in candidates]
            return {"picture": name, "candidates": found, "sure": sure, "known": known}
        case FormulaReading(formulas):
            rows = [_json_formula(formula) for formula in formulas]
            only = rows[0] if len(rows) == 1 else {}  # a single formula also stands beside its picture
            return {"picture": name, **only, "formulas": rows}
    return {"picture": name, "error": str(outcome)}


def _json_formula(formula: Formula) -> dict[str, Any]:
    written = {"latex": latex(formula.tree), "mathml": mathml(formula.tree), "tree": as_json(formula.tree)}
    return {**written, "symbols": [_json_symbol(*symbol) for symbol in formula.symbols]}


def _json_symbol(text: str, score: float, box: tuple[float, float, float, float]) -> dict[str, Any]:
    top, left, bottom, right = (round(side, 1) for side in box)
    return {"text": text, "score": round(score, DIGITS), "left": left, "top": top, "right": right, "bottom": bottom}


def _print(outcomes: list[tuple[str, Reading | InkError]], as_json: bool) -> None:
    # A file name may contain bytes that are not UTF-8: prints them as JSON and Python do, like \udcff.
    sys.stdout.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    try:
        if as_json:
            print(json.dumps([_json(name, outcome) for name, outcome in outcomes], indent=2, ensure_ascii=False))
        else:
            _print_tables(outcomes)
        sys.stdout.flush()
    except (BrokenPipeError, SystemExit):  # the reader, e.g. `head`, has closed the pipe; rich raises SystemExit
        # Without this, Python prints an error about the remaining output when it exits.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _print_tables(outcomes: list[tuple[str, Reading | InkError]]) -> None:
    """Prints characters in one table, one row per picture, and one table per formula, one row per symbol."""
    characters = [(name, reading) for name, reading in outcomes if isinstance(reading, CharacterReading)]
    if characters:
        ranks = range(1, max(len(reading.candidates) for _, reading in characters) + 1)
        rows = [
            [printable(name), *(f"{text} {share:.1%}" for text, share in reading.candidates)]
            for name, reading in characters
        ]
        tables.show(("picture", *map(str, ranks)), rows)
    for name, character in characters:
        if not character.sure:
            print(f"{printable(name)}: not sure: the model knows {character.known:,} characters, and none fits well")
    for name, reading in outcomes:
        if isinstance(reading, FormulaReading):
            _print_formulas(printable(name), reading.formulas)


def _print_formulas(name: str, formulas: list[Formula]) -> None:
    count = sum(len(formula.symbols) for formula in formulas)
    several = f"{len(formulas)} formulas, " if len(formulas) > 1 else ""
    print(f"{name}: {several}{count or 'no'} symbol{'s' * (count != 1)}")
    for formula in formulas:
        if formula.symbols:
            print(latex(formula.tree))
            rows = [
                [text, f"{score:.1%}", *(f"{side:.0f}" for side in (left, top, right, bottom))]
                for text, score, (top, left, bottom, right) in formula.symbols
            ]
            tables.show(SYMBOL_HEADER, rows)


if __name__ == "__main__":
    run_command(main, "recognize")
