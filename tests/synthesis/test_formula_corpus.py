import hashlib
import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from pipeline.errors import InkError
from pipeline.formats.inkml import read_inkml
from pipeline.formats.symbols import CROHME_SYMBOLS
from pipeline.params import Formulas
from pipeline.synthesis.formulas.corpus import write_formulas
from pipeline.synthesis.formulas.expressions import labels, latex
from pipeline.synthesis.formulas.grammar import compose, formula_classes

ROOT = Path(__file__).parents[2]
PARAMS = Formulas(
    classes=101, hands=(), writers=3, handwritten=8, printed=6, pen=0.5, looseness=0.8, usual=0.0, columns=0.25, seed=7
)
# Of the names and contents of the files of PARAMS. They change when the generator does: then every stored corpus does.
HANDWRITTEN_SHA256 = "18daa3d8380a73cca80b5687a225c480cd9482c865495c95f04dc6e3f2e9d645"
PRINTED_SHA256 = "6aac79c81d4f61ab302ca6cef6434ca35d44fd4d65450f64d6092b964dc84b6f"


def make(folder, params=PARAMS, processes=1):
    folder.mkdir()
    assert sum(write_formulas(folder, params, processes)) == params.handwritten + params.printed
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*.*"))}


def digest(files, kind):
    content = [name.encode() + b"\0" + data for name, data in files.items() if name.startswith(kind)]
    return hashlib.sha256(b"".join(content)).hexdigest()


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    return make(tmp_path_factory.mktemp("corpus") / "a")


def test_writers_take_turns_and_pictures_lie_in_batches(files):
    assert [name for name in files if name.startswith("handwritten")] == [
        f"handwritten/{1001 + number % 3}/{number:06d}.inkml" for number in (0, 3, 6, 1, 4, 7, 2, 5)
    ]
    pictures = [f"printed/0000/{number:06d}.jpg" for number in range(6)]
    assert [name for name in files if name.startswith("printed")] == [*pictures, "printed/0000/annotations.json"]


def test_ink_names_its_symbols_writer_and_truth(files):
    expression = compose(formula_classes(101), 7, 0, 4, columns=0.25)
    ink = read_inkml(files["handwritten/1002/000004.inkml"])
    assert sorted(symbol.label for symbol in ink.symbols) == sorted(labels(expression))
    assert ink.truth == latex(expression)
    assert ink.writer == "1002"
    assert ink.dropped == 0


def test_pictures_come_with_coco_annotations(files):
    content = json.loads(files["printed/0000/annotations.json"])
    names = {category["id"]: category["name"] for category in content["categories"]}
    assert list(names.values()) == list(CROHME_SYMBOLS)
    assert [image["id"] for image in content["images"]] == [1, 2, 3, 4, 5, 6]
    assert [entry["id"] for entry in content["annotations"]] == list(range(1, len(content["annotations"]) + 1))
    assert {image["face"] == "handwritten" for image in content["images"]} == {True, False}
    for number, image in enumerate(content["images"]):
        columns = 0.25 if image["face"] == "handwritten" else 0.0
        expression = compose(formula_classes(101), 7, 1, number, columns=columns)
        with Image.open(io.BytesIO(files[f"printed/0000/{image['file_name']}"])) as picture:
            assert picture.size == (image["width"], image["height"])
        own = [entry for entry in content["annotations"] if entry["image_id"] == image["id"]]
        assert sorted(names[entry["category_id"]] for entry in own) == sorted(labels(expression))
        assert image["truth"] == latex(expression)
        for entry in own:
            x, y, width, height = entry["bbox"]
            assert x >= 0
            assert y >= 0
            assert x + width <= image["width"]
            assert y + height <= image["height"]
            assert entry["area"] == pytest.approx(width * height, abs=0.01)


def test_the_bytes_are_these(files):
    assert digest(files, "handwritten") == HANDWRITTEN_SHA256
    assert digest(files, "printed") == PRINTED_SHA256


def test_a_processor_without_vector_instructions_makes_the_same(tmp_path):
    # In a process of its own: NumPy, OpenCV and libjpeg choose their instructions when they are loaded.
    lesser = {
        "NPY_DISABLE_CPU_FEATURES": "X86_V3 X86_V4 AVX512_ICL",
        "OPENCV_CPU_DISABLE": "AVX2,FMA3,AVX",
        "JSIMD_FORCENONE": "1",
    }
    code = (
        "import pathlib; from pipeline.params import Formulas; "
        "from pipeline.synthesis.formulas.corpus import write_formulas; "
        f"list(write_formulas(pathlib.Path({str(tmp_path)!r}), Formulas(**{PARAMS.model_dump()!r})))"
    )
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=os.environ | lesser, check=True)
    made = {path.relative_to(tmp_path).as_posix(): path.read_bytes() for path in sorted(tmp_path.rglob("*.*"))}
    assert digest(made, "handwritten") == HANDWRITTEN_SHA256
    assert digest(made, "printed") == PRINTED_SHA256


def test_processes_change_no_byte(tmp_path, files):
    assert make(tmp_path / "two", processes=2) == files


def test_a_formula_does_not_depend_on_how_many_there_are(tmp_path, files):
    fewer = make(tmp_path / "fewer", PARAMS.model_copy(update={"handwritten": 4, "printed": 2}))
    names = [name for name in fewer if not name.endswith(".json")]
    assert len(names) == 6
    assert all(fewer[name] == files[name] for name in names)


def test_either_kind_can_be_left_out(tmp_path):
    assert len(make(tmp_path / "ink", PARAMS.model_copy(update={"printed": 0}))) == 8
    assert len(make(tmp_path / "print", PARAMS.model_copy(update={"handwritten": 0}))) == 7


def test_wrong_classes_are_found_before_anything_is_written(tmp_path):
    with pytest.raises(InkError, match="expected labels of CROHME, found foo"):
        make(tmp_path / "a", PARAMS.model_copy(update={"classes": [*"abcdefg", "foo"]}))
    assert not list((tmp_path / "a").iterdir())
