"""The licence terms of a data set's source, as its cards and COCO files state them.

    terms_of("data/raw/strokes")    # CHARACTERS
    terms_of("/archives/HWDB1.1")   # ARCHIVE: the terms are unknown here

THIRD_PARTY.md has the full table; a test compares it with this module. The table is not read here: an edit of that page
must not make the data stages run again.
"""

from __future__ import annotations

import os
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from pipeline.files import read_json

CROISSANT = "croissant.json"


class Licence(NamedTuple):
    """A licence of source material."""

    name: str  # as in THIRD_PARTY.md
    link: str  # "" if no lasting address is known


class Terms(NamedTuple):
    """The licence terms of a source."""

    name: str  # Hugging Face's `license_name`
    folder: str  # the source; "" for any other
    licences: tuple[Licence, ...]
    text: str  # Markdown
    synthetic: bool

    @property
    def stated(self) -> list[str]:
        """The licences as Croissant states them: addresses, or names where there is none. Never empty."""
        return [licence.link or licence.name for licence in self.licences]

    @property
    def coco(self) -> dict:
        """The only entry of `licenses` in COCO files."""
        name = "; ".join(licence.name for licence in self.licences)
        return {"id": 1, "name": name, "url": self.licences[0].link}


CHARACTERS = Terms(
    "ink2edge-characters",
    "data/raw/strokes",
    (
        Licence("Arphic Public License", "https://spdx.org/licenses/Arphic-1999.html"),
        Licence("SIL Open Font License 1.1", "https://spdx.org/licenses/OFL-1.1.html"),
    ),
    "Synthetic handwriting, drawn from the stroke medians of hanzi-writer-data (Arphic Public License) and from the "
    "faces that the param `strokes.hands` names, if any (SIL Open Font License 1.1). THIRD_PARTY.md lists versions and "
    "licence texts; a copy of the data must come with these texts.",
    synthetic=True,
)
FORMULAS = Terms(
    "ink2edge-formulas",
    "data/raw/formulas",
    (
        Licence("Bitstream Vera and Arev font licences; changes by DejaVu are in the public domain", ""),
        Licence("STIX Font License of 24 May 2010", ""),
        Licence("BaKoMa Fonts Licence", ""),
    ),
    "Synthetic formulas. The strokes of the handwritten ones were drawn for this project (Apache License 2.0). The "
    "printed ones are pictures typeset in DejaVu, STIX and BaKoMa Computer Modern fonts; no font file is in them. "
    "THIRD_PARTY.md lists versions and licence texts.",
    synthetic=True,
)
ARCHIVE = Terms(
    "terms-of-your-archive",
    "",
    (Licence("unknown: the terms of the archive that the data were read from", ""),),
    "Unknown here: the terms of the archive that the data were read from apply. This project grants no right to them. "
    "Those of CASIA HWDB and CROHME allow research, and no redistribution without an agreement.",
    synthetic=False,
)


def terms_of(source: str) -> Terms:
    """The terms of a source: those of an embedded corpus for its folder and what is below, else `ARCHIVE`."""
    path = PurePosixPath(os.path.normpath(source))
    for terms in (CHARACTERS, FORMULAS):
        if PurePosixPath(terms.folder) in (path, *path.parents):
            return terms
    return ARCHIVE


def read_terms(directory: Path) -> Terms:
    """The terms that the card in `directory` states; `ARCHIVE` if it has no card."""
    path = directory / CROISSANT
    stated = read_json(path)["license"] if path.exists() else []
    return next((terms for terms in (CHARACTERS, FORMULAS) if terms.stated == stated), ARCHIVE)
