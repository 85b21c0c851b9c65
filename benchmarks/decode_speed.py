"""Decoding speed: the Beam job beside a plain loop and a PyCasia-style dump, on the same files in one run.

    python -m benchmarks.decode_speed data/raw/casia        # folder, .gnt file or zip

* plain loop: struct, Pillow's bilinear resize to 56 x 56, Pillow's PNG, one Parquet file a `.gnt`. It takes every
  header on trust, distorts the aspect, and writes neither TFRecord nor an account;
* PNG dump: the same scans as single PNG files, a folder a character, as github.com/lucaskjaero/PyCasia does;
* decode job: `pipeline.jobs.decode`, with all its outputs.

Each runs in a process of its own; the peak is of its largest process. On a machine that is busy with other things the
CPU seconds, of all processes together, say more than the rest.
"""

from __future__ import annotations

import argparse
import io
import multiprocessing
import os
import resource
import struct
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from PIL import Image

from pipeline.formats.sources import Unit, expand
from pipeline.params import Decode

SIDE = 56


def plain_records(unit: Unit) -> Iterator[tuple[str, Image.Image]]:
    """What a reader that trusts headers yields: character and 56 x 56 image."""
    path = Path(unit.path)
    data = path.read_bytes() if unit.member is None else zipfile.ZipFile(path).read(unit.member)
    offset = 0
    while offset < len(data):
        size, tag, width, height = struct.unpack_from("<I2sHH", data, offset)
        pixels = np.frombuffer(data, np.uint8, width * height, offset + 10).reshape(height, width)
        image = Image.fromarray(pixels).resize((SIDE, SIDE), Image.Resampling.BILINEAR)
        yield tag.rstrip(b"\0").decode("gbk"), image
        offset += size


def plain_file(unit: Unit, folder: Path) -> int:
    """Decodes one file to Parquet."""
    chars, images = [], []
    for char, image in plain_records(unit):
        buffer = io.BytesIO()
        image.save(buffer, "PNG")
        chars.append(char)
        images.append(buffer.getvalue())
    pq.write_table(pa.table({"char": chars, "image": pa.array(images, pa.binary())}), folder / f"{unit.stem}.parquet")
    return len(chars)


def plain_loop(source: str, folder: Path, processes: int) -> int:
    """All files, one after the other or dealt out to processes."""
    work = [(unit, folder) for unit in sorted(expand(source), key=lambda unit: -unit.size)]
    if processes == 1:
        return sum(plain_file(*item) for item in work)
    with multiprocessing.Pool(processes) as pool:
        return sum(pool.starmap(plain_file, work, chunksize=1))


def png_dump(source: str, folder: Path, processes: int) -> int:
    """One PNG file a record."""
    count = 0
    for unit in expand(source):
        for char, image in plain_records(unit):
            target = folder / f"{ord(char):05x}"
            target.mkdir(exist_ok=True)
            image.save(target / f"{count}.png")
            count += 1
    return count


def decode_job(source: str, folder: Path, processes: int) -> int:
    """The job with all its outputs."""
    from pipeline.jobs import runner
    from pipeline.jobs.decode import Output, run

    runner.PARALLEL_FROM = 0 if processes > 1 else float("inf")
    params = Decode(source=source, charset="all", max_bad_fraction=1.0, shards=16)
    metrics = run(params, Output(folder / "decoded", folder / "classes.txt", folder / "decode.json"))
    return metrics["records"]


Contender = Callable[[str, Path, int], int]


class Result(NamedTuple):
    """What one run took."""

    records: int
    seconds: float
    cpu: float  # seconds of all its processes
    peak: float  # MiB


def _timed(contender: Contender, source: str, processes: int, queue: multiprocessing.Queue) -> None:
    with tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        records = contender(source, Path(folder), processes)
        seconds = time.perf_counter() - start
    usage = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    cpu = sum(one.ru_utime + one.ru_stime for one in usage)
    queue.put(Result(records, seconds, cpu, max(one.ru_maxrss for one in usage) / 1024))


def measure(contender: Contender, source: str, processes: int) -> Result:
    """Runs one contender in a fresh process."""
    context = multiprocessing.get_context("spawn")
    queue = context.Queue()
    process = context.Process(target=_timed, args=(contender, source, processes, queue))
    process.start()
    process.join()
    if process.exitcode:
        raise SystemExit(f"{contender.__name__} failed, see above")
    return queue.get()


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("source", help="folder, .gnt file or zip")
    parser.add_argument("--repeat", type=int, default=3, help="runs of each, taken in turn; the fastest counts")
    arguments = parser.parse_args()
    cores = os.cpu_count() or 1
    contenders: list[tuple[str, Contender, int]] = [
        ("plain loop", plain_loop, 1),
        ("PNG dump", png_dump, 1),
        ("decode job", decode_job, 1),
        ("plain loop", plain_loop, cores),
        ("decode job", decode_job, cores),
    ]
    runs = [
        [measure(run, arguments.source, processes) for _, run, processes in contenders] for _ in range(arguments.repeat)
    ]
    best = [min(results, key=lambda result: result.seconds) for results in zip(*runs, strict=True)]
    baselines = {
        count: result for (name, _, count), result in zip(contenders, best, strict=True) if name == "plain loop"
    }
    print(f"{'':12} processes  records  seconds  records/s  of plain loop  CPU s  of plain loop  peak MiB")
    for (name, _, processes), result in zip(contenders, best, strict=True):
        baseline = baselines[processes]
        print(
            f"{name:12} {processes:9} {result.records:8} {result.seconds:8.1f} {result.records / result.seconds:10.0f} "
            f"{baseline.seconds / result.seconds:13.0%} {result.cpu:6.1f} {result.cpu / baseline.cpu:13.0%} "
            f"{result.peak:9.0f}"
        )


if __name__ == "__main__":
    main()
