"""Data are never executed: no module unpickles, evaluates or starts a shell, and models load without their code."""

import ast
import json
import zipfile
from pathlib import Path

import keras
import numpy as np
import pytest

from pipeline.detector.model import load_detector
from pipeline.learning.checkpoint import Checkpoint

ROOT = Path(__file__).parents[1]
SOURCES = sorted(path for folder in ("pipeline", "stages", "fuzz") for path in (ROOT / folder).rglob("*.py"))
MODULES = {"pickle", "cPickle", "dill", "cloudpickle", "marshal", "shelve", "joblib", "xml.etree.ElementTree"}
CALLS = {"eval", "exec", "compile", "__import__", "os.system", "os.popen", "keras.config.enable_unsafe_deserialization"}
YAML = {"yaml.load", "yaml.load_all", "yaml.unsafe_load", "yaml.full_load", "yaml.Loader", "yaml.UnsafeLoader"}
FLAGS = {"shell": True, "allow_pickle": True, "safe_mode": False}  # forbidden arguments


def violations(source: str) -> list[str]:
    """The calls in a module that could execute data."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import | ast.ImportFrom):
            names = {alias.name for alias in node.names} | {getattr(node, "module", None)}
            found += sorted(MODULES & names)
        elif isinstance(node, ast.Attribute) and ast.unparse(node) in YAML:
            found.append(ast.unparse(node))
        elif isinstance(node, ast.Call):
            name = ast.unparse(node.func)
            found += [name] if name in CALLS else []
            found += [f"{key.arg}=" for key in node.keywords if key.arg in FLAGS and not harmless(key)]
            if name == "np.load" and not any(key.arg == "allow_pickle" for key in node.keywords):
                found.append(name)
    return found


def harmless(key: ast.keyword) -> bool:
    return isinstance(key.value, ast.Constant) and key.value.value is not FLAGS[str(key.arg)]


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_no_module_executes_data(path):
    assert violations(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("import pickle", ["pickle"]),
        ("from marshal import loads", ["marshal"]),
        ("eval(text)", ["eval"]),
        ("yaml.load(text, yaml.Loader)", ["yaml.load", "yaml.Loader"]),
        ("np.load(path)", ["np.load"]),
        ("np.load(path, allow_pickle=flag)", ["allow_pickle="]),
        ("subprocess.run(line, shell=True)", ["shell="]),
        ("keras.models.load_model(path, safe_mode=False)", ["safe_mode="]),
        ("np.load(path, allow_pickle=False); yaml.safe_load(text); re.compile(text)", []),
    ],
)
def test_what_the_check_sees(source, found):
    assert sorted(violations(source)) == sorted(found)


@pytest.fixture
def network(tmp_path):
    """A saved network and where it lies."""
    path = tmp_path / "model.keras"
    keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)]).save(path)
    return path


def rewritten(path, change):
    """The `.keras` file with its config changed."""
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    config = json.loads(members["config.json"])
    change(config["config"]["layers"])
    members["config.json"] = json.dumps(config).encode()
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in members.items():
            archive.writestr(name, data)


def test_a_model_with_code_of_its_own_is_refused(tmp_path):
    path = tmp_path / "model.keras"
    keras.Sequential([keras.Input((2,)), keras.layers.Lambda(lambda x: x)]).save(path)
    with pytest.raises(ValueError, match="lambda"):
        load_detector(path)


@pytest.mark.parametrize(("module", "name"), [("os", "system"), ("builtins", "eval"), ("subprocess", "Popen")])
def test_a_model_that_names_a_function_is_refused(network, tmp_path, module, name):
    mark = tmp_path / "executed"

    def change(layers):
        layers[-1] |= {"module": module, "class_name": name, "config": {"args": f"touch {mark}"}}

    rewritten(network, change)
    with pytest.raises((ValueError, TypeError)):
        load_detector(network)
    assert not mark.exists()


class Payload:
    """What unpickling would call."""

    def __init__(self, mark):
        self.mark = mark

    def __reduce__(self):
        return Path.touch, (self.mark,)


def test_a_checkpoint_with_a_pickle_is_no_state(tmp_path, caplog):
    checkpoint = Checkpoint("key", tmp_path)
    checkpoint.path.parent.mkdir()
    mark = tmp_path / "executed"
    np.savez(checkpoint.path, curve=np.array(Payload(mark), dtype=object), variable_0=np.array(Payload(mark), object))
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    assert checkpoint.restore(model) == []
    assert "allow_pickle=False" in caplog.text
    assert not mark.exists()
