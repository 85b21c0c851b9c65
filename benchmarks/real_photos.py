"""Reads real photos of formulas with a detector, as `pipeline.recognize` does, and counts the symbols read right.

    python -m benchmarks.real_photos PHOTOS --same c1=1 --same "==-"

PHOTOS is a folder of pictures with COCO's `annotations.json`. `--same A=B` says that category A of the set is the
symbol B of the model. A reading belongs to the annotation that it overlaps most, one to one, from an IoU of 0.25 on.
Annotators draw loose boxes around minus signs and ones, so a reading within a box also belongs to it if it is at least
half as long. A reading that belongs to none is a phantom. `--confusions 20` prints the most frequent wrong readings,
`--output FILE` writes the figures as JSON. Takes about 0.1 s per photo.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from pipeline.artifacts import read_model
from pipeline.command import command_parser, run_command
from pipeline.edge.detections import DEFAULT_THRESHOLD, box_iou
from pipeline.errors import InkError
from pipeline.files import write_json
from pipeline.formats.coco import CocoImage, clip_boxes, read_coco
from pipeline.formats.image import read_grey
from pipeline.formats.symbols import canonical
from pipeline.progress import progress
from pipeline.recognize.reader import FormulaReader
from pipeline.report import tables

LEAST_IOU = 0.25
INSIDE, LONG = 0.75, 0.5  # least share of a reading within a box, and of the box's long side that it has
MISSED, PHANTOM = "(missed)", "(phantom)"
SHARES = ("right", "found", "phantoms")


class Truth(NamedTuple):
    """The symbols of a photo: labels, and boxes float64 [n, 4], ymin, xmin, ymax, xmax in pixels."""

    labels: list[str]
    boxes: np.ndarray


def read_photo(folder: Path, image: CocoImage, same: dict[str, str]) -> tuple[np.ndarray, Truth]:
    """The grey pixels of a photo, and its symbols, named as the model does."""
    grey = read_grey((folder / image.file_name).read_bytes())
    labels = [canonical(same.get(label, label)) for label in image.labels]
    return grey, Truth(labels, clip_boxes(image, *grey.shape))


def pair(truth: Truth, boxes: np.ndarray) -> list[int | None]:
    """Returns the index of the reading that belongs to each symbol, or None; the pairs that overlap most come first."""
    overlap = np.array([_overlap(box, boxes) for box in truth.boxes]).reshape(len(truth.labels), len(boxes))
    owner: list[int | None] = [None] * len(truth.labels)
    taken: set[int] = set()
    for flat in np.argsort(-overlap, axis=None, kind="stable"):
        symbol, reading = divmod(int(flat), len(boxes))
        if overlap[symbol, reading] < LEAST_IOU:
            break
        if owner[symbol] is None and reading not in taken:
            owner[symbol] = reading
            taken.add(reading)
    return owner


def _overlap(box: np.ndarray, boxes: np.ndarray) -> np.ndarray:
    """IoU of a loose box with boxes `[n, 4]`; at least `LEAST_IOU` for one that lies in it and is about as long."""
    shared = np.maximum(np.minimum(box[2:], boxes[:, 2:]) - np.maximum(box[:2], boxes[:, :2]), 0).prod(axis=1)
    sides = boxes[:, 2:] - boxes[:, :2]
    inside = shared >= INSIDE * np.maximum(sides.prod(axis=1), 1e-9)
    within = inside & (sides.max(axis=1, initial=0) >= LONG * (box[2:] - box[:2]).max())
    return np.where(within, np.maximum(box_iou(box, boxes), LEAST_IOU), box_iou(box, boxes))


def measure(reader: FormulaReader, grey: np.ndarray, truth: Truth) -> Counter[tuple[str, str]]:
    """Counts pairs of a true and a read label; a symbol without a reading is `MISSED`, the reverse is `PHANTOM`."""
    try:
        read = reader.read(grey).symbols
    except InkError:
        return Counter((label, MISSED) for label in truth.labels)
    owner = pair(truth, np.array([symbol.box for symbol in read], np.float64).reshape(-1, 4))
    pairs = [
        (label, MISSED if index is None else read[index].text) for label, index in zip(truth.labels, owner, strict=True)
    ]
    return Counter(pairs + [(PHANTOM, read[index].text) for index in set(range(len(read))) - set(owner)])


def figures(counts: Counter[tuple[str, str]]) -> dict[str, Any]:
    """Shares of the symbols that were found and read right, and of the readings that are phantoms."""
    symbols = sum(count for (true, _), count in counts.items() if true != PHANTOM)
    found = sum(count for (true, read), count in counts.items() if true != PHANTOM and read != MISSED)
    right = sum(count for (true, read), count in counts.items() if true == read)
    phantoms = sum(count for (true, _), count in counts.items() if true == PHANTOM)
    return {
        "symbols": symbols,
        "right": round(right / max(symbols, 1), 4),
        "found": round(found / max(symbols, 1), 4),
        "phantoms": round(phantoms / max(found + phantoms, 1), 4),
    }


def main(arguments: Sequence[str] | None = None) -> None:
    """Prints the table, and writes it if asked to."""
    parser = command_parser("benchmarks.real_photos", __doc__)
    parser.add_argument("sets", nargs="+", type=Path, metavar="PHOTOS", help="folder with annotations.json")
    parser.add_argument("--model", action="append", help="a .tflite file or an artifact (default: released-math)")
    parser.add_argument("--same", metavar="A=B", action="append", default=[], help="category A of the set is symbol B")
    parser.add_argument(
        "--score", type=float, default=DEFAULT_THRESHOLD, help="least score of a symbol (default: %(default)s)"
    )
    parser.add_argument("--confusions", type=int, default=0, metavar="N", help="print the N most frequent confusions")
    parser.add_argument("--output", type=Path, help="JSON file to write")
    options = parser.parse_args(arguments)
    same = dict(text.rsplit("=", 1) for text in options.same)
    found = []
    for model in options.model or ["released-math"]:
        reader = FormulaReader(read_model(model)[1], score=options.score)
        for folder in options.sets:
            images = read_coco((folder / "annotations.json").read_bytes(), f"{folder}/annotations.json")
            bar = progress(images, total=len(images), desc=f"{Path(model).stem}, {folder.name}", unit="photos")
            counts = sum((measure(reader, *read_photo(folder, image, same)) for image in bar), Counter())
            found.append({"set": folder.name, "variant": Path(model).stem, "photos": len(images)} | figures(counts))
            wrong = Counter({pair: count for pair, count in counts.items() if pair[0] != pair[1]})
            for (true, read), count in wrong.most_common(options.confusions):
                print(f"{true} as {read}: {count}")
    tables.show(
        ("set", "model", "photos", "symbols", *SHARES),
        [
            [
                row["set"],
                row["variant"],
                f"{row['photos']:,}",
                f"{row['symbols']:,}",
                *(f"{row[name]:.1%}" for name in SHARES),
            ]
            for row in found
        ],
    )
    if options.output:
        write_json(options.output, found)


if __name__ == "__main__":
    run_command(main, "benchmarks.real_photos")
