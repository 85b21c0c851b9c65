"""A tiny source of formulas: InkML of four writers and two photographed sets."""

import io
import json
import zipfile
from pathlib import Path

import numpy as np
from PIL import Image

from pipeline.formats.inkml_writer import encode_inkml
from pipeline.params import MathDecode

WRITERS = ("w1", "w2", "w3", "w4")


def ink(number: int, symbols=("x", "1"), writer="", truth="x1", stray=0) -> bytes:
    """A cross and a bar that depend on the number, and traces without a symbol."""
    bar = 20 + number
    traces = [[(0, 0), (9, 9)], [(9, 0), (0, 9)], [(bar, 0), (bar + number % 5, 9)]]
    traces += [[(900 + index, 900)] for index in range(stray)]
    return encode_inkml(traces, list(zip(symbols, ([0, 1], [2]), strict=True)), truth, writer)


def photo(number: int) -> bytes:
    """Two bars that depend on the number, dark on light."""
    image = np.full((60, 120), 230, np.uint8)
    image[10:40, 20:26] = image[20:26, 60 : 80 + number] = 15
    file = io.BytesIO()
    Image.fromarray(image).save(file, "PNG")
    return file.getvalue()


def coco(names, **changes) -> bytes:
    """Annotations of several `photo`s, each with a 1 and a minus."""
    images = [{"id": index, "file_name": name, "height": 60, "width": 120} for index, name in enumerate(names)]
    boxes = [(1, [20, 10, 6, 30]), (2, [60, 20, 20, 6])]
    annotations = [
        {"image_id": index, "category_id": kind, "bbox": box} for index in range(len(names)) for kind, box in boxes
    ]
    categories = [{"id": 1, "name": "1"}, {"id": 2, "name": "-"}]
    return json.dumps({"images": images, "annotations": annotations, "categories": categories} | changes).encode()


def write(path: Path, data: bytes) -> None:
    """Writes a file and the folders above it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


def make_source(folder: Path) -> Path:
    """Five formulas per writer, in one folder per writer, and three photos."""
    for index, writer in enumerate(WRITERS):
        for number in range(5):
            write(folder / "hand" / writer / f"{number}.inkml", ink(5 * index + number, writer=writer))
    names = ["0.png", "deep/1.png", "2.png"]
    write(folder / "print" / "annotations.json", coco(names))
    for number, name in enumerate(names):
        write(folder / "print" / name, photo(number))
    return folder


def pack(source: Path, archive: Path) -> Path:
    """A zip of a source, its files in reverse order."""
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as file:
        for path in sorted((path for path in source.rglob("*") if path.is_file()), reverse=True):
            file.write(path, path.relative_to(source))
    return archive


def params(source: Path, **changes) -> MathDecode:
    """Of a small canvas."""
    values = {"source": str(source), "height": 64, "width": 128, "symbol": 16.0, "pen": 2.0}
    return MathDecode(**values | {"max_bad_fraction": 0.5, "shards": 3} | changes)
