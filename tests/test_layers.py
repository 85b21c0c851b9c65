"""The layers: what importing a package may load. Each package is imported in a fresh interpreter."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
TENSORFLOW = {"tensorflow", "ai_edge_litert"}
KERAS = {"keras"}
BEAM = {"apache_beam"}

# From the bottom up. A package imports packages of lower tiers only, and none of its own tier.
TIERS = [
    ["pipeline"],  # what every layer may use: params, files, errors, processes
    ["pipeline.ink"],
    ["pipeline.formats"],
    ["pipeline.structure", "pipeline.cards"],
    ["pipeline.synthesis", "pipeline.jobs", "pipeline.learning"],
    ["pipeline.hccr", "pipeline.detector"],
    ["pipeline.edge"],
    ["pipeline.scoring"],
    ["pipeline.report"],
    ["pipeline.recognize", "pipeline.export", "pipeline.page"],
    ["stages"],
]
ROOMS = {
    "pipeline.synthesis": [
        "pipeline/synthesis",
        "pipeline/synthesis/hands",
        "pipeline/synthesis/formulas",
        "pipeline/synthesis/tracing",
    ],
}

# What a package must load without: a laptop without TensorFlow still decodes, a phone's tool chain has no Beam.
HEAVY = {
    "pipeline": TENSORFLOW | KERAS | BEAM,
    "pipeline.ink": TENSORFLOW | KERAS | BEAM,
    "pipeline.formats": TENSORFLOW | KERAS | BEAM,
    "pipeline.structure": TENSORFLOW | KERAS | BEAM,
    "pipeline.cards": TENSORFLOW | KERAS | BEAM,
    "pipeline.synthesis": TENSORFLOW | KERAS | BEAM,
    "pipeline.jobs": TENSORFLOW | KERAS,
    "pipeline.learning": TENSORFLOW | BEAM,
    "pipeline.hccr": TENSORFLOW | BEAM,
    "pipeline.detector": TENSORFLOW | BEAM,
    "pipeline.edge": BEAM,
    "pipeline.scoring": {"tensorflow"} | KERAS | BEAM,
    "pipeline.report": TENSORFLOW | KERAS | BEAM,
    "pipeline.recognize": {"tensorflow"} | KERAS | BEAM,
    "pipeline.export": {"tensorflow"} | KERAS | BEAM,
    "pipeline.page": {"tensorflow"} | KERAS | BEAM,
}
TRAINED = {"pipeline.learning", "pipeline.hccr", "pipeline.detector"}

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


def modules(package):
    """The dotted names of a package's modules; of `pipeline` itself without its subpackages."""
    folders = ROOMS.get(package, [package.replace(".", "/")])
    paths = [path for folder in folders for path in sorted((ROOT / folder).glob("*.py"))]
    return [".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__") for path in paths]


def beneath(package):
    """The packages that `package` may import: all of the lower tiers, and itself."""
    tier = next(index for index, packages in enumerate(TIERS) if package in packages)
    return {package, *(name for packages in TIERS[:tier] for name in packages)}


def package_of(module):
    """The package of a project module, `pipeline` for those that lie directly in it; None for other modules."""
    parts = module.split(".")
    if parts[0] not in {"pipeline", "stages"}:
        return None
    name = ".".join(parts[:2])
    return name if any(name in packages for packages in TIERS) else parts[0]


@pytest.mark.parametrize("package", HEAVY)
def test_a_package_imports_only_what_lies_beneath(package, tmp_path):
    code = IMPORT_ALL.format(prelude=WITHOUT_TENSORFLOW if package in TRAINED else "")
    command = [sys.executable, "-c", code, *modules(package)]
    environment = {"PYTHONPATH": str(ROOT), "HOME": str(tmp_path), "TF_CPP_MIN_LOG_LEVEL": "3"}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    loaded = set(done.stdout.split())
    assert set(modules(package)) <= loaded
    assert sorted(loaded & HEAVY[package]) == []
    assert {package_of(module) for module in loaded} - {None} <= beneath(package)


def test_every_package_has_a_tier():
    packages = {path.parent.relative_to(ROOT).as_posix() for path in (ROOT / "pipeline").rglob("*.py")}
    assert packages == {folder for name in HEAVY for folder in ROOMS.get(name, [name.replace(".", "/")])}
