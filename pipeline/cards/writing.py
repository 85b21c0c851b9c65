"""Writes the cards of a data set beside its shards.

    write_cards("data/splits", SPLITS, PARTS, read_terms("data/decoded"), known={})

No card holds a date, an absolute path or a version of a library: the same shards give the same bytes.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pipeline.cards import croissant, huggingface, sums, tfds
from pipeline.cards.description import Known, describe
from pipeline.cards.subjects import Subject
from pipeline.cards.terms import Terms
from pipeline.files import write_text

RENDERERS = (huggingface, croissant, tfds, sums)


def write_cards(directory: Path, subject: Subject, parts: Sequence[str], terms: Terms, known: Known) -> None:
    """Describes the data set in `directory` and writes all its cards there.

    Args:
        directory: the folder of the data set, with all its files.
        subject: what the data set is.
        parts: the names of its splits, in order.
        terms: the terms of its source.
        known: size and SHA-256 of files by name, where they are known already; the others are read.
    """
    data = describe(directory, subject, parts, terms, known)
    for renderer in RENDERERS:
        for name, text in renderer.render(data).items():
            write_text(directory / name, text)
