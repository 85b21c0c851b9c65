import hashlib
import json
from dataclasses import replace

import pytest

from pipeline.errors import InkError
from pipeline.page.catalogue import Recogniser, Variant, write

DATA = b"a model"
METRICS = {"bytes": len(DATA), "classes": 2, "top1": 0.9, "cpu": "Tiny CPU"}
RECOGNISER = Recogniser("A network", "口日", [Variant("int8", DATA, METRICS)], "int8", ("top1",), {"frame": {"pen": 2}})


def test_models_are_listed_with_their_hash_and_figures(tmp_path):
    write(tmp_path / "out", {"characters": RECOGNISER})
    listed = json.loads((tmp_path / "out/models.json").read_text(encoding="utf-8"))
    digest = hashlib.sha256(DATA).hexdigest()
    file = f"models/characters-int8-{digest[:10]}.tflite"
    assert listed == {
        "characters": {
            "network": "A network",
            "preferred": "int8",
            "frame": {"pen": 2},
            "variants": [{"name": "int8", "file": file, "bytes": 7, "sha256": digest, "metrics": {"top1": 0.9}}],
            "classes": ["口", "日"],
        }
    }
    assert (tmp_path / "out" / file).read_bytes() == DATA


@pytest.mark.parametrize("key", ["bytes", "classes"])
def test_metrics_of_another_model_are_refused(tmp_path, key):
    wrong = replace(RECOGNISER, variants=[Variant("int8", DATA, METRICS | {key: 8})])
    with pytest.raises(InkError, match=rf"characters, int8: expected metrics .*'{key}': 8.* run `dvc repro`"):
        write(tmp_path / "out", {"characters": wrong})
