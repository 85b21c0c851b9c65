"""Training needs only Keras and Parquet: without TensorFlow, another backend works."""

import subprocess
import sys

import pytest

# An import finder that reports TensorFlow as missing, before the real finders find it.
WITHOUT_TENSORFLOW = """
import sys
class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == "tensorflow":
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
sys.meta_path.insert(0, Absent())
"""


@pytest.mark.slow
def test_trains_on_jax_with_tensorflow_not_installed(splits, params, tmp_path):
    code = f"""{WITHOUT_TENSORFLOW}
import os
from pathlib import Path
os.environ["KERAS_BACKEND"] = "jax"
os.environ["JAX_PLATFORMS"] = "cpu"
import stages.train
from pipeline.hccr import training
from pipeline.params import Params
params = Params.model_validate_json({params.model_dump_json()!r})
rows = []
model, final, _ = training.train(
    params, Path({str(splits)!r}), list("上下右左"), lambda epoch, row: rows.append(row), Path({str(tmp_path)!r})
)
print(len(rows), final["train/accuracy_clean"] >= 0.9, "tensorflow" in sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == f"{params.train.epochs} True False"
