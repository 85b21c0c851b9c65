"""The layers: what importing a module may bring along. Each layer is imported in a fresh interpreter."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
TENSORFLOW = {"tensorflow", "ai_edge_litert"}
KERAS = {"keras"}
BEAM = {"apache_beam"}
TOP = {"pipeline.export", "pipeline.page", "pipeline.recognize", "stages"}
ABOVE_LEARNING = {"pipeline.jobs", "pipeline.edge", "pipeline.report"} | TOP
TRAINED = {"pipeline.learning", "pipeline.hccr", "pipeline.detector"}

# Layer: what none of its modules may import, directly or through others.
FORBIDDEN = {
    "pipeline": TENSORFLOW | KERAS | BEAM | TRAINED | ABOVE_LEARNING | {"pipeline.formats", "pipeline.ink"},
    "pipeline/formats": TENSORFLOW | KERAS | BEAM | TRAINED | ABOVE_LEARNING,
    "pipeline/ink": TENSORFLOW | KERAS | BEAM | TRAINED | ABOVE_LEARNING,
    "pipeline/jobs": TENSORFLOW | KERAS | TRAINED | {"pipeline.edge", "pipeline.report"} | TOP,
    "pipeline/learning": TENSORFLOW | BEAM | ABOVE_LEARNING | {"pipeline.hccr", "pipeline.detector"},
    "pipeline/hccr": TENSORFLOW | BEAM | ABOVE_LEARNING | {"pipeline.detector"},
    "pipeline/detector": TENSORFLOW | BEAM | ABOVE_LEARNING | {"pipeline.hccr"},
    "pipeline/edge": BEAM | {"pipeline.jobs"} | TOP,
    "pipeline/report": BEAM | {"pipeline.jobs"} | TOP,
    # What runs where there is nothing but a model: LiteRT, no TensorFlow.
    "pipeline/recognize": {"tensorflow", "pipeline.jobs"} | KERAS | BEAM | TOP - {"pipeline.recognize"},
    "pipeline/export": {"tensorflow", "pipeline.jobs"} | KERAS | BEAM | TOP - {"pipeline.export"},
    "pipeline/page": TENSORFLOW | KERAS | BEAM | TRAINED | ABOVE_LEARNING - {"pipeline.page"},
}

# As on a machine without TensorFlow. Keras gives way to a stand-in: whichever backend is installed would come with it.
WITHOUT_TENSORFLOW = """
import unittest.mock
sys.modules |= {"tensorflow": None, "keras": unittest.mock.MagicMock()}
"""

IMPORT_ALL = """
import importlib, sys
{prelude}
for name in sys.argv[1:]:
    importlib.import_module(name)
print("\\n".join(name for name, module in sys.modules.items() if module is not None))
"""


def modules(folder):
    """The dotted names of the modules in a folder, without its subfolders."""
    names = [".".join(path.relative_to(ROOT).with_suffix("").parts) for path in sorted((ROOT / folder).glob("*.py"))]
    return [name.removesuffix(".__init__") for name in names]


@pytest.mark.parametrize("layer", FORBIDDEN)
def test_a_layer_imports_only_what_lies_beneath(layer, tmp_path):
    code = IMPORT_ALL.format(prelude=WITHOUT_TENSORFLOW if layer.replace("/", ".") in TRAINED else "")
    command = [sys.executable, "-c", code, *modules(layer)]
    environment = {"PYTHONPATH": str(ROOT), "HOME": str(tmp_path), "TF_CPP_MIN_LOG_LEVEL": "3"}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    loaded = set(done.stdout.split())
    assert set(modules(layer)) <= loaded
    assert sorted(loaded & FORBIDDEN[layer]) == []


def test_every_layer_is_held():
    packages = {path.parent.relative_to(ROOT).as_posix() for path in (ROOT / "pipeline").rglob("*.py")}
    assert packages == set(FORBIDDEN)
