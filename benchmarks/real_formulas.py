"""Reads real handwritten formulas with a detector: symbols by CROHME's stroke metrics, and whole formulas by ExpRate.

    python -m benchmarks.real_formulas CROHME/TestEM2014GT --model models/math/float16.tflite

Each SET is a folder of InkML; it gives a row per model. Ink is drawn on the model's canvas, its strokes are grouped by
the detections, and the groups are put together by `pipeline.structure`, as on the page. Formulas with a symbol that the
model does not know count as read wrong, and are counted; those whose MathML does not name their symbols have no true
structure, and count for the symbols only. `--output FILE` writes the rows as JSON. Takes about 15 ms per formula.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.structure import files_of, read_known
from pipeline.command import command_parser, run_command
from pipeline.edge import metadata
from pipeline.edge.detections import DEFAULT_THRESHOLD, read_detections
from pipeline.edge.litert import Runner
from pipeline.edge.segments import places, segment
from pipeline.files import write_json
from pipeline.formats.inkml import InkmlError, InkmlFormula, read_inkml
from pipeline.formats.symbols import canonical
from pipeline.ink.canvas import draw_ink
from pipeline.progress import progress
from pipeline.recognize.reader import model_frame
from pipeline.report import tables
from pipeline.scoring.expressions import Expressions, compare
from pipeline.scoring.strokes import Counts, StrokeTruth, count
from pipeline.structure.parsing import parse
from pipeline.structure.tree import Row

UNKNOWN = -1  # label of a symbol that the model does not know
SHARES = (
    ("segments_recall", "segments"),
    ("seg_class_recall", "seg+class"),
    ("exprate", "ExpRate"),
    ("at_most_1", "≤ 1"),
    ("at_most_2", "≤ 2"),
    ("structure", "structure"),
)


@dataclass(frozen=True)
class Figures:
    """What a model read of one set or of one formula."""

    formulas: int = 0
    unknown: int = 0  # formulas with a symbol that the model does not know
    counts: Counts = field(default_factory=Counts)
    expressions: Expressions = field(default_factory=Expressions)

    def __add__(self, other: Figures) -> Figures:
        return Figures(
            self.formulas + other.formulas,
            self.unknown + other.unknown,
            self.counts + other.counts,
            self.expressions + other.expressions,
        )


class Reader:
    """Reads ink with one model.

    Args:
        data: content of a .tflite file that finds symbols.
        score: least score of a symbol, 0 to 1.
    """

    def __init__(self, data: bytes, score: float) -> None:
        description = metadata.read(data)
        self._labels, self._frame = description.labels, model_frame(data, description.normalisation)
        self._known = {label: index for index, label in enumerate(self._labels)}
        self._runner, self._score = Runner(data), score

    def measure(self, ink: InkmlFormula, truth: Row | None) -> Figures:
        """Reads the ink of one formula, and compares it with its true symbols and, if known, its structure."""
        symbols = [self._known.get(canonical(symbol.label), UNKNOWN) for symbol in ink.symbols]
        picture = draw_ink(ink.traces, [symbol.traces for symbol in ink.symbols], self._frame)
        found = places(read_detections(self._runner.outputs(picture.image[None, ..., None]), len(self._labels), "ink"))
        segments = segment(picture.strokes, found, self._score)
        counts = count(StrokeTruth([frozenset(members) for members in picture.symbol_strokes], symbols), segments)
        expressions = Expressions()
        if truth is not None:
            boxes = [_extent([picture.strokes[index] for index in one.strokes]) for one in segments]
            tree = parse([self._labels[one.label] for one in segments], np.array(boxes).reshape(-1, 4))
            expressions = compare(truth, tree)
        return Figures(1, int(UNKNOWN in symbols), counts, expressions)


def _extent(strokes: Sequence[np.ndarray]) -> np.ndarray:
    """The common box of strokes, float64 [4]: ymin, xmin, ymax, xmax."""
    points = np.concatenate(strokes).astype(np.float64)[:, ::-1]
    return np.concatenate([points.min(axis=0), points.max(axis=0)])


def rows(models: Sequence[Path], sources: Sequence[Path], score: float) -> Iterator[dict[str, Any]]:
    """Yields the figures of each set, model by model."""
    for model in models:
        reader = Reader(model.read_bytes(), score)
        for source in sources:
            total = Figures()
            files = list(files_of([source]))
            for path in progress(files, total=len(files), desc=f"{model.stem}, {source.name}", unit="formulas"):
                data = path.read_bytes()
                try:
                    ink = read_inkml(data)
                except InkmlError:
                    continue
                known = read_known(data)
                total += reader.measure(ink, None if known is None else known.tree)
            yield _row(model, source, total)


def _row(model: Path, source: Path, total: Figures) -> dict[str, Any]:
    counts, expressions = total.counts, total.expressions
    return {
        "set": source.name,
        "variant": model.stem,
        "formulas": total.formulas,
        "symbols": counts.symbols,
        "structured": expressions.total,
        "unknown": total.unknown,
        "segments_recall": round(counts.recall, 4),
        "seg_class_recall": round(counts.class_recall, 4),
        "exprate": round(expressions.share(0), 4),
        "at_most_1": round(expressions.share(1), 4),
        "at_most_2": round(expressions.share(2), 4),
        "structure": round(expressions.structure_rate, 4),
    }


def main(arguments: Sequence[str] | None = None) -> None:
    """Prints the table, and writes it if asked to."""
    parser = command_parser("benchmarks.real_formulas", __doc__)
    parser.add_argument("sets", nargs="+", type=Path, metavar="SET", help="folder of InkML files")
    parser.add_argument(
        "--model", type=Path, action="append", required=True, help="a .tflite file that finds symbols; may be repeated"
    )
    parser.add_argument(
        "--score", type=float, default=DEFAULT_THRESHOLD, help="least score of a symbol (default: %(default)s)"
    )
    parser.add_argument("--output", type=Path, help="JSON file to write")
    options = parser.parse_args(arguments)
    found = list(rows(options.model, options.sets, options.score))
    header = ("set", "model", "formulas", "symbols", *(title for _, title in SHARES))
    tables.show(
        header,
        [
            [row["set"], row["variant"], f"{row['formulas']:,}", f"{row['symbols']:,}"]
            + [f"{row[name]:.2%}" for name, _ in SHARES]
            for row in found
        ],
    )
    if options.output:
        write_json(options.output, found)


if __name__ == "__main__":
    run_command(main, "benchmarks.real_formulas")
