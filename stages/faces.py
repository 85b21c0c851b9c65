"""Stage `faces`: fetches the handwriting faces that `strokes.hands` names, and traces their glyphs to strokes.

    python -m stages.faces

Writes data/raw/faces/<face>/strokes.jsonl (in the form of the medians) and the licence of the face beside it, and
metrics/faces.json: how many glyphs each face gave, and how many were turned away. Nothing is fetched for `hands: []`.
Needs the network. All faces and characters take about 6 minutes on two cores; a face of 6,700 characters takes one on
one core.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from pipeline import npm
from pipeline.errors import InkError
from pipeline.files import atomic_directory, write_json
from pipeline.params import load_params
from pipeline.processes import worker_count
from pipeline.progress import progress
from pipeline.synthesis.classes import corpus_chars
from pipeline.synthesis.hands.medians import encode_line, load_medians
from pipeline.synthesis.tracing.faces import FACES, Face, chosen, write_licence
from pipeline.synthesis.tracing.job import Traced, trace_faces
from stages import run_stage
from stages.paths import FACE_METRICS, HANDS, MEDIANS


def fetch(names: tuple[str, ...], folder: Path) -> dict[str, Path]:
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
            raise InkError(f"face {name}: {error}\nor leave it out of strokes.hands") from error
    return packages


def write_face(traced: Traced, package: Path, output: Path) -> dict[str, int]:
    """Writes the strokes of a face and its licence, and returns its accounts."""
    output.mkdir()
    with (output / "strokes.jsonl").open("w", encoding="utf-8", newline="\n") as file:
        file.writelines(encode_line(char, strokes) for char, strokes in traced.strokes.items())
    write_licence(package, FACES[traced.name], output)
    return traced.accounts()


def main() -> None:
    params = load_params().strokes
    medians = load_medians(MEDIANS / "medians.jsonl")
    names = chosen(params.hands)
    accounts = {}
    with tempfile.TemporaryDirectory() as folder, atomic_directory(HANDS) as partial:
        packages = fetch(names, Path(folder))
        traced = trace_faces(packages, medians, corpus_chars(params.classes, medians), worker_count())
        for face in progress(traced, total=len(names), desc="trace", unit="faces"):
            accounts[face.name] = write_face(face, packages[face.name], partial / face.name)
    write_json(FACE_METRICS, {name: accounts[name] for name in names})


if __name__ == "__main__":
    run_stage(main)
