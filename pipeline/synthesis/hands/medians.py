"""Stroke medians: the centre line of every stroke, in writing order. The corpus of characters is drawn from them.

One JSON object per line, in code-point order: `{"char": "一", "medians": [[[121, 507], [193, 528], ...]]}`. A stroke is
a list of points in integer units; the em square has 1024 of them per side, x points right and y down. The data come
from the npm package hanzi-writer-data (from Make Me a Hanzi, which derives them from fonts by Arphic Technology) under
the Arphic Public License. The text of the licence accompanies the data.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from pipeline.errors import InkError

EM = 1024  # units, side of the square that a character is drawn in
PACKAGE_TOP = 900  # the package's y axis points up, and its square spans y = -124 to 900 (hanzi-writer-data, README)

Strokes = tuple[tuple[tuple[int, int], ...], ...]  # [stroke][point] -> (x, y)


def read_package(folder: Path) -> Iterator[tuple[str, Strokes]]:
    """Yields the characters of an unpacked hanzi-writer-data in code-point order, with strokes whose y points down.

    Raises:
        InkError: `folder` holds no character files, or a file holds no medians.
    """
    files = sorted(path for path in folder.glob("*.json") if len(path.stem) == 1)
    if not files:
        raise InkError(f"{folder}: expected one .json file per character (hanzi-writer-data), found none")
    for path in files:
        try:
            medians = json.loads(path.read_text(encoding="utf-8"))["medians"]
        except (ValueError, KeyError) as error:
            raise InkError(f"{path}: expected JSON with `medians`, found none ({error})") from error
        # A few points of the package are not whole numbers.
        yield path.stem, tuple(tuple((round(x), round(PACKAGE_TOP - y)) for x, y in stroke) for stroke in medians)


def encode_line(char: str, strokes: Strokes) -> str:
    """Returns one line of a medians file, including the line ending."""
    return json.dumps({"char": char, "medians": strokes}, ensure_ascii=False, separators=(",", ":")) + "\n"


def load_medians(path: Path | str, chars: Iterable[str] | None = None) -> dict[str, Strokes]:
    """Reads a medians file; with `chars`, returns only their strokes, in that order.

    Raises:
        InkError: the file is unreadable, a line is not a medians object, or a character of `chars` has no strokes.
    """
    path = Path(path)
    try:
        with path.open(encoding="utf-8") as file:
            found = dict(_decode_line(line, path, number) for number, line in enumerate(file, start=1))
    except OSError as error:
        raise InkError(
            f"{path}: cannot read the stroke medians ({error.strerror}); make them with `dvc repro medians`"
        ) from error
    return found if chars is None else select(found, chars, path)


def select(medians: Mapping[str, Strokes], chars: Iterable[str], source: Path | str) -> dict[str, Strokes]:
    """Returns the strokes of `chars`, in that order.

    Raises:
        InkError: characters have no strokes; names them.
    """
    wanted = list(chars)
    require(wanted, [medians], source)
    return {char: medians[char] for char in wanted}


def require(chars: Iterable[str], hands: Sequence[Mapping[str, Strokes]], source: Path | str) -> None:
    """Raises an error that names the characters that no hand has.

    Raises:
        InkError: there are such characters.
    """
    missing = [char for char in chars if not any(hand.get(char) for hand in hands)]
    if missing:
        names = " ".join(f"{char} (U+{ord(char):04X})" for char in missing[:10])
        more = f" and {len(missing) - 10} more" if len(missing) > 10 else ""
        raise InkError(f"{source}: no stroke data for {names}{more}; remove them from strokes.classes")


def _decode_line(line: str, path: Path, number: int) -> tuple[str, Strokes]:
    try:
        record = json.loads(line)
        char, medians = record["char"], record["medians"]
        strokes = tuple(tuple((int(x), int(y)) for x, y in stroke) for stroke in medians if stroke)
    except (ValueError, KeyError, TypeError) as error:
        raise InkError(f'{path}, line {number}: expected {{"char": .., "medians": ..}}, found {line[:60]!r}') from error
    return char, strokes
