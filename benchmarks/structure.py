"""Measures how many formulas of CROHME get the right structure, if their symbols and boxes are known.

    python -m benchmarks.structure CROHME/TestINKMLGT        # folders or files of InkML with MathML

The symbols and the boxes are the true ones, so only `pipeline.structure.parsing` is measured. Files whose MathML does
not name each of their symbols once are left out and counted; a symbol with another label there than in the ink has that
of the ink. `--wrong N` prints N formulas that were read wrong, `--output FILE` writes the figures as JSON. Takes about
ten seconds per thousand formulas.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np

from pipeline.command import command_parser, run_command
from pipeline.files import write_json
from pipeline.formats.inkml import InkmlError, read_inkml
from pipeline.formats.symbols import canonical
from pipeline.report import tables
from pipeline.scoring.expressions import Expressions, compare, relations_right
from pipeline.structure.mathml import MathmlError, read_truth
from pipeline.structure.parsing import parse
from pipeline.structure.tree import Row, with_rows
from pipeline.structure.writing import latex


class KnownFormula(NamedTuple):
    """A formula whose symbols, boxes (float64 [n, 4]: ymin, xmin, ymax, xmax) and structure are known."""

    labels: list[str]
    boxes: np.ndarray
    tree: Row


def read_known(data: bytes) -> KnownFormula | None:
    """Reads an InkML file; None if it is no formula, or if its MathML does not name its symbols."""
    try:
        ink, truth = read_inkml(data), read_truth(data)
    except (InkmlError, MathmlError):
        return None
    hrefs = ["".join(name.split()) for name in truth.hrefs]
    place = {name: index for index, name in enumerate(hrefs)}
    if len(place) != len(hrefs) or len(hrefs) != len(ink.symbols) or sorted(hrefs) != sorted(truth.names):
        return None
    labels = [canonical(symbol.label) for symbol in ink.symbols]
    corners = [extent([ink.traces[index] for index in symbol.traces]) for symbol in ink.symbols]
    numbers = [place[name] for name in truth.names]
    return KnownFormula(labels, np.array(corners), _renumbered(truth.tree, numbers, labels))


def extent(strokes: Sequence[np.ndarray]) -> np.ndarray:
    """The common box of strokes, each [points, 2] (x, y): float64 [4], ymin, xmin, ymax, xmax."""
    points = np.concatenate(strokes).astype(np.float64)[:, ::-1]
    return np.concatenate([points.min(axis=0), points.max(axis=0)])


def _renumbered(tree: Row, numbers: Sequence[int], labels: Sequence[str]) -> Row:
    return tuple(
        with_rows(
            replace(node, symbol=numbers[node.symbol], label=labels[numbers[node.symbol]]),
            {relation: _renumbered(inner, numbers, labels) for relation, inner in node.around()},
        )
        for node in tree
    )


def files_of(sources: Sequence[Path]) -> Iterator[Path]:
    """Yields InkML files, those of a folder in the order of their names."""
    for source in sources:
        yield from sorted(source.rglob("*.inkml")) if source.is_dir() else [source]


def main(arguments: Sequence[str] | None = None) -> None:
    """Runs the command line; see the module docstring."""
    parser = command_parser("benchmarks.structure", __doc__)
    parser.add_argument("sources", nargs="+", type=Path, metavar="SOURCE", help="folders or files of InkML")
    parser.add_argument("--wrong", type=int, default=0, metavar="N", help="print N formulas that were read wrong")
    parser.add_argument("--output", type=Path, metavar="FILE", help="write the figures as JSON")
    options = parser.parse_args(arguments)
    total, left_out, right, relations = Expressions(), 0, 0, 0
    shown: list[tuple[str, str, str]] = []
    for path in files_of(options.sources):
        known = read_known(path.read_bytes())
        if known is None:
            left_out += 1
            continue
        found = parse(known.labels, known.boxes)
        one = compare(known.tree, found)
        total += one
        matched, count = relations_right(known.tree, found)
        right, relations = right + matched, relations + count
        if not one.structure and len(shown) < options.wrong:
            shown.append((path.name, latex(known.tree), latex(found)))
    figures = {
        "formulas": total.total,
        "left_out": left_out,
        "trees_right": round(total.share(0), 5),
        "relations_right": round(right / max(relations, 1), 5),
    }
    tables.show(("formulas", "left out", "trees right", "relations right"), [
        [f"{total.total:,}", str(left_out), f"{total.share(0):.1%}", f"{right / max(relations, 1):.2%}"]
    ])  # fmt: skip
    for name, truth, read in shown:
        print(f"{name}: {truth}\n    read as {read}")
    if options.output:
        write_json(options.output, figures)


if __name__ == "__main__":
    run_command(main, "structure")
