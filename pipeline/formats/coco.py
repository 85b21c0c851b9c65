"""COCO data sets (https://cocodataset.org/#format-data): reads pictures with boxes, writes formulas for other tools.

    for image in read_coco(data, "annotations.json"): ...   # image.file_name, image.boxes, image.labels
    clip_boxes(image, height, width)                        # [n, 4], once the size of the picture is known
    write_coco("coco/samples.json", shards, classes, "all samples", licence)
    write_images("coco/images.zip", shards)         # or write_image_files("coco/images", shards)

Boxes are x, y, width, height in pixels of the upright picture. Written category ids are labels + 1. Image entries may
have `writer` and `truth`; those that `write_coco` writes do.
"""

from __future__ import annotations

import errno
import json
import re
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple, TypeGuard

import numpy as np
import pyarrow.parquet as pq

from pipeline.errors import InkError
from pipeline.formats.formula import file_name

MAX_BYTES = 1 << 28  # of a COCO file
MAX_BOXES = 2_000  # per picture
MAX_COORDINATE = 1e7
_HALVES = re.compile("[\ud800-\udfff]")
_EPOCH = (1980, 1, 1, 0, 0, 0)  # the first date that a zip can hold
# Too long, not a name on this system, a file where another name needs a folder, or a name that is taken: some systems
# do not distinguish upper and lower case.
_NAME_ERRORS = {errno.ENAMETOOLONG, errno.EEXIST, errno.ENOTDIR, errno.EISDIR, errno.EINVAL, errno.EILSEQ}


class BoxError(ValueError):
    """An annotation whose box is not on its picture."""


class CocoImage(NamedTuple):
    """One picture of a COCO file and its annotations."""

    file_name: str  # relative to the COCO file
    size: tuple[int, int] | None  # height, width, if the file gives them
    ids: list[int | str]  # of the annotations
    boxes: list[tuple[float, float, float, float]]  # x, y, width, height: finite, no side negative
    labels: list[str]  # names of the categories; "(crowd)" for a crowd, "(category 7)" for an unknown category
    writer: str
    truth: str
    defect: str  # the reason why its annotations cannot be used; "" if they can


def read_coco(data: bytes, name: str) -> list[CocoImage]:
    """Reads the pictures of a COCO file, in file order. Reports an error in one picture in its `defect`.

    Args:
        data: content of the file.
        name: name of the file, for messages.

    Raises:
        InkError: not a COCO file, or images and annotations that do not match.
    """
    if len(data) > MAX_BYTES:
        raise InkError(f"{name}: too large: {len(data)} bytes, at most {MAX_BYTES} are read; divide the set")
    try:
        content = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise InkError(f"{name}: expected a COCO file, found no readable JSON: {error}") from error
    images, annotations, categories = (_records(content, part, name) for part in _PARTS)
    names = {category.get("id"): _text(category.get("name")) for category in categories}
    found: dict[Any, CocoImage] = {}
    for entry in images:
        if entry["id"] in found:
            raise InkError(f"{name}: two images have the id {entry['id']!r}; correct the file")
        found[entry["id"]] = _coco_image(entry)
    for entry in annotations:
        key = entry.get("image_id")
        if not isinstance(key, int | str) or key not in found:
            raise InkError(
                f"{name}: annotation {entry['id']!r}: expected the id of an image, found {key!r}; correct the file"
            )
        found[key] = _annotated(found[key], entry, names)
    return list(found.values())


def clip_boxes(image: CocoImage, height: int, width: int) -> np.ndarray:
    """Clips the boxes of a picture to its `height` and `width`, in pixels.

    Returns:
        float64 [n, 4]: ymin, xmin, ymax, xmax in pixels.

    Raises:
        BoxError: a box lies outside the picture.
    """
    x, y, across, down = np.array(image.boxes, np.float64).reshape(-1, 4).T
    boxes = np.clip(np.stack([y, x, y + down, x + across], axis=1), 0, [height, width, height, width])
    empty = np.flatnonzero((boxes[:, 2:] <= boxes[:, :2]).any(axis=1))
    if len(empty):
        first = int(empty[0])
        raise BoxError(
            f"annotation {image.ids[first]!r:.40}: expected a bbox x, y, width, height that overlaps the picture of "
            f"{width} x {height} pixels, found {list(image.boxes[first])} ({len(empty)} such); correct or remove it"
        )
    return boxes


def write_coco(
    path: Path | str, shards: Iterable[Path], classes: Sequence[str], description: str, licence: dict
) -> None:
    """Writes the annotations of Parquet shards as one COCO file. Not atomic: the caller renames.

    The ids of images and annotations count from 1, in the order of keys.

    Args:
        path: the file.
        shards: shards of formulas.
        classes: the class list.
        description: what the pictures are.
        licence: of all pictures: `id`, `name` and `url`.
    """
    columns = ["key", "writer", "truth", "height", "width", "boxes", "labels"]
    rows = sorted(_rows(shards, columns), key=lambda row: row["key"])
    data = {
        "info": {"description": description},
        "licenses": [licence],
        "images": [_image(number, row, licence["id"]) for number, row in enumerate(rows, start=1)],
        "annotations": list(_annotations(rows)),
        "categories": [{"id": label, "name": name} for label, name in enumerate(classes, start=1)],
    }
    with open(path, "w", encoding="utf-8", newline="\n") as file:
        json.dump(data, file, ensure_ascii=False, separators=(",", ":"))


def write_images(path: Path | str, shards: Iterable[Path]) -> None:
    """Writes the pictures of Parquet shards to one zip without compression, in the order of the shards. Not atomic."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        for row in _rows(shards, ["key", "image"]):
            info = zipfile.ZipInfo(file_name(row["key"]), _EPOCH)
            info.create_system = 3  # Unix, on every system
            info.external_attr = 0o644 << 16
            archive.writestr(info, row["image"]["bytes"])


def write_image_files(folder: Path, shards: Iterable[Path]) -> None:
    """Writes the pictures of Parquet shards to files, in a new folder. Not atomic.

    The path of a file below the folder is the `file_name` of the picture in COCO files.

    Raises:
        InkError: a name that no file there can have.
    """
    folder.mkdir()
    for row in _rows(shards, ["key", "image"]):
        name = file_name(row["key"])
        if PurePosixPath(name).is_absolute() or ".." in PurePosixPath(name).parts:
            raise _not_a_file(folder, name, "it leads out of the folder")
        path = folder / name
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("xb") as file:  # never replaces the picture of another key
                file.write(row["image"]["bytes"])
        except OSError as error:
            if error.errno not in _NAME_ERRORS:
                raise
            raise _not_a_file(folder, name, str(error.strerror)) from error


def _not_a_file(folder: Path, name: str, reason: str) -> InkError:
    return InkError(
        f"{folder.name}/{name:.200}: expected a path under which a picture can be written, found one that cannot be "
        f"used ({reason}); rename the file or folder in the source, or set `pictures` to zip"
    )


def _rows(shards: Iterable[Path], columns: list[str]) -> Iterator[dict]:
    for shard in shards:
        with pq.ParquetFile(shard) as file:
            for batch in file.iter_batches(columns=columns):
                yield from batch.to_pylist()


def _image(number: int, row: dict, licence: int) -> dict:
    own = {name: row[name] for name in ("height", "width", "writer", "truth")}
    return {"id": number, "file_name": file_name(row["key"]), "license": licence, **own}


def _annotations(rows: list[dict]) -> Iterator[dict]:
    number = 0
    for image, row in enumerate(rows, start=1):
        for (ymin, xmin, ymax, xmax), label in zip(row["boxes"], row["labels"], strict=True):
            number += 1
            width, height = xmax - xmin, ymax - ymin
            yield {
                "id": number,
                "image_id": image,
                "category_id": label + 1,
                "bbox": [xmin, ymin, width, height],
                "area": width * height,
                "segmentation": [],  # there are boxes only; readers expect the key
                "iscrowd": 0,
            }


_PARTS = ("images", "annotations", "categories")


def _records(content: Any, part: str, name: str) -> list[dict]:
    records = content.get(part) if isinstance(content, dict) else None
    if not isinstance(records, list) or not all(isinstance(record, dict) for record in records):
        raise InkError(f"{name}: expected a COCO file with {', '.join(_PARTS)}, found no list of {part}")
    for position, record in enumerate(records):
        if not isinstance(record.setdefault("id", None if part != "annotations" else position), int | str):
            raise InkError(f"{name}: {part}[{position}]: expected an id, found {record['id']!r}; correct the file")
    return records


def _coco_image(entry: dict) -> CocoImage:
    path, height, width = entry.get("file_name"), entry.get("height"), entry.get("width")
    writer, truth = _text(entry.get("writer")), _text(entry.get("truth"))
    size = (height, width) if isinstance(height, int) and isinstance(width, int) else None
    name = _text(path)
    defect = "" if name else f"expected a file_name, found {path!r}"
    return CocoImage(name, size, [], [], [], writer, truth, defect)


def _text(value: Any) -> str:
    """`value` if it is valid text, else "". JSON can spell lone surrogates (`"\\ud800"`), which UTF-8 cannot encode."""
    return value if isinstance(value, str) and not _HALVES.search(value) else ""


def _annotated(image: CocoImage, entry: dict, names: dict) -> CocoImage:
    """Adds an annotation to an image: extends its lists in place, or returns the image with a defect."""
    box, category = entry.get("bbox"), entry.get("category_id")
    name = names.get(category) if isinstance(category, int | str) else None
    if image.defect:
        return image
    if not _is_box(box):
        return image._replace(
            defect=f"annotation {entry['id']!r}: expected a bbox x, y, width, height, found {box!r:.80}"
        )
    if len(image.boxes) == MAX_BOXES:
        return image._replace(defect=f"more than {MAX_BOXES} boxes")
    image.ids.append(entry["id"])
    image.boxes.append((float(box[0]), float(box[1]), float(box[2]), float(box[3])))
    label = name or f"(category {category!r:.20})"
    image.labels.append("(crowd)" if entry.get("iscrowd") else label)
    return image


def _is_box(box: Any) -> TypeGuard[list[float]]:
    return (
        isinstance(box, list)
        and len(box) == 4
        and all(isinstance(value, int | float) and abs(value) <= MAX_COORDINATE for value in box)  # excludes NaN
        and min(box[2:]) >= 0
    )
