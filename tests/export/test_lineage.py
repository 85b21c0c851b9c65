"""The lineage of a model matches the lock, or it is an error."""

import hashlib
import json
from pathlib import Path

import pytest

from pipeline.errors import InkError
from pipeline.export.lineage import CACHE, read_lineage, read_output
from tests.export.conftest import MATH_METRICS, METRICS, TIMES

MODEL = Path("models/hccr/dynamic.tflite")


def lineage(path=MODEL):
    return read_lineage(path, path.read_bytes())


def test_stages_that_led_to_a_model(project):
    found = lineage()
    assert [stage.name for stage in found.stages] == ["medians", "strokes", "decode", "train", "quantize@dynamic"]
    assert [dict(stage.params) for stage in found.stages[1:4]] == [
        {"strokes": {"writers": 7}},
        {"decode": {"shards": 2}},
        {"train": {"epochs": 8}},
    ]
    assert found.evaluation.name == "evaluate@dynamic"
    assert found.metrics == METRICS | TIMES
    assert found.sources == {}


def test_each_model_has_its_own_figures(project):
    assert lineage(Path("models/hccr/float32.tflite")).metrics == {"top1": 0.99}
    found = lineage(project.root / "models/math/float16.tflite")  # an absolute path works too
    assert found.metrics == MATH_METRICS
    assert list(found.sources) == ["data/raw/crohme"]


def test_outputs_are_read_as_the_stage_left_them(project):
    report = lineage().report
    assert read_output(report, "plots/worst/dynamic.json") == [{"char": "口", "recall": 0.5, "samples": 8}]
    project.write("plots/worst/dynamic.json", [])
    with pytest.raises(InkError, match=r"plots/worst/dynamic\.json: expected the file that `report@dynamic` wrote"):
        read_output(report, "plots/worst/dynamic.json")


def test_another_file_is_refused(project):
    with pytest.raises(
        InkError, match=r"dynamic\.tflite: expected the file that `quantize@dynamic` wrote \(MD5 \w+\), found"
    ):
        read_lineage(MODEL, b"another")


def test_a_model_that_changed_after_it_was_measured_is_refused(project):
    project.write(str(MODEL), b"another")
    project.ran("quantize@dynamic", {}, ["models/hccr/model.keras"], [str(MODEL)])
    project.save()
    with pytest.raises(
        InkError, match="`evaluate@dynamic` measured another version of it; run `dvc repro evaluate@dynamic`"
    ):
        lineage()


def test_a_stage_that_read_other_data_is_refused(project):
    project.write("models/hccr/model.keras", b"other weights")
    project.ran("train", {}, ["data/decoded"], ["models/hccr/model.keras"])
    project.save()
    with pytest.raises(
        InkError, match=r"dvc\.lock: `quantize@dynamic` read another version of models/hccr/model\.keras"
    ):
        lineage()


def test_figures_that_are_gone_are_named(project):
    Path("metrics/dynamic.json").unlink()
    with pytest.raises(InkError, match=r"metrics/dynamic\.json: expected the output of `evaluate@dynamic`, found none"):
        lineage()


def test_a_model_that_was_never_measured_is_refused(project):
    del project.lock["stages"]["evaluate@dynamic"]
    project.save()
    with pytest.raises(InkError, match=r"expected a stage of dvc\.lock that measured it, found none; run `dvc repro`"):
        lineage()


@pytest.mark.parametrize("path", [Path("models/hccr/int8.tflite"), Path("README.md")])
def test_a_model_that_no_stage_wrote_is_refused(project, path):
    path.write_bytes(b"a model")
    with pytest.raises(InkError, match=r"expected a model that a stage of dvc\.lock wrote, found none that did"):
        lineage(path)


def test_a_model_elsewhere_is_refused(project, tmp_path_factory):
    path = tmp_path_factory.mktemp("elsewhere") / "model.tflite"
    path.write_bytes(b"a model")
    with pytest.raises(InkError, match=r"expected a model of the project in .*, found one elsewhere"):
        lineage(path)


@pytest.mark.parametrize("text", ["", "[]", "stages: 3", "stages: {a: {outs: [{path: x}]}}", "{", "\0"])
def test_a_broken_lock_is_refused(project, text):
    Path("dvc.lock").write_text(text)
    with pytest.raises(InkError, match=r"(?s)dvc\.lock: expected a DVC lock, found something else \(.*\); run `dvc"):
        lineage()


def test_a_folder_without_a_lock_is_refused(project):
    Path("dvc.lock").unlink()
    with pytest.raises(InkError, match=r"dvc\.lock: expected the project's lock, found none; run from the repository"):
        lineage()


def test_a_stage_may_read_a_part_of_what_another_wrote(project):
    """As training reads the Parquet shards alone. DVC hashes a folder by the list of its files."""

    def dvc_hash(files):
        listed = [{"md5": digest, "relpath": name} for name, digest in sorted(files.items())]
        content = json.dumps(listed, sort_keys=True).encode()
        return content, hashlib.md5(content).hexdigest() + ".dir"

    content, whole = dvc_hash({"README.md": "c" * 32, "parquet/0.parquet": "a" * 32, "parquet/1.parquet": "b" * 32})
    _, part = dvc_hash({"0.parquet": "a" * 32, "1.parquet": "b" * 32})
    cached = CACHE / whole[:2] / whole[2:]
    cached.parent.mkdir(parents=True)
    cached.write_bytes(content)
    project.lock["stages"]["decode"]["outs"][0]["md5"] = whole
    for path, digest, known in (
        ("data/decoded/parquet", part, True),
        ("data/decoded/README.md", "c" * 32, True),
        ("data/decoded/parquet", "d" * 32, False),
        ("data/decoded/README.md", "d" * 32, False),
    ):
        project.lock["stages"]["train"]["deps"][0] = {"path": path, "md5": digest}
        project.save()
        if known:
            assert lineage().sources == {}
        else:
            with pytest.raises(InkError, match=f"`train` read another version of {path}; run `dvc repro`"):
                lineage()
