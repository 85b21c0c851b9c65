"""Stage `math-faces`: fetches the handwriting faces that `math.formulas.hands` names, and traces their symbols.

    python -m stages.math_faces

Writes data/raw/math-faces/<face>/strokes.jsonl and the licence of the face beside it, and metrics/math/faces.json: how
many symbols each face gave. Nothing is fetched for `hands: []`. Needs the network. All faces take a minute.
"""

from __future__ import annotations

from pipeline.files import write_json
from pipeline.params import load_params
from pipeline.processes import worker_count
from pipeline.synthesis.formulas.face_chars import CHARS
from pipeline.synthesis.tracing.faces import chosen
from pipeline.synthesis.tracing.store import store_faces
from stages import run_stage
from stages.paths import MATH_FACE_METRICS, MATH_HANDS


def main() -> None:
    names = chosen(load_params().math.formulas.hands, "math.formulas.hands")
    write_json(MATH_FACE_METRICS, store_faces(MATH_HANDS, names, {}, CHARS, worker_count()))


if __name__ == "__main__":
    run_stage(main)
