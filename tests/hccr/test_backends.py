"""Training needs Keras and Parquet alone: where TensorFlow is not installed, another backend does."""

import subprocess
import sys

# A finder that answers for TensorFlow before the real ones do, as on a machine that lacks it.
WITHOUT_TENSORFLOW = """
import sys
class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == "tensorflow":
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
sys.meta_path.insert(0, Absent())
"""


def test_training_code_imports_and_streams_batches_without_tensorflow(splits):
    code = f"""{WITHOUT_TENSORFLOW}
import os
os.environ["KERAS_BACKEND"] = "numpy"
from pipeline.hccr import training
from pipeline.hccr.dataset import Part, training_batches
from pipeline.hccr.model import build_model
from pipeline.params import load_params
import stages.train
params = load_params()
images, labels = next(training_batches(Part({str(splits)!r}, "train"), params.train))
logits = build_model(params.model.model_copy(update={{"width": 0.125, "features": 32}}), 4)(images)
print(logits.shape, "tensorflow" in sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "(48, 4) False"
