"""The embedded corpus of characters: writers draw characters into CASIA `.gnt` files, one per writer.

Each sample depends only on (seed, writer, character, repeat), so the bytes do not depend on processes or order. Each
process holds one sample at a time: memory does not grow with the corpus.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import cv2
import numpy as np

from pipeline.formats.charset import GB2312_LEVEL1
from pipeline.formats.gnt import write_gnt
from pipeline.params import Strokes as StrokesParams
from pipeline.processes import spread
from pipeline.synthesis.hands.hand import Draws, write_character
from pipeline.synthesis.hands.scanner import scan
from pipeline.synthesis.hands.skeleton import Skeleton
from pipeline.synthesis.hands.writers import FIRST_WRITER, Writer, draw_writer
from pipeline.synthesis.repertoire import Hand, Repertoire

LEVEL1 = frozenset(GB2312_LEVEL1)
RARE = 5  # distinguishes the random numbers of `_writes` from those of `Draws`


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
    folder: Path, hands: Mapping[str, Hand], chars: Sequence[str], params: StrokesParams, processes: int = 1
) -> Iterator[int]:
    """Writes `<writer>-f.gnt` for each writer into `folder`: `params.samples` samples of each character.

    Skips writers whose files already exist, and so completes a partial corpus.

    Args:
        folder: exists and holds only such files.
        hands: by name; each of `chars` is in at least one.
        chars: each file lists the characters in this order.
        params: number, looseness and seed of the writers, samples per character, share of writers of rare ones.
        processes: number of processes; it changes no byte.

    Yields:
        The number of each writer whose file is complete.
    """
    numbers = range(FIRST_WRITER, FIRST_WRITER + params.writers)
    tasks = [(folder, number, params) for number in numbers if not (folder / file_name(number)).exists()]
    yield from spread(_write_writer, tasks, processes, _start, (dict(hands), tuple(chars)))


def file_name(number: int) -> str:
    """Returns the name of a writer's file, as CASIA names it."""
    return f"{number}-f.gnt"


_repertoire = Repertoire({})  # of this process; set by `_start`
_chars: tuple[str, ...] = ()


def _start(hands: Mapping[str, Hand], chars: tuple[str, ...]) -> None:
    global _repertoire, _chars
    cv2.setNumThreads(1)
    _repertoire, _chars = Repertoire(hands), chars


def _write_writer(task: tuple[Path, int, StrokesParams]) -> int:
    folder, number, params = task
    writer = draw_writer(params.seed, number, params.looseness, params.narrow)
    write_gnt(folder / file_name(number), _samples(writer, number, params))
    return number


def _samples(writer: Writer, number: int, params: StrokesParams) -> Iterator[tuple[str, np.ndarray]]:
    liking = _repertoire.liking(writer, (params.seed, number))
    for char in _chars:
        seed = (params.seed, number, ord(char))
        if char in LEVEL1 or _writes(seed, params.rare):
            skeleton, leaning = _repertoire.choose(char, liking, seed)
            # A running or cursive shape has its own joins.
            own = dataclasses.replace(writer, join=writer.join * (1 - leaning))
            for repeat in range(params.samples):
                yield char, draw_sample(skeleton, own, seed, repeat)


def _writes(seed: tuple[int, int, int], rare: float) -> bool:
    """Whether a writer writes a rare character: a share `rare` of all writers do."""
    return rare >= 1 or np.random.default_rng(np.random.SeedSequence((*seed, 0, RARE))).random() < rare
