"""The handwriting faces that `strokes.hands` and `math.formulas.hands` name.

All are under the SIL Open Font License 1.1. They are npm packages, pinned by version and hash, most in many files by
Unicode range. `leaning` says how a face is written: 0 = regular (every stroke by itself), 0.5 = running (strokes
joined, components abbreviated), 1 = cursive.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from fontTools.ttLib import TTFont
from PIL import ImageFont

from pipeline.errors import InkError
from pipeline.files import write_text

ALL = "all"
COPYRIGHT = 0  # number of the notice in a font's name table
OFL = "This Font Software is licensed under the SIL Open Font License, Version 1.1 (https://openfontlicense.org)."
EM = 128  # pixels per em of the pictures that are traced


@dataclass(frozen=True)
class Face:
    """A handwriting face.

    Attributes:
        package, version, integrity: the npm package; `integrity` is the SHA-512 that npm's registry states.
        leaning: 0 = regular, 0.5 = running, 1 = cursive.
        files: pattern of its files in the package.
        rank: a glyph is kept if at most this many characters resemble it more than its own one does.
    """

    package: str
    version: str
    integrity: str
    leaning: float
    files: str = "files/*-400-normal.woff2"
    rank: int = 191  # 2 % of the 9,574 characters with medians


FACES: dict[str, Face] = {
    "xiaolai": Face(  # regular, childlike pen
        "@excalidraw/excalidraw",
        "0.18.1",
        "sha512-6i5Gt7IDTOH//qa0Z315Ly5iVRhjWpu2whrlQFqkuwrkKUWgRsMk0P5qdE7bpyDpai7jeLeWYkyj1eVAfni1lw==",
        0.0,
        files="dist/prod/fonts/Xiaolai/*.woff2",
    ),
    "lxgw-wenkai": Face(  # regular, neat pen
        "@fontsource/lxgw-wenkai",
        "5.3.0",
        "sha512-+U5AAOXeaB7o+3G0Qm7I7Djz2Jd1hqNY+kClOZH8bTunyyGa2WxY12LZftt2AqUsxlfxwdQpd75Js1HQIt4H4g==",
        0.0,
        files="files/*-500-normal.woff2",
    ),
    "iansui": Face(  # regular, pencil
        "@fontsource/iansui",
        "5.3.0",
        "sha512-id4d5BwvRaJJn4tkLhyvbDWTDZ8Z1phjP3c1XFTkAV/uE+m+bAz28wsQWDADWACNNdLifMeohZ/Vepg7N5K5iA==",
        0.0,
    ),
    "klee-one": Face(  # regular, pencil; Japanese forms
        "@fontsource/klee-one",
        "5.3.0",
        "sha512-1mnMRQO70AnTCHaWy5ovYKjbvszpOp7//bMDZ+PnjBMmar5YRcbskVzM4u+Syd8CMWw353R3BvsrsKQrwVRnEw==",
        0.0,
    ),
    "yomogi": Face(  # regular pen; Japanese forms
        "@fontsource/yomogi",
        "5.3.0",
        "sha512-D35BWMd0BVhtYfpE7r1UfTNZHxaFVvLw4Rz2ym+yvEE7vlIfwtZEQFp4VFCvlcH+BwoAJD1mFH/r/XV7qDxeyg==",
        0.05,
    ),
    "zen-kurenaido": Face(  # regular pen; Japanese forms
        "@fontsource/zen-kurenaido",
        "5.3.0",
        "sha512-Oh7XLWpdTV7/f6xgdw3pmDPpu8OHEdXu9QEL2TEjoBeg85z1qWMb4lvQYDtNQx6gaERvKQ0OrgvpS3S/ka/+bA==",
        0.05,
    ),
    "ma-shan-zheng": Face(  # between regular and running, brush
        "@fontsource/ma-shan-zheng",
        "5.3.1",
        "sha512-cGGn7Yje2RSduXVxEk+rCfNZyD/T/7FMGj03LNPiK8TRL9Sing0tq1zJF3n+W29szPqgb2RNs5oIvmm+ikeI+Q==",
        0.3,
    ),
    "long-cang": Face(  # running, hard pen
        "@fontsource/long-cang",
        "5.3.0",
        "sha512-lCcBJb+LWZpYCVtGvQRiZPy5/EaGPuYLycpJXUIOz28EYGGqhTVWBRqY6ucaW8l1F8gvfjutY1PoAPUrFiP0wg==",
        0.5,
    ),
    "zhi-mang-xing": Face(  # running, brush
        "@fontsource/zhi-mang-xing",
        "5.3.0",
        "sha512-V21yCCm5o2PHdXF2P9KKh7uiqL8QFFuII4DRQkpG24tfyDzJPchXKsxkcvKM43xEPvQKdbhHCBbXEFjcm/TUCQ==",
        0.65,
    ),
    "liu-jian-mao-cao": Face(  # cursive, brush; some traditional forms, hence the strict rank
        "@fontsource/liu-jian-mao-cao",
        "5.3.0",
        "sha512-OaFm4okm77XoGA9jp1J89tDjdWlzb68yJCUL7LV75QxUWF/qOBRVqmhP7XFFsgcn/PL+nc2dPvRGT/8yit5LZg==",
        1.0,
        rank=9,
    ),
    "caveat": Face(  # Latin letters and digits
        "@fontsource/caveat",
        "5.3.0",
        "sha512-eHTfzQxFSW9ABERRLNruHoNJmKed2J7pqTUc5lp4a4POMgXGKpxmWj3d9Hz10kmAg6iuTTLe6UagbA4bnsmfQw==",
        0.4,
    ),
    "kalam": Face(  # the same
        "@fontsource/kalam",
        "5.3.0",
        "sha512-FDkVoDfPDCSN/eO81FOYtUI67eMgpVBJmjBtAqSL0PmEhJyeFY2biC+CR+yEttksgXR9+swpFdYmQTyjwBq80Q==",
        0.2,
    ),
    "patrick-hand": Face(  # the same
        "@fontsource/patrick-hand",
        "5.3.0",
        "sha512-V8C38IlIFfdWg0Xtri3F7sLCVpm069rUwn6w4n+oyn38gt7H4arOJmuReg3tAw1Q6jHqZp89wTnAAJagq4Atxw==",
        0.1,
    ),
    "indie-flower": Face(  # the same
        "@fontsource/indie-flower",
        "5.3.0",
        "sha512-Wo5eN/ruEQcyC3+ArzhlpqWQgph3VuCNbJlEkVw17LUd0uyTHOb9bTec4g9njQzjiL/ijACF27sSwy90L6kZBg==",
        0.2,
    ),
    "shadows-into-light": Face(  # the same
        "@fontsource/shadows-into-light",
        "5.3.0",
        "sha512-3dvv0i8/ZwLMY08AAlTLivHUdNQYB6Fxe92d7BZiGbHY2GQnCxEd8JC9CBzxTiP4iyWNa6OZn9LXF+xjc9LaGw==",
        0.2,
    ),
    "reenie-beanie": Face(  # the same
        "@fontsource/reenie-beanie",
        "5.3.0",
        "sha512-PgEiqKdPCLlvdY2IMWMBdYyMdr1mo1zxVBRNFlo3gclnCz560iiyTTt0dU4/VIGnjhyAb3gSWIQL0qXnn5oaYw==",
        0.5,
    ),
    "gaegu": Face(  # the same
        "@fontsource/gaegu",
        "5.3.0",
        "sha512-eSVEXay02/DAB5BtH/gpsujvpT78EjO6XVuNA1ap1G+xvr3zokU2HoLoaW+CfzykRuVgDQ2oZ1oe7VAlmGZt/A==",
        0.1,
    ),
}


def glyphs(folder: Path, face: Face, chars: Iterable[str]) -> Iterator[tuple[str, np.ndarray]]:
    """Yields the glyphs of an unpacked package, each character once, in the order of the files' names.

    Args:
        folder: of the package.
        face: whose package it is.
        chars: those wanted; the face may lack some.

    Yields:
        A character and its picture, uint8 [height, width], 255 = ink, at EM pixels per em. Glyphs
        without ink are left out.

    Raises:
        InkError: the package has no such files, or one is unreadable.
    """
    paths = sorted(folder.glob(face.files))
    if not paths:
        raise InkError(f"{folder}: expected files {face.files} of the face, found none")
    left = set(chars)
    for path in paths:
        try:
            with path.open("rb") as file, TTFont(file, lazy=True) as font:
                found = left & {chr(code) for code in font.getBestCmap()}
            drawer = ImageFont.truetype(path, EM)
        except Exception as error:  # fontTools raises whatever its readers meet in a damaged file
            raise InkError(f"{path}: expected a font (WOFF2), found an unreadable file: {error}") from error
        for char in sorted(found):
            mask = drawer.getmask(char, "L")
            if mask.size[0] and mask.size[1] and mask.getbbox():
                left.discard(char)
                yield char, np.array(mask, np.uint8).reshape(mask.size[1], mask.size[0])


def chosen(hands: Sequence[str], key: str) -> tuple[str, ...]:
    """Returns the names of the faces that the param `key` names, in the order of FACES.

    Raises:
        InkError: a name is unknown, or given twice.
    """
    if hands == ALL:
        return tuple(FACES)
    unknown = [name for name in hands if name not in FACES]
    if unknown or len(set(hands)) < len(hands):
        raise InkError(
            f"{key}: expected {ALL!r} or different names out of {', '.join(FACES)}; found {', '.join(hands)}"
        )
    return tuple(name for name in FACES if name in hands)


def write_licence(package: Path, face: Face, output: Path) -> None:
    """Writes the licence of a face to the folder `output`: the file of the package, or the notice in its font.

    Raises:
        InkError: the package has neither.
    """
    texts = sorted(package.glob("LICENSE*")) + sorted(package.glob("OFL*"))
    if texts:
        shutil.copy(texts[0], output / "LICENSE")
        return
    with TTFont(sorted(package.glob(face.files))[0], lazy=True) as font:
        notice = font["name"].getDebugName(COPYRIGHT)
    if not notice:
        raise InkError(f"{package}: expected the licence of the face, found neither LICENSE nor a copyright notice")
    write_text(output / "LICENSE", f"{notice}\n\n{OFL}\n")
