"""Pictures with boxes in COCO files, and duplicate formulas."""

import io
import json
import os
import tarfile
import zipfile

import pytest

from pipeline.errors import InkError
from pipeline.formats.doubles import key_of, without_doubles
from pipeline.formats.entries import read_entries
from pipeline.formats.picture_sets import Item, find_pictures
from pipeline.formats.search import find_entries

BOX = [1, 2, 3, 4]


def coco(*names, box=BOX):
    """A COCO file with one box in each picture."""
    content = {
        "images": [{"id": number, "file_name": name} for number, name in enumerate(names)],
        "annotations": [{"image_id": number, "category_id": 1, "bbox": box} for number in range(len(names))],
        "categories": [{"id": 1, "name": "x"}],
    }
    return json.dumps(content).encode()


def write(folder, **files):
    """Files by name, with "__" for "/" and "_" for "."."""
    for name, data in files.items():
        path = folder / name.replace("__", "/").replace("_", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)


def zipped(**members):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, data in members.items():
            archive.writestr(name.replace("__", "/").replace("_", "."), data)
    return buffer.getvalue()


def look(folder):
    """The pictures as (COCO file, picture, bytes or error), and the COCO files that are not read."""
    items, not_read = find_pictures(find_entries(folder, (".inkml", ".json"), "x.source"))
    data = read_entries([item.entry for item in items], 100)
    rows = [(i.coco, i.entry.name, i.image.defect or d) for i, d in zip(items, data, strict=True)]
    return [(coco, name, str(d) if isinstance(d, Exception) else d) for coco, name, d in rows], not_read


@pytest.mark.parametrize("name", ["annotations.json", "_ANNOTATIONS.COCO.JSON", "train.json"])
def test_a_coco_file_has_any_name(tmp_path, name):
    write(tmp_path, set__a_png=b"1", set__deep__b_png=b"2")
    (tmp_path / "set" / name).write_bytes(coco("a.png", "deep/b.png"))
    shown = f"set/{name}"
    assert look(tmp_path) == ([(shown, "set/a.png", b"1"), (shown, "set/deep/b.png", b"2")], [])


def test_other_json_files_are_named(tmp_path):
    names = {"list_json": b"[]", "broken_json": b"{", "none_json": coco(), "far_json": coco("../a.png", "b.png")}
    write(tmp_path, a_png=b"1", train_json=coco("a.png"), **names)
    rows, not_read = look(tmp_path)
    assert rows == [("train.json", "a.png", b"1")]
    assert [(file.file, file.reason[:60]) for file in not_read] == [
        ("broken.json", "expected a COCO file, found no readable JSON: Expecting prop"),
        ("far.json", "a COCO file: found none of its 2 pictures"),
        ("list.json", "expected a COCO file with images, annotations, categories, f"),
        ("none.json", "a COCO file: found none of its 0 pictures"),
    ]


@pytest.mark.parametrize(("data", "told"), [(b"{", "found no readable JSON"), (b"{}", "found no list of images")])
def test_a_file_that_is_called_annotations_must_be_sound(tmp_path, data, told):
    write(tmp_path, a_png=b"1", train_json=coco("a.png"), deep__annotations_json=data)
    with pytest.raises(InkError, match=rf"^deep/annotations.json: expected a COCO file.*{told}"):
        look(tmp_path)


def test_pictures_that_are_missing_or_lie_outside(tmp_path):
    write(tmp_path, set__annotations_json=coco("a.png", "../b.png", "/c.png", "d.png"), set__d_png=b"4", b_png=b"2")
    write(tmp_path, x_zip=zipped(annotations_json=coco("e.png")))
    found, shown = "expected a file below annotations.json, found", "set/annotations.json"
    assert look(tmp_path)[0] == [
        (shown, "set/a.png", "no such file"),
        (shown, shown, f"{found} '../b.png'"),
        (shown, shown, f"{found} '/c.png'"),
        (shown, "set/d.png", b"4"),
        ("x.zip:annotations.json", "x.zip:e.png", "no such file"),
    ]


def test_pictures_in_an_archive_beside_their_coco_file(tmp_path):
    """In the layout of `math-decode`; pictures next to the COCO file take precedence."""
    write(tmp_path, samples_json=coco("w/a.png", "b.png"), images_zip=zipped(w__a_png=b"1", b_png=b"2"), b_png=b"3")
    assert look(tmp_path)[0] == [("samples.json", "images.zip:w/a.png", b"1"), ("samples.json", "b.png", b"3")]


def test_hidden_pictures_that_a_coco_file_names_are_read(tmp_path):
    write(tmp_path, annotations_json=coco(".a/b.png"), x_zip=zipped(annotations_json=coco(".c/d.png")))
    (tmp_path / ".a").mkdir()
    (tmp_path / ".a" / "b.png").write_bytes(b"1")
    with zipfile.ZipFile(tmp_path / "x.zip", "a") as archive:
        archive.writestr(".c/d.png", b"2")
    assert [data for _, _, data in look(tmp_path)[0]] == [b"1", b"2"]


def test_names_that_macos_wrote(tmp_path):
    write(tmp_path, annotations_json=coco("é.png"))
    (tmp_path / "é.png").write_bytes(b"1")
    assert [data for _, _, data in look(tmp_path)[0]] == [b"1"]


def test_a_picture_in_two_coco_files_is_read_once(tmp_path):
    write(tmp_path, a_png=b"1", b_png=b"2", train_json=coco("a.png"), all_json=coco("a.png", "b.png"))
    rows, not_read = look(tmp_path)
    assert [(coco_file, name) for coco_file, name, _ in rows] == [("all.json", "a.png"), ("all.json", "b.png")]
    assert not_read == [("train.json", "the boxes of 1 pictures in it are read from all.json", "")]
    write(tmp_path, train_json=coco("a.png", box=[9, 9, 9, 9]))
    with pytest.raises(
        InkError, match=r"all.json and train.json: expected one COCO file per picture, found different boxes for a.png"
    ):
        look(tmp_path)
    write(tmp_path, annotations_json=coco("a.png"))
    rows, not_read = look(tmp_path)
    assert [(c, n) for c, n, _ in rows] == [("annotations.json", "a.png"), ("all.json", "b.png")]
    assert [file.file for file in not_read] == ["all.json", "train.json"]


def doubles(folder):
    """The kept files, and the duplicates with the files that are read instead."""
    found = find_entries(folder, (".inkml", ".json"), "x.source")
    pictures, _ = find_pictures(found)
    ink = [Item(entry) for entry in found.entries if entry.name.endswith(".inkml")]
    kept, twice = without_doubles([*ink, *pictures])
    return [item.entry.name for item in kept], {file.file: file.same_as for file in twice}


def test_a_formula_in_an_archive_and_unpacked_beside_it_is_read_once(tmp_path):
    write(tmp_path, x_zip=zipped(w__a_inkml=b"1", w__b_inkml=b"2"), w__a_inkml=b"1", x__w__b_inkml=b"2")
    assert doubles(tmp_path) == (
        ["w/a.inkml", "x/w/b.inkml"],
        {"x.zip:w/a.inkml": "w/a.inkml", "x.zip:w/b.inkml": "x/w/b.inkml"},
    )


def test_a_formula_in_two_archives_is_read_once(tmp_path):
    write(tmp_path, x_zip=zipped(w__a_inkml=b"1"), z_inkml=b"1")
    with tarfile.open(tmp_path / "y.tar", "w") as archive:
        archive.add(tmp_path / "z.inkml", "deep/a.inkml")
    assert doubles(tmp_path) == (["z.inkml", "x.zip:w/a.inkml"], {"y.tar:deep/a.inkml": "x.zip:w/a.inkml"})


def test_formulas_of_one_name_or_one_content_are_no_doubles(tmp_path):
    write(tmp_path, x_zip=zipped(v__a_inkml=b"1", w__a_inkml=b"1", w__b_inkml=b"2"), u__b_inkml=b"3", t__b_inkml=b"3")
    kept, twice = doubles(tmp_path)
    assert (len(kept), twice) == (5, {})


def test_a_picture_with_other_boxes_is_no_double(tmp_path):
    packed = zipped(annotations_json=coco("a.png", box=[5, 5, 5, 5]), a_png=b"1")
    write(tmp_path, set__annotations_json=coco("a.png"), set__a_png=b"1", x_zip=packed)
    assert doubles(tmp_path) == (["set/a.png", "x.zip:a.png"], {})
    write(tmp_path, x_zip=zipped(annotations_json=coco("a.png"), a_png=b"1"))
    assert doubles(tmp_path) == (["set/a.png"], {"x.zip:a.png": "set/a.png"})


def test_two_formulas_with_one_key(tmp_path):
    write(tmp_path, x_zip=zipped(a_inkml=b"1"), a_inkml=b"2")
    with pytest.raises(
        InkError, match=r"a.inkml and x.zip:a.inkml: expected different keys for different files, found a for both"
    ):
        doubles(tmp_path)


def test_the_key_is_the_path_as_if_unpacked(tmp_path):
    write(tmp_path, d__x_zip=zipped(w__a_b_inkml=b"1"))
    (entry,) = find_entries(tmp_path, (".inkml",), "x.source").entries
    assert key_of(entry) == "d/w/a.b"


def test_a_pipe_that_is_called_like_a_picture_in_an_archive_does_not_hang(tmp_path):
    write(tmp_path, annotations_json=coco("a.png"), x_zip=zipped(annotations_json=coco("a.png"), a_png=b""))
    os.mkfifo(tmp_path / "a.png")
    (tmp_path / "y").mkdir()
    (tmp_path / "x.zip").rename(tmp_path / "y" / "x.zip")
    assert doubles(tmp_path) == (["a.png", "y/x.zip:a.png"], {})


def test_a_double_does_not_take_the_key_of_another_formula(tmp_path):
    write(tmp_path, x_zip=zipped(w__a_inkml=b"1"), y__w__a_inkml=b"1", z_zip=zipped(w__a_inkml=b"2"))
    kept, twice = doubles(tmp_path)
    assert (kept, twice) == (["y/w/a.inkml", "z.zip:w/a.inkml"], {"x.zip:w/a.inkml": "y/w/a.inkml"})
