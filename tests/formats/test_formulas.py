"""From files to formulas: units of work, and the result for each file."""

import os
import tarfile
from pathlib import Path

import numpy as np
import pytest

from pipeline.errors import InkError
from pipeline.formats import formulas
from pipeline.formats.formulas import Drawn, Filtered, Rejected, plan, read_unit, take_stock
from pipeline.formats.inkml import read_inkml
from pipeline.formats.png import decode_png
from pipeline.formats.symbols import LABELS
from pipeline.ink.canvas import Frame, draw_ink
from tests.jobs.tiny_math import coco, ink, make_source, pack, photo, write
from tests.project import ROOT

ZIPS = Path(__file__).parents[1] / "cases" / "zips"
PARTS = "images, annotations, categories"
FRAME = Frame(height=64, width=128, symbol=16, pen=2)


def outcomes(source):
    return [outcome for unit in plan(source) for outcome in read_unit(unit, FRAME)]


def only(source):
    (outcome,) = outcomes(source)
    return outcome


def picture_set(folder, names=("a.png",), **changes):
    write(folder / "annotations.json", coco(names, **changes))
    for name in names:
        write(folder / name, photo(1))


def test_units_are_files_of_one_folder(tmp_path, monkeypatch):
    make_source(tmp_path / "s")
    monkeypatch.setattr(formulas, "UNIT_FILES", 3)
    sizes = [(unit.files, unit.items[0].image is not None, unit.entries[0].name) for unit in plan(tmp_path / "s")]
    hands = [
        item for w in (1, 2, 3, 4) for item in ((3, False, f"hand/w{w}/0.inkml"), (2, False, f"hand/w{w}/3.inkml"))
    ]
    assert sizes == [*hands, (2, True, "print/0.png"), (1, True, "print/deep/1.png")]


def test_a_zip_is_read_like_a_folder(tmp_path):
    make_source(tmp_path / "s")
    one = outcomes(tmp_path / "s")
    (tmp_path / "packed").mkdir()
    pack(tmp_path / "s", tmp_path / "packed" / "any name.zip")
    for source in (tmp_path / "packed", tmp_path / "packed" / "any name.zip"):
        other = outcomes(source)
        assert [o.formula.key for o in one] == [o.formula.key for o in other]
        assert [o.formula.image for o in one] == [o.formula.image for o in other]


def test_a_formula_of_ink(tmp_path):
    data = ink(3, ("COMMA", ">"), "w é", r"$a$", stray=2)
    write(tmp_path / "TrainINKML" / "HAMEX" / "a.b.INKML", data)
    drawn = only(tmp_path)
    formula = drawn.formula
    assert (formula.key, formula.source) == ("TrainINKML/HAMEX/a.b", "TrainINKML/HAMEX")
    assert (formula.writer, formula.truth, formula.symbols) == ("w é", "$a$", [",", r"\gt"])
    assert formula.labels.tolist() == [LABELS[","], LABELS[r"\gt"]]
    assert (formula.height, formula.width) == (64, 128)
    picture = draw_ink(read_inkml(data).traces, [[0, 1], [2]], FRAME)
    np.testing.assert_array_equal(decode_png(formula.image), picture.image)
    np.testing.assert_array_equal(formula.boxes, picture.boxes)
    assert [stroke.tolist() for stroke in formula.strokes] == [stroke.ravel().tolist() for stroke in picture.strokes]
    assert formula.symbol_strokes == [[0, 1], [2]]
    assert (drawn.dropped, drawn.unreferenced) == (0, 2)


def test_a_formula_of_a_photo(tmp_path):
    images = [{"id": 0, "file_name": "sub\\a.png", "writer": "w", "truth": "1-"}]
    write(tmp_path / "set" / "annotations.json", coco(["x"], images=images))
    write(tmp_path / "set" / "sub" / "a.png", photo(0))
    formula = only(tmp_path).formula
    assert (formula.key, formula.source, formula.writer, formula.truth) == ("set/sub/a", "set/sub", "w", "1-")
    assert formula.symbols == ["1", "-"]
    assert (formula.strokes, formula.symbol_strokes) == ([], [])
    image = decode_png(formula.image)
    assert image.shape == (64, 128)
    for ymin, xmin, ymax, xmax in formula.boxes:
        assert image[int(ymin + ymax) // 2, int(xmin + xmax) // 2] > 200


@pytest.mark.parametrize("label", [r"\frac", "Segmentation"])
def test_one_unknown_symbol_keeps_a_formula_out(tmp_path, label):
    write(tmp_path / "a.inkml", ink(1, ("x", label)))
    assert only(tmp_path) == Filtered((label,))


def test_one_unknown_category_keeps_a_photo_out(tmp_path):
    picture_set(tmp_path, categories=[{"id": 1, "name": "1"}])
    assert only(tmp_path) == Filtered(("(category 2)",))


def test_a_bad_file_tells_file_offset_and_reason(tmp_path):
    write(tmp_path / "s" / "a.inkml", b"<ink><trace>1</trace></ink>")
    assert only(tmp_path) == Rejected("s/a.inkml", 13, "trace (0): a point that is not two numbers")


CASES = ROOT / "tests" / "formats" / "cases"


def test_two_writers_whose_names_are_in_gb2312_stay_two(tmp_path):
    for name in ("gb_writer.inkml", "gb_writer2.inkml"):
        write(tmp_path / name, (CASES / name).read_bytes())
    assert [drawn.formula.writer for drawn in outcomes(tmp_path)] == ["张三", "李四"]


def test_writers_in_an_encoding_that_the_file_does_not_tell_are_not_taken_for_one(tmp_path):
    data = (CASES / "gb_writer.inkml").read_bytes()
    write(tmp_path / "a.inkml", data.replace(b' encoding="GB2312"', b""))
    rejected = only(tmp_path)
    assert isinstance(rejected, Rejected)
    assert rejected.reason.endswith("found other bytes; declare the file's encoding or convert it to UTF-8")


def test_a_symbol_without_truth_is_rejected_not_filtered(tmp_path):
    write(tmp_path / "a.inkml", (CASES / "nolabel.inkml").read_bytes())
    rejected = only(tmp_path)
    assert isinstance(rejected, Rejected)
    assert (rejected.file, rejected.offset) == ("a.inkml", 275)
    assert rejected.reason.startswith(
        "symbols without truth: expected an annotation of type 'truth' in the traceGroup g"
    )


def test_a_file_that_vanishes(tmp_path):
    write(tmp_path / "a.inkml", ink(1))
    (unit,) = plan(tmp_path)
    (tmp_path / "a.inkml").unlink()
    assert list(read_unit(unit, FRAME)) == [Rejected("a.inkml", 0, "cannot be read: no such file")]


BOXES = [{"image_id": 0, "category_id": 1, "bbox": [0, 50, 9, 9]}]
BESIDE = {"id": "stray", "image_id": 0, "category_id": 1, "bbox": [500, 500, 9, 9]}


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"annotations": []}, "no boxes"),
        ({"annotations": BOXES}, "expected boxes on the ink, found 1 elsewhere"),
        ({"annotations": [BOXES[0], BESIDE]}, "annotation 'stray': expected a bbox x, y, width, height that overlaps "
         "the picture of 120 x 60 pixels, found [500.0, 500.0, 9.0, 9.0]"),
        ({"annotations": [BOXES[0] | {"bbox": [1]}]}, "annotation 0: expected a bbox x, y, width, height, found [1]"),
        ({"images": [{"id": 0, "file_name": "b.png"}]}, "cannot be read: no such file"),
        ({"images": [{"id": 0, "file_name": "a.png", "height": 120, "width": 60}]},
         "expected 60 x 120 pixels as in annotations.json, found 120 x 60"),
        ({"images": [{"id": 0, "file_name": "empty.png"}]}, "empty file"),
        ({"images": [{"id": 0, "file_name": "blank.png"}]}, "no readable picture: "),
        ({"images": [{"id": 0, "file_name": "../a.png"}]}, "expected a file below annotations.json, found '../a.png'"),
        ({"images": [{"id": 0, "file_name": "/etc/passwd"}]}, "expected a file below annotations.json, found"),
        ({"images": [{"id": 0, "file_name": "."}]}, "expected a file below annotations.json, found '.'"),
        ({"images": [{"id": 0}]}, "expected a file_name, found None"),
    ],
)  # fmt: skip
def test_photos_that_give_no_formula(tmp_path, changes, reason):
    picture_set(tmp_path, **changes)
    write(tmp_path / "empty.png", b"")
    write(tmp_path / "blank.png", b"blank")
    rejected = only(tmp_path)
    assert isinstance(rejected, Rejected)
    assert rejected.reason.startswith(reason)


def test_a_blank_photo(tmp_path):
    picture_set(tmp_path)
    blank = np.full((60, 120), 255, np.uint8)
    write(tmp_path / "a.png", formulas.encode_png(blank))
    assert only(tmp_path) == Rejected("a.png", 0, "blank: no ink in 120 x 60 pixels")


def test_a_box_beside_the_ink_is_dropped_alone(tmp_path):
    picture_set(tmp_path, annotations=[*BOXES, {"image_id": 0, "category_id": 2, "bbox": [60, 20, 20, 6]}])
    drawn = only(tmp_path)
    assert isinstance(drawn, Drawn)
    assert (drawn.formula.symbols, drawn.dropped) == (["-"], 1)


def test_a_box_that_reaches_beyond_the_photo_keeps_the_part_on_it(tmp_path):
    boxes = {"inside": [60, 20, 60, 40], "beyond": [60, 20, 900, 900]}
    found = {}
    for name, box in boxes.items():
        picture_set(tmp_path / name, annotations=[{"image_id": 0, "category_id": 2, "bbox": box}])
        found[name] = only(tmp_path / name).formula
    assert found["beyond"].boxes.tolist() == found["inside"].boxes.tolist()
    assert found["beyond"].image == found["inside"].image


def test_files_that_would_share_a_key(tmp_path):
    write(tmp_path / "a.inkml", ink(1))
    picture_set(tmp_path)
    with pytest.raises(
        InkError,
        match=r"a.inkml and a.png: expected different keys for different files, found a for both;.*math.decode.source",
    ):
        plan(tmp_path)


def test_a_picture_that_is_named_twice(tmp_path):
    images = [{"id": number, "file_name": "a.png"} for number in (0, 1)]
    picture_set(tmp_path, images=images)
    with pytest.raises(
        InkError, match=r"a.png and a.png: expected different keys for different files, found a for both"
    ):
        plan(tmp_path)


def test_a_name_that_keys_cannot_hold(tmp_path):
    write(tmp_path / "a\nb.inkml", ink(1))
    with pytest.raises(InkError, match="expected a printable file name"):
        plan(tmp_path)


def test_no_data(tmp_path):
    with pytest.raises(InkError, match=r"expected .inkml or annotations.json files or zips of them, found none"):
        plan(tmp_path)
    write(tmp_path / "annotations.json", coco([], annotations=[]))
    with pytest.raises(InkError, match=r"expected .inkml files or pictures with annotations.json, found none"):
        plan(tmp_path)
    write(tmp_path / "annotations.json", b"{}")
    with pytest.raises(InkError, match=r"annotations.json: expected a COCO file"):
        plan(tmp_path)


def test_a_coco_file_of_any_name_is_read(tmp_path):
    write(tmp_path / "train" / "_annotations.coco.json", coco(["a.png"]))
    write(tmp_path / "train" / "a.png", photo(1))
    assert only(tmp_path).formula.key == "train/a"


def test_what_is_not_read_is_named(tmp_path):
    write(tmp_path / "my_annotations.json", b"{}")
    write(tmp_path / "a.inkml", ink(1))
    write(tmp_path / "b.png", photo(1))
    write(tmp_path / "more.rar", b"Rar!")
    assert len(outcomes(tmp_path)) == 1
    assert take_stock(tmp_path).not_read == [
        ("b.png", "expected .inkml, or a picture with boxes in a COCO file", ""),
        ("more.rar", ".rar archives are not opened; unpack it", ""),
        ("my_annotations.json", f"expected a COCO file with {PARTS}, found no list of images", ""),
    ]


def test_pictures_alone_are_no_formulas(tmp_path):
    write(tmp_path / "a.png", photo(1))
    write(tmp_path / "a.json", b"{}")
    seen = r"found none: 1 .png \(a.png\); a.json: expected a COCO file with .*; correct math.decode.source"
    with pytest.raises(InkError, match=seen):
        plan(tmp_path)


@pytest.mark.parametrize(("name", "key"), [("backslash", "set/a"), ("gbk", "手写/公式1"), ("utf8", "手写/公式1")])
def test_pictures_in_zips_of_every_kind_of_names(name, key):
    assert only(ZIPS / f"{name}.zip").formula.key == key


def test_formulas_in_a_compressed_tar_are_cut_into_units_like_those_of_a_folder(tmp_path, monkeypatch):
    make_source(tmp_path / "s")
    with tarfile.open(tmp_path / "s.tar.gz", "w:gz") as archive:
        archive.add(tmp_path / "s", ".")
    monkeypatch.setattr(formulas, "UNIT_FILES", 3)
    one, other = (plan(tmp_path / name) for name in ("s", "s.tar.gz"))
    assert [unit.files for unit in one] == [unit.files for unit in other]
    assert [o.formula.image for o in outcomes(tmp_path / "s")] == [
        o.formula.image for o in outcomes(tmp_path / "s.tar.gz")
    ]


def test_a_pipe_among_the_pictures_does_not_hang(tmp_path):
    picture_set(tmp_path)
    (tmp_path / "a.png").unlink()
    os.mkfifo(tmp_path / "a.png")
    assert only(tmp_path) == Rejected("a.png", 0, "cannot be read: no such file")
