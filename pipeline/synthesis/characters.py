"""The embedded corpus of characters: writers draw characters into CASIA `.gnt` files, one per writer.

Each sample depends only on (seed, writer, character, repeat), so the bytes do not depend on processes or order. Each
process holds one sample at a time: memory does not grow with the corpus.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import cv2
import numpy as np

from pipeline.errors import InkError
from pipeline.formats.charset import GB2312_LEVEL1
from pipeline.formats.gnt import write_gnt
from pipeline.params import Strokes as StrokesParams
from pipeline.processes import spread
from pipeline.synthesis.hands.hand import Draws, write_character
from pipeline.synthesis.hands.medians import Strokes
from pipeline.synthesis.hands.scanner import scan
from pipeline.synthesis.hands.skeleton import Skeleton, build_skeleton
from pipeline.synthesis.hands.writers import FIRST_WRITER, Writer, draw_writer


def corpus_chars(classes: int | str) -> tuple[str, ...]:
    """Returns the characters that `strokes.classes` names: the first N of GB2312 level 1, or those of a string.

    Raises:
        InkError: the string contains a character twice.
    """
    if isinstance(classes, int):
        return GB2312_LEVEL1[:classes]
    twice = sorted({char for char in classes if classes.count(char) > 1})
    if twice:
        raise InkError(f"strokes.classes: expected each character once, found {' '.join(twice)} more than once")
    return tuple(classes)


def draw_sample(skeleton: Skeleton, writer: Writer, seed: tuple[int, int, int], repeat: int) -> np.ndarray:
    """Returns one scan of a character: uint8 [height, width], 255 = paper, cropped to the ink.

    Args:
        skeleton: the character.
        writer: see `draw_writer`.
        seed: corpus seed, number of the writer, code point.
        repeat: number of the sample, from 0, among those of this writer and character.
    """
    draws = Draws(len(skeleton.first), seed, repeat)
    return scan(write_character(skeleton, writer, draws), writer, draws.rng)


def write_corpus(
    folder: Path, medians: Mapping[str, Strokes], params: StrokesParams, processes: int = 1
) -> Iterator[int]:
    """Writes `<writer>-f.gnt` for each writer into `folder`: `params.samples` samples per character of `medians`.

    Skips writers whose files already exist, and so completes a partial corpus.

    Args:
        folder: exists and holds only such files.
        medians: strokes by character; each file lists the characters in this order.
        params: number, looseness and seed of the writers, and samples per character.
        processes: number of processes; it changes no byte.

    Yields:
        The number of each writer whose file is complete.
    """
    numbers = range(FIRST_WRITER, FIRST_WRITER + params.writers)
    tasks = [(folder, number, params) for number in numbers if not (folder / file_name(number)).exists()]
    yield from spread(_write_writer, tasks, processes, _start, (dict(medians),))


def file_name(number: int) -> str:
    """Returns the name of a writer's file, as CASIA names it."""
    return f"{number}-f.gnt"


_characters: dict[str, Skeleton] = {}  # of this process; filled by `_start`


def _start(medians: Mapping[str, Strokes]) -> None:
    cv2.setNumThreads(1)
    _characters.clear()
    _characters.update((char, build_skeleton(strokes)) for char, strokes in medians.items())


def _write_writer(task: tuple[Path, int, StrokesParams]) -> int:
    folder, number, params = task
    writer = draw_writer(params.seed, number, params.looseness)
    write_gnt(
        folder / file_name(number),
        (
            (char, draw_sample(skeleton, writer, (params.seed, number, ord(char)), repeat))
            for char, skeleton in _characters.items()
            for repeat in range(params.samples)
        ),
    )
    return number
