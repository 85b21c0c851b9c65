"""Fetches the packages of faces, traces them, and writes the strokes of each face with its licence.

<face>/strokes.jsonl    in the form of the stroke medians
<face>/LICENSE
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from pipeline import npm
from pipeline.errors import InkError
from pipeline.files import atomic_directory
from pipeline.progress import progress
from pipeline.synthesis.hands.medians import Strokes, encode_line
from pipeline.synthesis.tracing.faces import FACES, Face, write_licence
from pipeline.synthesis.tracing.job import Traced, trace_faces


def store_faces(
    output: Path, names: Sequence[str], medians: Mapping[str, Strokes], chars: Sequence[str], processes: int = 1
) -> dict[str, dict[str, int]]:
    """Writes the traced faces into the folder `output`, all or none. Needs the network if there are names.

    Args:
        output: replaced if it exists.
        names: of the faces, see `chosen`.
        medians: of all characters that have some, see `trace_faces`.
        chars: the characters wanted.
        processes: number of processes; it changes no byte.

    Returns:
        For each face, how many characters it gave, and how many not, by reason.

    Raises:
        InkError: a package cannot be fetched, or has changed; the message names the face.
    """
    accounts = {}
    with tempfile.TemporaryDirectory() as folder, atomic_directory(output) as partial:
        packages = _fetch(names, Path(folder))
        traced = trace_faces(packages, medians, chars, processes)
        for face in progress(traced, total=len(names), desc="trace", unit="faces"):
            accounts[face.name] = _write_face(face, packages[face.name], partial / face.name)
    return {name: accounts[name] for name in names}


def _fetch(names: Sequence[str], folder: Path) -> dict[str, Path]:
    """Fetches faces and returns the folder of each package.

    Raises:
        InkError: see `npm.fetch`; the message names the face.
    """
    packages = {}
    for name in progress(names, total=len(names), desc="fetch", unit="faces"):
        face: Face = FACES[name]
        (folder / name).mkdir()
        try:
            packages[name] = npm.fetch(folder / name, face.package, face.version, face.integrity)
        except InkError as error:
            raise InkError(f"face {name}: {error}\nor leave it out of the hands in params.yaml") from error
    return packages


def _write_face(traced: Traced, package: Path, output: Path) -> dict[str, int]:
    """Writes the strokes of a face and its licence, and returns its accounts."""
    output.mkdir()
    with (output / "strokes.jsonl").open("w", encoding="utf-8", newline="\n") as file:
        file.writelines(encode_line(char, strokes) for char, strokes in traced.strokes.items())
    write_licence(package, FACES[traced.name], output)
    return traced.accounts()
