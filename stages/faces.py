"""Stage `faces`: fetches the handwriting faces that `strokes.hands` names, and traces their glyphs to strokes.

    python -m stages.faces

Writes data/raw/faces/<face>/strokes.jsonl (in the form of the medians) and the licence of the face beside it, and
metrics/faces.json: how many glyphs each face gave, and how many were turned away. Nothing is fetched for `hands: []`.
Needs the network. All faces and characters take about 6 minutes on two cores; a face of 6,700 characters takes one on
one core.
"""

from __future__ import annotations

from pipeline.files import write_json
from pipeline.params import load_params
from pipeline.processes import worker_count
from pipeline.synthesis.classes import corpus_chars
from pipeline.synthesis.hands.medians import load_medians
from pipeline.synthesis.tracing.faces import chosen
from pipeline.synthesis.tracing.store import store_faces
from stages import run_stage
from stages.paths import FACE_METRICS, HANDS, MEDIANS


def main() -> None:
    params = load_params().strokes
    medians = load_medians(MEDIANS / "medians.jsonl")
    names, chars = chosen(params.hands, "strokes.hands"), corpus_chars(params.classes, medians)
    write_json(FACE_METRICS, store_faces(HANDS, names, medians, chars, worker_count()))


if __name__ == "__main__":
    run_stage(main)
