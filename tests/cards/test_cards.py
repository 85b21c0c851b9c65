"""The cards that both branches write on tiny data: exact content, sums that hold, no trace of the machine."""

import hashlib
import json
import shutil
import subprocess
from collections import Counter

import pyarrow.parquet as pq
import pytest
import yaml

from pipeline.cards import description, tfds
from pipeline.cards.description import describe
from pipeline.cards.huggingface import size_category
from pipeline.cards.subjects import FIELDS, MATH_DECODED, MATH_SPLITS, SPLITS
from pipeline.cards.terms import ARCHIVE, CHARACTERS, FORMULAS, read_terms
from pipeline.cards.writing import write_cards
from pipeline.formats.formula import encode_formula, formula_schema, read_formulas
from pipeline.formats.parquet import sample_schema
from pipeline.formats.sample import Sample
from pipeline.formats.tfrecord import decode_example, encode_sample
from tests.jobs.branches import BRANCHES, PICTURE_FILES
from tests.jobs.execution import work_with

CARDS = {"README.md", "croissant.json", "SHA256SUMS", "dataset_info.json", "features.json"}
SAMPLES = {"characters": 30, "math": 23}
PARTS = ["train", "validation", "test"]
UNKNOWN = "unknown: the terms of the archive that the data were read from"


@pytest.fixture(scope="module", params=BRANCHES)
def made(request, tmp_path_factory):
    """A branch, its source, and the folder that it wrote."""
    folder, branch = tmp_path_factory.mktemp(request.param), BRANCHES[request.param]
    source = branch.make_source(folder / "source")
    branch.run(source, folder / "data")
    return request.param, source, folder / "data"


@pytest.fixture
def splits(made):
    """The folder with the parts."""
    return made[2] / "splits"


@pytest.fixture
def subject(made):
    """What the parts are."""
    return SPLITS if made[0] == "characters" else MATH_SPLITS


def front(folder):
    """The parsed front matter of a card."""
    head, _, rest = (folder / "README.md").read_text(encoding="utf-8").removeprefix("---\n").partition("---\n")
    assert rest.startswith("\n# ink2edge: ")
    return yaml.safe_load(head)


def rows(folder, part):
    """Number of samples in each shard of a part."""
    return [pq.read_metadata(path).num_rows for path in sorted((folder / "parquet").glob(f"{part}-*"))]


def test_every_stage_writes_all_cards(made):
    branch, _, data = made
    labels = {"label.labels.txt"} if branch == "characters" else set()
    for folder, others in ((data / "decoded", {"quarantine.jsonl"}), (data / "splits", set())):
        assert {path.name for path in folder.iterdir() if path.is_file()} == CARDS | labels | others


def test_the_front_matter_counts_samples_and_names_shards(made, splits):
    found = front(splits)
    assert found["configs"] == [
        {
            "config_name": "default",
            "default": True,
            "data_files": [{"split": part, "path": f"parquet/{part}-*.parquet"} for part in PARTS],
        }
    ]
    counted = {split["name"]: split["num_examples"] for split in found["dataset_info"]["splits"]}
    assert counted == {part: sum(rows(splits, part)) for part in PARTS}
    assert sum(counted.values()) == SAMPLES[made[0]]
    sizes = [path.stat().st_size for path in (splits / "parquet").iterdir()]
    assert found["dataset_info"]["download_size"] == sum(sizes)
    assert (found["size_categories"], found["tags"]) == (["n<1K"], ["handwriting"])


def test_the_front_matter_has_the_features_of_the_shards(made, splits):
    features = {feature.pop("name"): feature for feature in front(splits)["dataset_info"]["features"]}
    assert set(features) == set(FIELDS["characters" if made[0] == "characters" else "formulas"])
    assert features["image"] == {"dtype": "image"}
    if made[0] == "characters":
        names = dict(zip("01234", "哎啊埃挨阿", strict=True))
        assert features["label"] == {"dtype": {"class_label": {"names": names}}}
    else:
        assert features["boxes"] == {"sequence": {"sequence": "float32"}}
        assert features["symbols"] == {"sequence": "string"}


def test_a_users_archive_gets_no_licence(made):
    for folder in (made[2] / "decoded", made[2] / "splits"):
        found = front(folder)
        assert (found["license"], found["license_name"]) == ("other", "terms-of-your-archive")
        assert "license_link" not in found
        assert json.loads((folder / "croissant.json").read_text())["license"] == [UNKNOWN]
        for path in folder.glob("coco/*.json"):
            assert json.loads(path.read_text())["licenses"] == [{"id": 1, "name": UNKNOWN, "url": ""}]


def test_the_sums_are_those_of_all_files(made):
    for folder in (made[2] / "decoded", made[2] / "splits"):
        listed = dict(line.split("  ")[::-1] for line in (folder / "SHA256SUMS").read_text().splitlines())
        files = [path for path in folder.glob("*/*") if path.is_file()]
        assert listed == {
            path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in files
        }
        subprocess.run(["sha256sum", "--check", "--quiet", "SHA256SUMS"], cwd=folder, check=True)
        objects = json.loads((folder / "croissant.json").read_text())["distribution"][:-1]
        assert {entry["contentUrl"]: entry["sha256"] for entry in objects} == listed
        assert all(
            int(entry["contentSize"].removesuffix(" B")) == (folder / entry["@id"]).stat().st_size for entry in objects
        )


def test_pictures_that_are_files_have_sums_and_one_file_set(tmp_path):
    PICTURE_FILES.run(PICTURE_FILES.make_source(tmp_path / "source"), tmp_path)
    for name, part in (("decoded", "samples"), ("splits", "train")):
        folder = tmp_path / name
        assert {path.name for path in folder.iterdir() if path.is_file()} == CARDS | (
            {"quarantine.jsonl"} if name == "decoded" else set()
        )
        listed = dict(line.split("  ")[::-1] for line in (folder / "SHA256SUMS").read_text().splitlines())
        files = [path for path in folder.rglob("*") if path.is_file() and path.parent != folder]
        assert listed == {
            path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in files
        }
        assert list(listed) == sorted(listed)
        subprocess.run(["sha256sum", "--check", "--quiet", "SHA256SUMS"], cwd=folder, check=True)
        pictures = {name for name in listed if name.startswith("coco/images/")}
        assert len(pictures) == 23
        *objects, images, shards = json.loads((folder / "croissant.json").read_text())["distribution"]
        assert {entry["contentUrl"] for entry in objects} == set(listed) - pictures
        assert images == {
            "@type": "cr:FileSet",
            "@id": "coco-images",
            "name": "coco-images",
            "encodingFormat": "image/png",
            "includes": ["coco/images/*.png", "coco/images/**/*.png"],
        }
        assert {path.relative_to(folder).as_posix() for path in folder.glob(images["includes"][1])} == pictures
        assert shards["@id"] == "parquet-shards"
        title = (MATH_DECODED if name == "decoded" else MATH_SPLITS).folder
        assert (
            f'torchvision.datasets.CocoDetection("{title}/coco/images", "{title}/coco/{part}.json")\n'
            in (folder / "README.md").read_text()
        )


def test_a_backslash_in_the_name_of_a_picture_is_escaped_in_the_sums(splits, subject, tmp_path):
    shutil.copytree(splits / "parquet", tmp_path / "parquet")
    (tmp_path / "coco/images/a b").mkdir(parents=True)
    (tmp_path / "coco/images/a b/x\\n.png").write_bytes(b"png")
    write_cards(tmp_path, subject, PARTS, ARCHIVE, {})
    assert r"  coco/images/a b/x\\n.png" in (tmp_path / "SHA256SUMS").read_text()
    subprocess.run(["sha256sum", "--check", "--quiet", "SHA256SUMS"], cwd=tmp_path, check=True)


def test_the_split_lengths_are_those_of_the_records(splits):
    info = json.loads((splits / "dataset_info.json").read_text())
    for split in info["splits"]:
        assert [int(length) for length in split["shardLengths"]] == rows(splits, split["name"])
        files = sorted((splits / "tfrecord").glob(f"{split['name']}-*"))
        assert int(split["numBytes"]) == sum(path.stat().st_size for path in files)
    assert [split["name"] for split in info["splits"]] == PARTS


def test_the_cards_do_not_name_the_machine(made):
    for folder in (made[2] / "decoded", made[2] / "splits"):
        for path in folder.iterdir():
            if path.is_file():
                assert str(made[1].parent) not in path.read_text(encoding="utf-8"), path


def test_the_cards_do_not_depend_on_the_shuffle(made, tmp_path, monkeypatch):
    branch, source, data = made
    work_with("options in the environment", monkeypatch)
    BRANCHES[branch].run(source, tmp_path)
    for name in CARDS:
        for folder in ("decoded", "splits"):
            assert (tmp_path / folder / name).read_bytes() == (data / folder / name).read_bytes()


def test_the_terms_of_an_embedded_corpus_are_stated_and_read_again(made, subject, tmp_path):
    terms = CHARACTERS if made[0] == "characters" else FORMULAS
    copy = shutil.copytree(made[2] / "splits", tmp_path / "copy")
    write_cards(copy, subject, PARTS, terms, {})
    assert read_terms(copy) is terms
    assert front(copy)["tags"] == ["handwriting", "synthetic"]
    assert json.loads((copy / "croissant.json").read_text())["license"] == terms.stated


def test_files_with_known_sums_are_not_read_again(splits, subject, monkeypatch):
    monkeypatch.setattr(description, "fingerprint", lambda path: (1, path.name))
    name = next((splits / "parquet").iterdir()).relative_to(splits).as_posix()
    data = describe(splits, subject, PARTS, ARCHIVE, {name: (2, "known")})
    assert {file.name for file in data.files if file.sha256 == "known"} == {name}


def test_without_tfrecord_there_is_nothing_for_tensorflow_datasets(splits, subject, tmp_path):
    shutil.copytree(splits / "parquet", tmp_path / "parquet")
    write_cards(tmp_path, subject, PARTS, ARCHIVE, {})
    assert {path.name for path in tmp_path.iterdir()} == {"README.md", "croissant.json", "SHA256SUMS", "parquet"}
    assert "tfds" not in (tmp_path / "README.md").read_text(encoding="utf-8")


def test_the_described_records_are_those_that_are_written(made, splits):
    sample = Sample("1001/000000", "1001", "啊", 0, 60, 70, b"png")
    assert set(tfds.FEATURES["characters"]) == set(decode_example(encode_sample(sample)))
    if made[0] == "math":
        kinds = {tfds.INTEGER: int, tfds.INTEGERS: int, tfds.REALS: float}
        shard = splits / "parquet/train-00000-of-00002.parquet"
        records = [decode_example(encode_formula(formula)) for formula in read_formulas(shard)]
        for record in records:
            assert set(record) <= set(tfds.FEATURES["formulas"])
            for name, values in record.items():
                assert {type(value) for value in values} <= {kinds.get(tfds.FEATURES["formulas"][name], bytes)}
        assert Counter(name for record in records for name in record).keys() == tfds.FEATURES["formulas"].keys()


def test_every_column_has_a_meaning():
    assert list(FIELDS["characters"]) == sample_schema([]).names
    assert list(FIELDS["formulas"]) == formula_schema([]).names


@pytest.mark.parametrize(
    ("rows", "name"),
    [(0, "n<1K"), (999, "n<1K"), (1000, "1K<n<10K"), (1_172_907, "1M<n<10M"), (10**9, "n>1B")],
)
def test_sizes_have_the_names_of_the_hub(rows, name):
    assert size_category(rows) == name
