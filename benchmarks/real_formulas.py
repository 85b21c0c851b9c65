"""Reads real handwritten formulas with a detector: symbols by CROHME's stroke metrics, and whole formulas by ExpRate.

    python -m benchmarks.real_formulas CROHME/TestEM2014GT --model models/math/float16.tflite

Each SET is a folder of InkML; it gives a row per model. Ink is drawn on the model's canvas, its strokes are grouped by
the detections, and the groups are put together by `pipeline.structure`, as on the page (which has its own threshold,
see `--score`). Formulas with a symbol that the model does not know count as read wrong, and are counted; those whose
MathML does not name their symbols have no true structure, and count for the symbols only; files without a formula are
left out and counted. "true names" is the ExpRate if each segment that is a symbol had its true name. `--confusions 20`
prints the most frequent wrong names, `--output FILE` writes the rows as JSON. Takes about 15 ms per formula.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from benchmarks.structure import extent, files_of, read_known
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
from pipeline.scoring.expressions import Expressions, compare, sum_expressions
from pipeline.scoring.strokes import Counts, StrokeTruth, count, sum_counts
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
    ("exprate_true_names", "true names"),
)


class Figures(NamedTuple):
    """What a model read of one formula.

    Attributes:
        unknown: whether it has a symbol that the model does not know.
        counts: its symbols and segments.
        expressions: the formula, if its structure is known.
        named: the same if each segment that is a symbol had its true name.
        misnamed: true and read name of the symbols that were found, but not read.
    """

    unknown: bool
    counts: Counts
    expressions: Expressions
    named: Expressions
    misnamed: Sequence[tuple[str, str]]


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
        names = [canonical(symbol.label) for symbol in ink.symbols]
        picture = draw_ink(ink.traces, [symbol.traces for symbol in ink.symbols], self._frame)
        found = places(read_detections(self._runner.outputs(picture.image[None, ..., None]), len(self._labels), "ink"))
        segments = segment(picture.strokes, found, self._score)
        symbols = [frozenset(members) for members in picture.symbol_strokes]
        labels = [self._known.get(name, UNKNOWN) for name in names]
        read = [self._labels[one.label] for one in segments]
        true = dict(zip(symbols, names, strict=True))
        right = [true.get(one.strokes, name) for one, name in zip(segments, read, strict=True)]
        expressions = named = Expressions()
        if truth is not None:
            boxes = np.array([extent([picture.strokes[i] for i in one.strokes]) for one in segments]).reshape(-1, 4)
            expressions, named = (compare(truth, parse(texts, boxes)) for texts in (read, right))
        return Figures(
            UNKNOWN in labels,
            count(StrokeTruth(symbols, labels), segments),
            expressions,
            named,
            [pair for pair in zip(right, read, strict=True) if pair[0] != pair[1]],
        )


def rows(models: Sequence[Path], sources: Sequence[Path], score: float, most: int) -> Iterator[dict[str, Any]]:
    """Yields the figures of each set, model by model, and with `most`, its most frequent confusions."""
    for model in models:
        reader = Reader(model.read_bytes(), score)
        for source in sources:
            figures, left_out = [], 0
            files = list(files_of([source]))
            for path in progress(files, total=len(files), desc=f"{model.stem}, {source.name}", unit="formulas"):
                data = path.read_bytes()
                try:
                    ink = read_inkml(data)
                except InkmlError:
                    left_out += 1
                    continue
                known = read_known(data)
                figures.append(reader.measure(ink, None if known is None else known.tree))
            row = {"set": source.name, "variant": model.stem, "left_out": left_out, **_shares(figures)}
            if most:
                wrong = Counter(pair for one in figures for pair in one.misnamed)
                row["confusions"] = [f"{true} as {read} {times}" for (true, read), times in wrong.most_common(most)]
            yield row


def _shares(figures: Sequence[Figures]) -> dict[str, Any]:
    counts = sum_counts(one.counts for one in figures)
    expressions = sum_expressions(one.expressions for one in figures)
    named = sum_expressions(one.named for one in figures)
    shares = {
        "segments_recall": counts.recall,
        "seg_class_recall": counts.class_recall,
        "exprate": expressions.share(0),
        "at_most_1": expressions.share(1),
        "at_most_2": expressions.share(2),
        "structure": expressions.structure_rate,
        "exprate_true_names": named.share(0),
    }
    return {
        "formulas": len(figures),
        "symbols": counts.symbols,
        "structured": expressions.total,
        "unknown": sum(one.unknown for one in figures),
        **{name: round(share, 4) for name, share in shares.items()},
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
    parser.add_argument("--confusions", type=int, default=0, metavar="N", help="print the N most frequent confusions")
    parser.add_argument("--output", type=Path, help="JSON file to write")
    options = parser.parse_args(arguments)
    found = list(rows(options.model, options.sets, options.score, options.confusions))
    header = ("set", "model", "formulas", "symbols", *(title for _, title in SHARES))
    tables.show(
        header,
        [
            [row["set"], row["variant"], f"{row['formulas']:,}", f"{row['symbols']:,}"]
            + [f"{row[name]:.2%}" for name, _ in SHARES]
            for row in found
        ],
    )
    for row in found:
        if "confusions" in row:
            print(f"{row['set']}, {row['variant']}: {', '.join(row.pop('confusions'))}")
    if options.output:
        write_json(options.output, found)


if __name__ == "__main__":
    run_command(main, "benchmarks.real_formulas")
