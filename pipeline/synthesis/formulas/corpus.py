"""The embedded corpus of formulas: handwriting as CROHME-style InkML, photographs of print and pen with COCO boxes.

    handwritten/<writer>/<number>.inkml             writers numbered from 1001
    printed/<batch>/annotations.json, <number>.jpg  batches of `BATCH` pictures

Each formula depends only on (seed, kind, number) and its writer, so the bytes do not depend on processes or order. Each
process holds at most one formula and the annotations of one batch.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np

from pipeline.files import write_text
from pipeline.formats.inkml_writer import write_inkml
from pipeline.formats.symbols import LABELS
from pipeline.params import Formulas
from pipeline.processes import spread
from pipeline.synthesis.formulas.expressions import Node, latex
from pipeline.synthesis.formulas.grammar import compose, formula_classes
from pipeline.synthesis.formulas.hands import NO_HANDS, load_hands
from pipeline.synthesis.formulas.handwriting import draw_formula_writer, write_formula
from pipeline.synthesis.formulas.inked import draw_pen, outlines
from pipeline.synthesis.formulas.photo import PEN, Photograph, encode_jpeg, photograph
from pipeline.synthesis.formulas.typeset import FACES, typeset
from pipeline.synthesis.hands.writers import FIRST_WRITER

HANDWRITTEN, PRINTED = "handwritten", "printed"
STREAMS = {HANDWRITTEN: 0, PRINTED: 1}  # `stream` of `compose`, by kind
BATCH = 50  # pictures per folder
FIRST_PHOTOGRAPHED = 100_001  # writers whose handwriting is photographed, one per picture

Task = tuple[Path, str, int, Formulas]  # folder of the corpus, kind, number of the writer or batch, params


def write_formulas(folder: Path, params: Formulas, processes: int = 1, faces: Path | None = None) -> Iterator[int]:
    """Writes the corpus into `folder`.

    Args:
        folder: exists and is empty.
        params: classes, writers, numbers of formulas, looseness, seed.
        processes: number of processes; it changes no byte.
        faces: a folder with a folder for each traced handwriting face that writers know; None for no faces.

    Yields:
        The number of formulas of each writer or batch that is complete.

    Raises:
        InkError: see `formula_classes`.
    """
    formula_classes(params.classes)
    tasks: list[Task] = [(folder, PRINTED, batch, params) for batch in range(-(-params.printed // BATCH))]
    tasks += [(folder, HANDWRITTEN, index, params) for index in range(min(params.writers, params.handwritten))]
    yield from spread(_write, tasks, processes, _start, (faces,))


_hands = NO_HANDS  # of this process; filled by `_start`


def _start(faces: Path | None) -> None:
    global _hands
    cv2.setNumThreads(1)
    _hands = NO_HANDS if faces is None else load_hands(faces)


def _write(task: Task) -> int:
    return (_write_batch if task[1] == PRINTED else _write_writer)(task)


def _write_writer(task: Task) -> int:
    """Writes all formulas of one writer; formula n belongs to writer n modulo the number of writers."""
    folder, kind, index, params = task
    classes, name = formula_classes(params.classes), str(FIRST_WRITER + index)
    writer = draw_formula_writer(params.seed, FIRST_WRITER + index, params.looseness, _hands)
    home = folder / kind / name
    home.mkdir(parents=True)
    numbers = range(index, params.handwritten, params.writers)
    for number in numbers:
        expression = compose(classes, params.seed, STREAMS[kind], number, params.usual, params.columns)
        ink = write_formula(expression, writer, number)
        write_inkml(home / f"{number:06d}.inkml", ink.traces, ink.symbols, latex(expression), name)
    return len(numbers)


def _write_batch(task: Task) -> int:
    """Writes one folder of pictures and its annotations."""
    folder, kind, batch, params = task
    classes = formula_classes(params.classes)
    home = folder / kind / f"{batch:04d}"
    home.mkdir(parents=True)
    numbers = range(batch * BATCH, min((batch + 1) * BATCH, params.printed))
    images: list[dict] = []
    annotations: list[dict] = []
    for number in numbers:
        expression, face, picture = _picture(number, params)
        file = f"{number:06d}.jpg"
        (home / file).write_bytes(encode_jpeg(picture))
        height, width, _ = picture.pixels.shape
        entry = {"id": len(images) + 1, "file_name": file, "width": width, "height": height}
        images.append(entry | {"truth": latex(expression), "face": face})
        annotations += _annotations(picture, len(images), len(annotations) + 1)
    categories = [{"id": index + 1, "name": label} for label, index in LABELS.items() if label in classes]
    content = {"images": images, "annotations": annotations, "categories": categories}
    write_text(home / "annotations.json", json.dumps(content, separators=(",", ":")) + "\n")
    return len(numbers)


def _picture(number: int, params: Formulas) -> tuple[Node, str, Photograph]:
    """Expression `number` of the pictures, what it is written in, and its photograph."""
    classes, stream = formula_classes(params.classes), STREAMS[PRINTED]
    rng = np.random.default_rng(np.random.SeedSequence([params.seed, stream, 3, number]))
    if np.random.default_rng(np.random.SeedSequence([params.seed, stream, 5, number])).random() >= params.pen:
        expression = compose(classes, params.seed, stream, number, params.usual)
        face = FACES[int(rng.integers(len(FACES)))]
        return expression, face, photograph(typeset(expression, face), rng, params.looseness)
    expression = compose(classes, params.seed, stream, number, params.usual, params.columns)
    writer = draw_formula_writer(params.seed, FIRST_PHOTOGRAPHED + number, params.looseness, _hands)
    symbols = outlines(write_formula(expression, writer, number), writer.tablet.unit, draw_pen(rng))
    return expression, HANDWRITTEN, photograph(symbols, rng, params.looseness, PEN)


def _annotations(picture: Photograph, image: int, first: int) -> list[dict]:
    pairs = zip(picture.labels, picture.boxes.tolist(), strict=True)
    return [
        {
            "id": number,
            "image_id": image,
            "category_id": LABELS[label] + 1,
            "bbox": box,
            "area": round(box[2] * box[3], 2),
            "iscrowd": 0,
        }
        for number, (label, box) in enumerate(pairs, start=first)
    ]
