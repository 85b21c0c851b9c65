"""Measures how well training on the embedded corpus transfers: trains on `strokes` only and tests on real scans.

    python -m benchmarks.synthetic_to_real REAL --work /tmp/transfer     # REAL: .gnt file, zip or folder of real scans

Classes are the characters of REAL that have stroke data; training uses no sample of REAL. The stages run in the work
folder with a separate params.yaml. A stopped run continues: it skips finished stages and resumes the training. Takes
about 25 minutes on two cores for 94 classes by 400 writers.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import yaml

from pipeline.command import command_parser
from pipeline.edge.litert import predict
from pipeline.formats.charset import write_class_list
from pipeline.formats.gnt import GntRecord
from pipeline.formats.parquet import read_samples
from pipeline.formats.png import decode_png
from pipeline.formats.sources import expand, read_unit
from pipeline.scoring.classification import reduce_scores, top_k
from pipeline.synthesis.hands.medians import load_medians

LOOSENESS = 1.0  # higher than in the embedded corpus, which must train in minutes; loose writers transfer best
ROOT = Path(__file__).resolve().parent.parent
MEDIANS = ROOT / "data/raw/medians/medians.jsonl"
STAGES = {  # stage -> its output, in the work folder
    "strokes": "data/raw/strokes",
    "decode": "data/decoded",
    "split": "data/splits",
    "train": "models/hccr/model.keras",
    "quantize": "models/hccr/float32.tflite",
}


def drawable_chars(real: str) -> str:
    """The characters of `real` that have stroke data, in code-point order."""
    chars = {item.char for unit in expand(real) for item in read_unit(unit) if isinstance(item, GntRecord)}
    return "".join(sorted(chars & load_medians(MEDIANS).keys()))


def prepare(folder: Path, changes: dict) -> None:
    """Prepares a folder for running stages: the project's params with `changes`, and a link to its stroke data."""
    folder.mkdir(parents=True, exist_ok=True)
    values = yaml.safe_load((ROOT / "params.yaml").read_text(encoding="utf-8"))
    for section, items in changes.items():
        values[section] |= items
    (folder / "params.yaml").write_text(yaml.safe_dump(values, allow_unicode=True, sort_keys=False), encoding="utf-8")
    link = folder / "data/raw/medians"
    if not link.exists():
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(MEDIANS.parent, target_is_directory=True)


def run_stage(folder: Path, stage: str, *arguments: str) -> None:
    """Runs a stage in `folder`, unless its output exists."""
    if (folder / STAGES[stage]).exists():
        return
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    subprocess.run([sys.executable, "-m", f"stages.{stage}", *arguments], cwd=folder, env=environment, check=True)


def read_scans(model: bytes, decoded: Path) -> tuple[np.ndarray, np.ndarray]:
    """Label of each decoded sample, and rank of the label among the model's scores; both int32 [n]."""
    samples = [sample for shard in sorted(decoded.glob("parquet/*.parquet")) for sample in read_samples(shard)]
    labels = np.array([sample.label for sample in samples], np.int32)
    images = np.stack([decode_png(sample.image) for sample in samples])[..., np.newaxis].astype(np.float32)
    scores = np.concatenate(list(predict(model, np.array_split(images, max(1, len(images) // 512)))))
    return labels, reduce_scores(scores, labels)[1]


def main() -> None:
    """Runs the stages and prints the figures."""
    parser = command_parser("benchmarks.synthetic_to_real", __doc__)
    parser.add_argument("real", metavar="REAL", help="real scans: a .gnt file, a zip or a folder")
    parser.add_argument(
        "--work", type=Path, required=True, metavar="FOLDER", help="folder for the run; a stopped run continues in it"
    )
    parser.add_argument(
        "--writers", type=int, metavar="N", default=400, help="synthetic writers (default: %(default)s)"
    )
    parser.add_argument("--epochs", type=int, metavar="N", default=8, help="epochs of training (default: %(default)s)")
    arguments = parser.parse_args()
    chars = drawable_chars(arguments.real)
    trained, tested = arguments.work, arguments.work / "real"
    prepare(
        trained,
        {
            "strokes": {"classes": chars, "writers": arguments.writers, "looseness": LOOSENESS},
            "decode": {"charset": str(ROOT / "data/charsets/all.txt")},
            "split": {"test": 0.02, "validation": 0.02},
            "train": {"epochs": arguments.epochs, "ema": 0.998},
        },
    )
    for stage in STAGES:
        run_stage(trained, stage, *(["float32"] if stage == "quantize" else []))
    class_list = tested / "classes.txt"
    prepare(
        tested,
        {"decode": {"source": str(Path(arguments.real).resolve()), "charset": "classes.txt", "classes": "charset"}},
    )
    write_class_list(class_list, chars)
    run_stage(tested, "decode")
    labels, rank = read_scans((trained / STAGES["quantize"]).read_bytes(), tested / STAGES["decode"])
    result = {
        "classes": len(chars),
        "writers": arguments.writers,
        "epochs": arguments.epochs,
        "real_scans": len(labels),
        "top1": round(top_k(rank, 1), 4),
        "top5": round(top_k(rank, 5), 4),
    }
    print(json.dumps(result, indent=2))


if __name__ == "__main__":
    main()
