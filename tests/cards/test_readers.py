"""The libraries that the cards name open the data sets of both branches: exact counts, and the values of one sample.

They run in an environment of their own (tests/cards/requirements.txt), which the first run installs in `.readers`; that
takes minutes and a network. `make test-readers` runs these tests.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from pipeline.formats.png import decode_png
from tests.jobs.branches import BRANCHES, PICTURE_FILES, decode_characters, output
from tests.project import ROOT

pytestmark = [pytest.mark.readers, pytest.mark.timeout(1200)]

HERE = Path(__file__).parent
ENVIRONMENT = ROOT / ".readers"
OFFLINE = {"HF_HUB_OFFLINE": "1", "HF_DATASETS_OFFLINE": "1", "TF_CPP_MIN_LOG_LEVEL": "3"}
SHARDS = 40  # of 30 characters: some shards are empty
FOLDERS = ["decoded", "splits"]
UNKNOWN = {"id": 1, "name": "unknown: the terms of the archive that the data were read from", "url": ""}


@pytest.fixture(scope="session")
def python():
    """The interpreter of an environment with the pinned libraries."""
    wanted, installed = HERE / "requirements.txt", ENVIRONMENT / "requirements.txt"
    interpreter = ENVIRONMENT / "bin/python"
    if not installed.is_file() or installed.read_bytes() != wanted.read_bytes():
        subprocess.run([sys.executable, "-m", "venv", "--clear", ENVIRONMENT], check=True)
        command = [interpreter, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", wanted]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            pytest.skip(f"the libraries cannot be installed: {done.stderr.strip()[-300:]}")
        installed.write_bytes(wanted.read_bytes())
    return interpreter


@pytest.fixture(scope="module")
def characters(tmp_path_factory):
    """The folder of a run of the branch of characters."""
    folder = tmp_path_factory.mktemp("characters")
    branch = BRANCHES["characters"]
    decode_characters(branch.make_source(folder / "source"), output(folder), SHARDS)
    branch.split(folder)
    return folder


@pytest.fixture(scope="module")
def formulas(tmp_path_factory):
    """The folder of a run of the branch of formulas."""
    folder = tmp_path_factory.mktemp("formulas")
    branch = BRANCHES["math"]
    branch.run(branch.make_source(folder / "source"), folder)
    return folder


@pytest.fixture(scope="module")
def picture_files(tmp_path_factory):
    """The same with pictures as files."""
    folder = tmp_path_factory.mktemp("files")
    PICTURE_FILES.run(PICTURE_FILES.make_source(folder / "source"), folder)
    return folder


@pytest.fixture
def read(python, tmp_path):
    """Returns the counts and the first sample that a library finds in a folder."""

    def result(library, folder):
        environment = os.environ | OFFLINE | {"HF_HOME": str(tmp_path), "HOME": str(tmp_path)}
        command = [python, HERE / "readers.py", library, folder]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr[-2000:]
        found = json.loads(done.stdout.splitlines()[-1])
        return found["counts"], found["sample"]

    return result


def expected(folder):
    """The counts, and the first sample with the sum of its grey levels, as this project reads them."""
    tables = [(path.name.partition("-")[0], pq.read_table(path)) for path in sorted((folder / "parquet").iterdir())]
    rows = [(part, row) for part, table in tables for row in table.to_pylist()]
    counts = {part: sum(1 for name, _ in rows if name == part) for part, _ in tables}
    part, first = min(rows, key=lambda pair: pair[1]["key"])
    image = first.pop("image")["bytes"]
    return counts, part, first | {"pixels": int(decode_png(image).astype(np.int64).sum())}


@pytest.mark.parametrize("name", FOLDERS)
def test_libraries_read_characters(name, characters, read):
    counts, part, sample = expected(characters / name)
    assert (sum(counts.values()), sample["key"], sample["char"]) == (30, "1001/000000", "啊")
    named = sample | {"name": "啊"}
    folder = characters / name
    assert read("datasets", folder) == (counts, named)
    assert read("polars", folder) == (counts, sample)
    assert read("duckdb", folder) == (counts, sample)
    assert read("tfds", folder) == (counts, named | {"image/format": "png"})
    assert read("mlcroissant", folder) == (counts, sample | {"split": part})


@pytest.mark.parametrize("name", FOLDERS)
def test_libraries_read_formulas(name, formulas, read):
    counts, part, sample = expected(formulas / name)
    assert (sum(counts.values()), sample["key"], sample["symbols"]) == (23, "hand/w1/0", ["x", "1"])
    folder = formulas / name
    assert read("datasets", folder) == (counts, sample)
    assert read("polars", folder) == (counts, sample)
    assert read("duckdb", folder) == (counts, sample)
    assert read("mlcroissant", folder) == (counts, sample | {"split": part})


@pytest.mark.parametrize("name", FOLDERS)
def test_tensorflow_datasets_reads_formulas(name, formulas, read):
    counts, _, sample = expected(formulas / name)
    found, values = read("tfds", formulas / name)
    assert found == counts
    assert values["pixels"] == sample["pixels"]
    assert values["image/source_id"] == sample["key"]
    assert values["image/object/class/text"] == sample["symbols"]
    assert values["image/object/class/label"] == [label + 1 for label in sample["labels"]]
    assert values["stroke/points"] == [value for stroke in sample["strokes"] for value in stroke]
    assert values["image/object/stroke/index"] == [index for one in sample["symbol_strokes"] for index in one]
    top, _, bottom, _ = zip(*sample["boxes"], strict=True)
    assert [value * sample["height"] for value in values["image/object/bbox/ymin"]] == list(top)
    assert [value * sample["height"] for value in values["image/object/bbox/ymax"]] == list(bottom)


@pytest.mark.parametrize("name", FOLDERS)
@pytest.mark.parametrize("pictures", ["zip", "files"])
def test_pycocotools_reads_formulas(name, pictures, formulas, picture_files, read):
    folder = (formulas if pictures == "zip" else picture_files) / name
    counts, _, sample = expected(folder)
    found, values = read("pycocotools", folder)
    assert found == counts
    assert values["pixels"] == (None if (name, pictures) == ("splits", "zip") else sample["pixels"])
    assert (values["image"]["file_name"], values["image"]["license"]) == ("hand/w1/0.png", 1)
    assert values["boxes"] == [[xmin, ymin, xmax - xmin, ymax - ymin] for ymin, xmin, ymax, xmax in sample["boxes"]]
    assert (values["symbols"], values["segmentation"]) == (sample["symbols"], ["[]"])
    assert values["licences"] == [UNKNOWN]


@pytest.mark.parametrize("name", FOLDERS)
def test_mlcroissant_reads_formulas_whose_pictures_are_files(name, picture_files, read):
    counts, part, sample = expected(picture_files / name)
    assert read("mlcroissant", picture_files / name) == (counts, sample | {"split": part})
