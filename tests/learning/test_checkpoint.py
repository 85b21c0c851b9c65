"""The state of an interrupted run: a damaged state restarts the run; its place; runs that share it."""

import logging
from pathlib import Path

import keras
import numpy as np
import pytest

from pipeline.learning import checkpoint
from pipeline.learning.checkpoint import Checkpoint, states_folder

CURVE = [{"train/loss": 0.5}, {"train/loss": 0.25}]


def tiny_model(seed: int, units: int = 1) -> keras.Model:
    keras.utils.set_random_seed(seed)
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(units)])
    model.compile("sgd", "mse")
    return model


def weights(model: keras.Model) -> list[list]:
    return [value.tolist() for value in model.get_weights()]


@pytest.fixture
def saved(tmp_path) -> Checkpoint:
    """The state of the model of seed 1 after two epochs."""
    state = Checkpoint("key", tmp_path)
    state.save(tiny_model(1), CURVE)
    return state


def told(caplog) -> str:
    (record,) = caplog.records
    assert record.levelno == logging.WARNING
    return record.getMessage()


def test_a_state_comes_back_whole(saved, caplog):
    model = tiny_model(2)
    assert weights(model) != weights(tiny_model(1))
    assert saved.restore(model) == CURVE
    assert weights(model) == weights(tiny_model(1))
    assert not caplog.records


def test_without_a_state_the_model_stays_as_it_is(tmp_path, caplog):
    model = tiny_model(2)
    assert Checkpoint("key", tmp_path).restore(model) == []
    assert weights(model) == weights(tiny_model(2))
    assert not caplog.records


def test_a_state_cut_anywhere_starts_afresh(saved, caplog):
    data, model = saved.path.read_bytes(), tiny_model(2)
    for length in range(len(data)):
        saved.path.write_bytes(data[:length])
        assert saved.restore(model) == [], length
    assert weights(model) == weights(tiny_model(2))
    assert len(caplog.records) == len(data)


def test_blocks_that_a_power_cut_left_empty_start_afresh(saved):
    """Zeros in a file of full length: nothing comes back, or, where nothing was lost, all."""
    data, model, size = saved.path.read_bytes(), tiny_model(2), 64
    restored = 0
    for start in range(0, len(data), size):
        block = bytes(len(data[start : start + size]))
        saved.path.write_bytes(data[:start] + block + data[start + size :])
        if saved.restore(model):
            restored += 1
            assert weights(model) == weights(tiny_model(1))
            model = tiny_model(2)
    assert weights(model) == weights(tiny_model(2))
    assert restored < len(data) / size / 8


def test_an_empty_state_is_reported(saved, caplog):
    saved.path.write_bytes(b"")
    assert saved.restore(tiny_model(2)) == []
    assert told(caplog).startswith(f"{saved.path}: expected the state of an interrupted run, found 0 bytes that ")
    assert told(caplog).endswith("; starting afresh")


@pytest.mark.parametrize(
    "change",
    [
        lambda arrays: arrays.pop("variable_0"),
        lambda arrays: arrays.update(variable_9=np.zeros(1)),
        lambda arrays: arrays.update(variable_0=np.zeros((2, 2), np.float32)),
        lambda arrays: arrays.update(variable_0=np.zeros((2, 1), np.float64)),
    ],
    ids=["one less", "one more", "another shape", "another dtype"],
)
def test_variables_of_another_model_start_afresh(saved, caplog, change):
    with np.load(saved.path) as state:
        arrays = dict(state)
    change(arrays)
    np.savez(saved.path, **arrays)
    model = tiny_model(2)
    assert saved.restore(model) == []
    assert weights(model) == weights(tiny_model(2))
    assert "found variables of another model; starting afresh" in told(caplog)


def test_a_state_without_a_curve_starts_afresh(saved, caplog):
    with np.load(saved.path) as state:
        arrays = {name: array for name, array in state.items() if name != "curve"}
    np.savez(saved.path, **arrays)
    assert saved.restore(tiny_model(2)) == []
    assert "starting afresh" in told(caplog)


def test_the_next_epoch_replaces_a_damaged_state(saved):
    saved.path.write_bytes(b"half")
    saved.save(tiny_model(1), CURVE[:1])
    assert saved.restore(tiny_model(2)) == CURVE[:1]


def test_a_state_is_durable(tmp_path, monkeypatch):
    asked = []
    atomic_file = checkpoint.files.atomic_file
    monkeypatch.setattr(
        checkpoint.files, "atomic_file", lambda *args, **how: (asked.append(how), atomic_file(*args, **how))[1]
    )
    Checkpoint("key", tmp_path).save(tiny_model(1), CURVE)
    assert asked == [{"durable": True, "shared": True}]


def test_a_run_that_ends_leaves_nothing(saved, tmp_path):
    (saved.path.parent / "state.1234.partial.npz").write_bytes(b"of a killed run")
    saved.remove()
    assert list(tmp_path.iterdir()) == []
    saved.remove()


def test_a_run_that_ends_does_not_harm_another_with_its_key(saved, monkeypatch, tmp_path):
    """Like two queued experiments with the same training: the slow one is writing when the fast one ends."""
    savez = np.savez
    monkeypatch.setattr(np, "savez", lambda *args, **arrays: (savez(*args, **arrays), end_once()))
    ends = iter([saved.remove])

    def end_once():
        for end in ends:
            end()

    slow = Checkpoint("key", tmp_path)
    slow.save(tiny_model(3), CURVE)
    assert [path.name for path in tmp_path.rglob("*.npz")] == ["state.npz"]
    model = tiny_model(2)
    assert slow.restore(model) == CURVE
    assert weights(model) == weights(tiny_model(3))


def test_a_folder_that_cannot_be_made_is_an_error(tmp_path):
    (tmp_path / "states").symlink_to(tmp_path / "missing/states")
    with pytest.raises(OSError, match="states"):
        Checkpoint("key", tmp_path / "states").save(tiny_model(1), CURVE)


@pytest.fixture
def project(tmp_path, monkeypatch) -> Path:
    for variable in ("DVC_ROOT", checkpoint.VARIABLE):
        monkeypatch.delenv(variable, raising=False)
    (tmp_path / "project/.dvc/tmp/exps/standalone/tmp1").mkdir(parents=True)
    (tmp_path / "linked").symlink_to(tmp_path / "project")
    monkeypatch.chdir(tmp_path / "project")
    return tmp_path / "project"


def test_states_lie_in_the_project(project):
    assert states_folder() == project / ".checkpoints"


@pytest.mark.parametrize("root", ["project", "linked"])
def test_states_of_a_temporary_copy_lie_in_the_project(project, monkeypatch, root):
    monkeypatch.setenv("DVC_ROOT", str(project.with_name(root)))
    monkeypatch.chdir(project / ".dvc/tmp/exps/standalone/tmp1")
    assert states_folder() == project / ".checkpoints"


def test_the_project_of_another_command_is_left_alone(project, monkeypatch, tmp_path):
    monkeypatch.setenv("DVC_ROOT", str(tmp_path / "elsewhere"))
    assert states_folder() == project / ".checkpoints"


@pytest.mark.parametrize(("given", "folder"), [("/scratch/states", "/scratch/states"), ("states", "{project}/states")])
def test_the_environment_names_another_folder(project, monkeypatch, given, folder):
    monkeypatch.setenv("DVC_ROOT", str(project))
    monkeypatch.setenv(checkpoint.VARIABLE, given)
    monkeypatch.chdir(project / ".dvc/tmp")
    assert states_folder() == Path(folder.format(project=project))
