"""COCO files: reading those of others, writing those for others."""

import json
import zipfile

import numpy as np
import pytest
from pycocotools.coco import COCO

from pipeline.errors import InkError
from pipeline.formats import coco
from pipeline.formats.coco import BoxError, clip_boxes, read_coco, write_coco, write_image_files, write_images
from pipeline.formats.formula import Formula, write_formulas

CLASSES = ["+", "x"]
LICENCE = {"id": 1, "name": "by hand", "url": ""}
NO_OUTLINE = {"segmentation": [], "iscrowd": 0}
BOXES = np.array([[1, 2, 11, 22.5], [0, 0, 3, 7]], np.float32)


def content(**changes):
    return {
        "images": [{"id": 1, "file_name": "a.png", "height": 20, "width": 30}, {"id": "b", "file_name": "b.png"}],
        "annotations": [{"id": 5, "image_id": 1, "category_id": 7, "bbox": [1, 2, 3.5, 4]}],
        "categories": [{"id": 7, "name": "x"}],
    } | changes


def images(**changes):
    return read_coco(json.dumps(content(**changes)).encode(), "annotations.json")


def annotated(**changes):
    one, _ = images(annotations=[content()["annotations"][0] | changes])
    return one


def formula(key, **changes):
    base = Formula(key, "w", "", "x+", 128, 512, b"png " + key.encode(), BOXES, np.array([1, 0]), ["x", "+"], [], [])
    return base._replace(**changes)


def written(folder):
    """Two shards with unordered keys."""
    shards = [folder / "one.parquet", folder / "two.parquet"]
    write_formulas(
        shards[0], [formula("b/c"), formula("d", boxes=BOXES[:0], labels=np.zeros(0, int), symbols=[])], CLASSES
    )
    write_formulas(shards[1], [formula("a")], CLASSES)
    return shards


def test_pictures_and_their_boxes():
    one, two = images()
    assert (one.file_name, one.size, one.ids, one.boxes, one.labels, one.defect) == (
        "a.png",
        (20, 30),
        [5],
        [(1.0, 2.0, 3.5, 4.0)],
        ["x"],
        "",
    )
    assert (two.file_name, two.size, two.boxes, two.writer, two.truth) == ("b.png", None, [], "", "")


def test_writer_and_truth_are_taken_along():
    (one,) = images(images=[{"id": 1, "file_name": "a.png", "writer": "w", "truth": 3}])
    assert (one.writer, one.truth) == ("w", "")


def test_crowds_and_unknown_categories_are_labels_of_their_own():
    assert annotated(iscrowd=1).labels == ["(crowd)"]
    assert annotated(category_id=8).labels == ["(category 8)"]
    assert annotated(category_id=[8]).labels == ["(category [8])"]


@pytest.mark.parametrize(
    "box", [None, [], [1, 2, 3], [1, 2, -3, 4], [1, 2, "3", 4], [float("nan"), 2, 3, 4], [1, 2, 1e308, 4], {"x": 1}]
)
def test_a_box_that_is_none_is_the_defect_of_its_picture(box):
    one, two = images(annotations=[{"id": 5, "image_id": 1, "category_id": 7, "bbox": box}])
    assert one.defect.startswith("annotation 5: expected a bbox x, y, width, height, found ")
    assert two.defect == ""


def boxed(*boxes):
    one, _ = images(annotations=[content()["annotations"][0] | {"id": f"a{n}", "bbox": b} for n, b in enumerate(boxes)])
    return one


@pytest.mark.parametrize(
    ("box", "clipped"),
    [
        ([1, 2, 3.5, 4], [2, 1, 6, 4.5]),
        ([-10, 2, 20, 4], [2, 0, 6, 10]),
        ([25, 15.5, 1e6, 1e6], [15.5, 25, 20, 30]),
        ([-5, -5, 100, 100], [0, 0, 20, 30]),
        ([29.5, 0, 1, 1], [0, 29.5, 1, 30]),
    ],
)
def test_boxes_are_cut_to_their_picture(box, clipped):
    boxes = clip_boxes(boxed(box, [0, 0, 1, 1]), height=20, width=30)
    assert boxes.dtype == np.float64
    assert boxes.tolist() == [clipped, [0, 0, 1, 1]]


@pytest.mark.parametrize(
    "box", [[30, 0, 9, 9], [-9, 0, 9, 9], [0, 20, 9, 9], [0, -9.5, 9, 9], [500, 500, 9, 9], [3, 3, 0, 5], [3, 3, 5, 0]]
)
def test_a_box_of_which_nothing_is_on_the_picture_is_named(box):
    with pytest.raises(BoxError) as error:
        clip_boxes(boxed([0, 0, 1, 1], box, box), height=20, width=30)
    assert str(error.value) == (
        "annotation 'a1': expected a bbox x, y, width, height that overlaps the picture of 30 x 20 pixels, found "
        f"{[float(value) for value in box]} (2 such); correct or remove it"
    )


def test_a_picture_without_boxes_has_none_to_clip():
    assert clip_boxes(boxed(), height=20, width=30).shape == (0, 4)


def test_boxes_are_bounded(monkeypatch):
    monkeypatch.setattr(coco, "MAX_BOXES", 2)
    entry = content()["annotations"][0]
    assert images(annotations=[entry] * 2)[0].defect == ""
    assert images(annotations=[entry] * 3)[0].defect == "more than 2 boxes"


@pytest.mark.parametrize("name", [None, "", 7])
def test_a_picture_without_a_name(name):
    (one,) = images(images=[{"id": 1, "file_name": name}])
    assert one.defect == f"expected a file_name, found {name!r}"


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "expected a COCO file, found no readable JSON"),
        (b"\xff{}", "expected a COCO file, found no readable JSON"),
        (b"[" * 100_000, "expected a COCO file, found no readable JSON"),
        (b"[1]", "expected a COCO file with images, annotations, categories, found no list of images"),
        (b'{"images": [1]}', "found no list of images"),
        (json.dumps(content(categories={})).encode(), "found no list of categories"),
        (json.dumps(content(images=[{}])).encode(), r"images\[0\]: expected an id, found None"),
        (json.dumps(content(images=content()["images"] * 2)).encode(), "two images have the id 1"),
    ],
)
def test_files_that_are_none(data, message):
    with pytest.raises(InkError, match=rf"x.json: .*{message}"):
        read_coco(data, "x.json")


def test_annotations_of_no_picture():
    with pytest.raises(InkError, match="annotation 5: expected the id of an image, found 3"):
        annotated(image_id=3)


def test_size_is_bounded(monkeypatch):
    monkeypatch.setattr(coco, "MAX_BYTES", 10)
    with pytest.raises(InkError, match="too large"):
        images()


def test_pycocotools_loads_what_is_written(tmp_path, capsys):
    write_coco(tmp_path / "all.json", written(tmp_path), CLASSES, "all samples", LICENCE)
    loaded = COCO(tmp_path / "all.json")
    assert [loaded.imgs[number]["file_name"] for number in (1, 2, 3)] == ["a.png", "b/c.png", "d.png"]
    assert loaded.imgs[2] == {
        "id": 2,
        "file_name": "b/c.png",
        "license": 1,
        "height": 128,
        "width": 512,
        "writer": "w",
        "truth": "x+",
    }
    assert loaded.dataset["licenses"] == [LICENCE]
    assert loaded.cats == {1: {"id": 1, "name": "+"}, 2: {"id": 2, "name": "x"}}
    assert loaded.loadAnns(loaded.getAnnIds(imgIds=[2])) == [
        {"id": 3, "image_id": 2, "category_id": 2, "bbox": [2, 1, 20.5, 10], "area": 205, **NO_OUTLINE},
        {"id": 4, "image_id": 2, "category_id": 1, "bbox": [0, 0, 7, 3], "area": 21, **NO_OUTLINE},
    ]
    assert loaded.getAnnIds(imgIds=[3]) == []
    assert loaded.loadRes([{"image_id": 1, "category_id": 1, "bbox": [0, 0, 1, 1], "score": 0.5}]).anns


def test_what_is_written_is_read(tmp_path):
    write_coco(tmp_path / "all.json", written(tmp_path), CLASSES, "all samples", LICENCE)
    one, two, three = read_coco((tmp_path / "all.json").read_bytes(), "all.json")
    assert (one.file_name, one.labels, one.boxes) == ("a.png", ["x", "+"], [(2, 1, 20.5, 10), (0, 0, 7, 3)])
    assert (two.writer, two.truth, two.size, three.boxes) == ("w", "x+", (128, 512), [])


def test_the_zip_of_pictures_is_plain_and_has_no_clock(tmp_path):
    write_images(tmp_path / "a.zip", written(tmp_path))
    write_images(tmp_path / "b.zip", written(tmp_path))
    assert (tmp_path / "a.zip").read_bytes() == (tmp_path / "b.zip").read_bytes()
    with zipfile.ZipFile(tmp_path / "a.zip") as archive:
        assert archive.read("b/c.png") == b"png b/c"
        assert {info.compress_type for info in archive.infolist()} == {zipfile.ZIP_STORED}


def test_pictures_are_files_named_as_in_the_coco_file(tmp_path):
    write_image_files(tmp_path / "images", written(tmp_path))
    found = [path.relative_to(tmp_path / "images") for path in (tmp_path / "images").rglob("*") if path.is_file()]
    assert sorted(path.as_posix() for path in found) == ["a.png", "b/c.png", "d.png"]
    assert (tmp_path / "images/b/c.png").read_bytes() == b"png b/c"


@pytest.mark.parametrize(
    ("keys", "reason"),
    [
        (["a", "a"], "File exists"),  # as on a file system that takes `a` and `A` for one
        (["a", "a.png/b"], "File exists"),
        (["a", "a.png/b/c"], "Not a directory"),
        (["a.png/b", "a"], "File exists"),
        (["文" * 85], "File name too long"),  # 259 bytes with the extension
        (["../a"], "it leads out of the folder"),
        (["/a"], "it leads out of the folder"),
    ],
)
def test_a_name_that_no_file_can_have(keys, reason, tmp_path):
    write_formulas(tmp_path / "one.parquet", [formula(key) for key in keys], CLASSES)
    with pytest.raises(InkError) as error:
        write_image_files(tmp_path / "images", [tmp_path / "one.parquet"])
    assert str(error.value) == (
        f"images/{keys[-1]}.png: expected a path under which a picture can be written, found one that cannot be used "
        f"({reason}); rename the file or folder in the source, or set `pictures` to zip"
    )
    assert not (tmp_path / "a.png").exists()


def test_half_characters_are_no_text():
    data = b'{"images":[{"id":1,"file_name":"a.png","writer":"\\ud800","truth":"x"}],"annotations":[],"categories":[]}'
    (image,) = read_coco(data, "x.json")
    assert (image.writer, image.truth) == ("", "x")
