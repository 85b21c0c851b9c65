"""Reads real handwriting with a character model, over all classes that the model knows.

    python -m benchmarks.real_ink hwdb105_train.zip icdar13_500.gnt --model models/hccr/dynamic.tflite

Each SET is a `.gnt` file, a zip or a folder; each `.gnt` file in it gives a row per model. Samples of characters that
the model does not know are left out and counted. `--charset data/charsets/gb2312-level1.txt` leaves out the others;
`--output FILE` writes the rows as JSON; `--confusions 20` prints the most frequent confusions. No network and no
training sees these sets. Takes about a second per 1,000 samples.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

from pipeline.artifacts import RELEASED, RELEASED_MODELS
from pipeline.command import command_parser, run_command
from pipeline.edge import metadata
from pipeline.edge.litert import Runner
from pipeline.files import write_json
from pipeline.formats.charset import read_charset
from pipeline.formats.gnt import GntRecord
from pipeline.formats.sources import Unit, expand, read_unit
from pipeline.ink.normalise import BlankScanError, normalise
from pipeline.scoring.classification import confusions, reduce_scores, top_k

BATCH = 64
RELEASED_HCCR = RELEASED_MODELS[RELEASED]


def known_samples(unit: Unit, labels: dict[str, int]) -> tuple[np.ndarray, np.ndarray, int]:
    """Reads the samples of one `.gnt` file whose characters are in `labels`.

    Returns:
        Images uint8 [n, 56, 56], their labels int32 [n], and the number of samples left out.
    """
    images, truth, left_out = [], [], 0
    for item in read_unit(unit):
        if not isinstance(item, GntRecord) or item.char not in labels:
            left_out += 1
            continue
        try:
            images.append(normalise(item.pixels))
        except BlankScanError:
            left_out += 1
            continue
        truth.append(labels[item.char])
    return np.array(images, np.uint8), np.array(truth, np.int32), left_out


def measure(runner: Runner, images: np.ndarray, truth: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Returns the predicted label and the rank of the true label of each image, int32 [n] each."""
    parts = [
        reduce_scores(runner(images[at : at + BATCH]), truth[at : at + BATCH]) for at in range(0, len(images), BATCH)
    ]
    predicted, rank = zip(*parts, strict=True)
    return np.concatenate(predicted), np.concatenate(rank)


def rows(model: Path, sets: list[str], charset: str | None, most: int) -> Iterator[dict[str, Any]]:
    """Yields the figures of each `.gnt` file of `sets`, and with `most`, its most frequent confusions."""
    data = model.read_bytes()
    classes = metadata.read(data).labels
    kept = None if charset is None else read_charset(charset)
    labels = {char: label for label, char in enumerate(classes) if kept is None or char in kept}
    runner = Runner(data, BATCH)
    for unit in (unit for source in sets for unit in expand(source)):
        images, truth, left_out = known_samples(unit, labels)
        if not len(images):
            continue
        predicted, rank = measure(runner, images, truth)
        yield {
            "set": unit.stem,
            "variant": model.stem,
            "classes": len(classes),
            "samples": len(truth),
            "characters": len(set(truth.tolist())),
            "left_out": left_out,
            **{f"top{k}": round(top_k(rank, k), 4) for k in (1, 5, 10)},
            **(
                {
                    "confusions": [
                        f"{classes[found.truth]} as {classes[found.predicted]} {found.count}"
                        for found in confusions(predicted, truth, most)
                    ]
                }
                if most
                else {}
            ),
        }


def main() -> None:
    """Prints the table, and writes it if asked to."""
    parser = command_parser("benchmarks.real_ink", __doc__)
    parser.add_argument(
        "--model",
        type=Path,
        action="append",
        help=f"a .tflite file of this pipeline that reads characters; may be repeated (default: {RELEASED_HCCR})",
    )
    parser.add_argument("sets", nargs="+", metavar="SET", help=".gnt file, zip or folder of them")
    parser.add_argument("--charset", help="file of the characters to keep")
    parser.add_argument("--confusions", type=int, default=0, metavar="N", help="print the N most frequent confusions")
    parser.add_argument("--output", type=Path, help="JSON file to write")
    arguments = parser.parse_args()
    models = arguments.model or [RELEASED_HCCR]
    found = [row for model in models for row in rows(model, arguments.sets, arguments.charset, arguments.confusions)]
    table = Table("set", "model", "samples", "characters", "left out", "top-1", "top-5", "top-10")
    for row in found:
        counts = (str(row[name]) for name in ("samples", "characters", "left_out"))
        shares = (f"{row[name]:.2%}" for name in ("top1", "top5", "top10"))
        table.add_row(row["set"], row["variant"], *counts, *shares)
    Console().print(table)
    for row in found:
        if "confusions" in row:
            print(f"{row['set']}, {row['variant']}: {', '.join(row.pop('confusions'))}")
    if arguments.output:
        write_json(arguments.output, found)


if __name__ == "__main__":
    run_command(main, "benchmarks.real_ink")
