"""Ways to decode the same `.gnt` files: the project's jobs, a plain script, and the methods of other projects.

Each function takes the source, an empty output folder and a number of processes, and returns the number of records.

* `plain_loop`: struct, Pillow's bilinear resize to 56 x 56, Pillow's PNG, one Parquet file per `.gnt`, in several
  processes. It trusts every header, distorts the aspect ratio, and writes neither TFRecord nor metrics.
* `png_dump`: one PNG file per sample in one folder per character, every pixel through `struct`, in one process, as in
  github.com/lucaskjaero/PyCasia (`pycasia/CASIA.py`), which does not resize and writes JPEG.
* `one_tfrecord`: the samples of the plain loop as one TFRecord file, with TensorFlow's writer, in one process.
* `tfrecord_of_scans`: like `one_tfrecord`, but with unscaled scans, as in
  github.com/astromme/classify-handwritten-characters (`create_records.py`). It leaves resizing to every epoch of
  training, and holds the whole corpus in memory for shuffling.
* `decode_job`, `split_job`: `pipeline.jobs`, with all their outputs.
"""

from __future__ import annotations

import io
import multiprocessing
import os
import random
import struct
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from PIL import Image

from pipeline.formats.charset import GB2312_LEVEL1
from pipeline.formats.entries import open_entry
from pipeline.formats.sources import Unit, expand
from pipeline.params import Decode, load_params
from pipeline.progress import progress

SIDE = 56

ALL = Path(__file__).resolve().parent.parent / "data/charsets/all.txt"

Contender = Callable[[str, Path, int], int]
Pixels = Callable[[bytes, int, int], np.ndarray]  # (buffer, count, offset) -> uint8 [count]


def plain_loop(source: str, folder: Path, processes: int) -> int:
    """Decodes all files, sequentially or in several processes."""
    units = sorted(expand(source), key=lambda unit: -unit.size)
    work = partial(_plain_file, folder=folder)
    if processes == 1:
        return sum(map(work, _shown(units, "plain loop")))
    with multiprocessing.Pool(processes) as pool:
        return sum(progress(pool.imap_unordered(work, units), total=len(units), desc="plain loop", unit="files"))


def png_dump(source: str, folder: Path, _: int) -> int:
    """Writes one PNG file per record."""
    count = 0
    for unit in _shown(expand(source), "PNG dump"):
        for char, scan in _records(unit, _one_by_one):
            target = folder / f"{ord(char):05x}"
            target.mkdir(exist_ok=True)
            _resized(scan).save(target / f"{count}.png")
            count += 1
    return count


def one_tfrecord(source: str, folder: Path, _: int) -> int:
    """Writes one TFRecord of all samples."""
    samples = ((char, _png(scan)) for unit in _shown(expand(source), "one TFRecord") for char, scan in _records(unit))
    return _write_tfrecord(folder, ((char, SIDE, SIDE, png) for char, png in samples))


def tfrecord_of_scans(source: str, folder: Path, _: int) -> int:
    """Writes one TFRecord of all scans, shuffled."""
    units = _shown(expand(source), "TFRecord of scans")
    samples = [(char, scan) for unit in units for char, scan in _records_from_file(unit.place.path)]
    random.Random(1).shuffle(samples)
    return _write_tfrecord(folder, ((char, *scan.shape, scan.tobytes()) for char, scan in samples))


def decode_job(source: str, folder: Path, processes: int) -> int:
    """Runs the job with all its outputs; keeps every character."""
    from pipeline.jobs.decode import Output, run

    _run_in(processes)
    shards = load_params().decode.shards
    params = Decode(source=source, charset=str(ALL), classes="found", max_bad_fraction=1.0, shards=shards)
    metrics = run(params, Output(folder / "decoded", folder / "classes.txt", folder / "decode.json"))
    return int(metrics["records"])


def split_job(decoded: str, folder: Path, processes: int) -> int:
    """Runs the job with all its outputs, split by writer."""
    from pipeline.jobs.parts import PARTS
    from pipeline.jobs.split import Files, run

    _run_in(processes)
    params = load_params().split.model_copy(update={"by": "writer"})
    metrics = run(params, Files(Path(decoded), folder / "splits", folder / "split.json"))
    return sum(metrics[part] for part in PARTS)


def _run_in(processes: int) -> None:
    """Makes Beam use this number of processes even for a small job."""
    from pipeline.jobs import runner

    os.environ["INK2EDGE_WORKERS"] = str(processes)
    runner.PARALLEL_FROM = 0


def _plain_file(unit: Unit, folder: Path) -> int:
    chars, images = [], []
    for char, scan in _records(unit):
        chars.append(char)
        images.append(_png(scan))
    pq.write_table(pa.table({"char": chars, "image": pa.array(images, pa.binary())}), folder / f"{unit.stem}.parquet")
    return len(chars)


def _at_once(data: bytes, count: int, offset: int) -> np.ndarray:
    return np.frombuffer(data, np.uint8, count, offset)


def _one_by_one(data: bytes, count: int, offset: int) -> np.ndarray:
    return np.array(struct.unpack_from(f"{count}B", data, offset), np.uint8)


def _records(unit: Unit, pixels: Pixels = _at_once) -> Iterator[tuple[str, np.ndarray]]:
    """Yields character and scan of each record; trusts all headers."""
    with open_entry(unit) as file:
        data = file.read()
    offset = 0
    while offset < len(data):
        size, tag, width, height = struct.unpack_from("<I2sHH", data, offset)
        yield _char(tag), pixels(data, width * height, offset + 10).reshape(height, width)
        offset += size


def _records_from_file(path: str) -> Iterator[tuple[str, np.ndarray]]:
    """Yields the same as `_records`, but reads piece by piece with `np.fromfile`."""
    with open(path, "rb") as file:
        while (header := np.fromfile(file, np.uint8, 10)).size:
            numbers = header.tolist()  # without the conversion, NumPy 2 would wrap the sums at 256
            width, height = numbers[6] + (numbers[7] << 8), numbers[8] + (numbers[9] << 8)
            yield _char(header[4:6].tobytes()), np.fromfile(file, np.uint8, width * height).reshape(height, width)


def _char(tag: bytes) -> str:
    return tag.rstrip(b"\0").decode("gbk")


def _resized(scan: np.ndarray) -> Image.Image:
    return Image.fromarray(scan).resize((SIDE, SIDE), Image.Resampling.BILINEAR)


def _png(scan: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    _resized(scan).save(buffer, "PNG")
    return buffer.getvalue()


def _write_tfrecord(folder: Path, samples: Iterable[tuple[str, int, int, bytes]]) -> int:
    """Writes (char, height, width, image) with TensorFlow's tools; looks up labels in the same way as astromme."""
    from tensorflow import io as tf_io
    from tensorflow import train

    def number(value: int) -> train.Feature:
        return train.Feature(int64_list=train.Int64List(value=[value]))

    labels, count = list(GB2312_LEVEL1), 0
    with tf_io.TFRecordWriter(str(folder / "samples.tfrecord")) as writer:
        for char, height, width, image in samples:
            feature = {
                "label": number(labels.index(char)),
                "height": number(height),
                "width": number(width),
                "depth": number(1),
                "image_raw": train.Feature(bytes_list=train.BytesList(value=[image])),
            }
            writer.write(train.Example(features=train.Features(feature=feature)).SerializeToString())
            count += 1
    return count


def _shown(units: Sequence[Unit], desc: str) -> Iterable[Unit]:
    return progress(units, total=len(units), desc=desc, unit="files")
