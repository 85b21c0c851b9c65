"""`python -m pipeline.export` and the files that it writes."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.edge import metadata
from pipeline.edge.litert import Runner
from pipeline.errors import InkError
from pipeline.export.__main__ import main
from pipeline.export.card import MEANINGS
from pipeline.export.licences import materials
from pipeline.ink import develop, normalise
from pipeline.recognize.reader import normalise_picture
from tests.edge.tiny_detector import tiny_detector
from tests.export.conftest import MATH_METRICS, METRICS, TIMES
from tests.tiny_models import CHARACTERS, FRAME, scan

ROOT = Path(__file__).resolve().parents[2]
HAND = materials((ROOT / "THIRD_PARTY.md").read_text(encoding="utf-8"))[0]  # the stroke data
FILES = ["LICENSE", "MODEL_CARD.md", "README.md", "SHA256SUMS", "labels.txt", "metrics.json", "normalisation.json"]


def text(path: str) -> str:
    return Path(path).read_text(encoding="utf-8")


def test_the_command_writes_every_artifact(project):
    line = [sys.executable, "-m", "pipeline.export"]
    done = subprocess.run(line, env=os.environ | {"PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    names = sorted([*FILES, "ARPHICPL.TXT", "hccr-dynamic.tflite"])
    math_names = sorted([*FILES, "math-float16.tflite"])
    assert done.stdout.splitlines() == [
        f"bundles/hccr-dynamic: {', '.join(names)}",
        f"bundles/math-float16: {', '.join(math_names)}",
    ]
    assert sorted(path.name for path in Path("bundles/hccr-dynamic").iterdir()) == names
    assert sorted(path.name for path in Path("bundles/math-float16").iterdir()) == math_names


@pytest.fixture
def bundled(project):
    main([])
    return project


def test_the_model_is_the_one_that_was_evaluated(bundled, character_model, formula_model):
    assert Path("bundles/hccr-dynamic/hccr-dynamic.tflite").read_bytes() == character_model
    assert Path("bundles/math-float16/math-float16.tflite").read_bytes() == formula_model
    (best,) = Runner(character_model)(normalise_picture(scan("十"))[None]).argmax(axis=1)
    assert text("bundles/hccr-dynamic/labels.txt").splitlines()[best] == "十"


def test_files_beside_the_model_are_those_within(bundled):
    assert text("bundles/hccr-dynamic/labels.txt") == "".join(f"{char}\n" for char in CHARACTERS)
    assert json.loads(text("bundles/math-float16/normalisation.json")) == FRAME._asdict() | {"margin": 4}
    assert json.loads(text("bundles/hccr-dynamic/metrics.json")) == METRICS | TIMES
    assert json.loads(text("bundles/math-float16/metrics.json")) == MATH_METRICS
    assert text("bundles/hccr-dynamic/ARPHICPL.TXT") == "ARPHIC PUBLIC LICENSE\n"


def rows(page: str) -> list[list[str]]:
    """Cells of all tables of a page."""
    lines = [line for line in page.splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]


def test_the_readme_has_the_signature_the_input_and_the_code(bundled):
    page = text("bundles/hccr-dynamic/README.md")
    assert page.startswith("# hccr-dynamic\n\nReads one handwritten character.\n")
    assert ["in", "`image`", "float32", "[1, 56, 56, 1]"] in [row[:4] for row in rows(page)]
    assert ["out", "`probabilities`", "float32", "[1, 4]", "Probability of each class."] in rows(page)
    listed = [row[0].strip("`") for row in rows(page) if row[0].startswith("`")]
    assert sorted(listed) == sorted(path.name for path in Path("bundles/hccr-dynamic").iterdir())
    runtime = metadata.read_graph(Path("models/hccr/dynamic.tflite").read_bytes()).runtime
    assert f"built-in operators of TensorFlow Lite only: version {runtime} or newer, or any LiteRT.\n" in page
    assert "Sizes in pixels: side 56, margin 4." in page
    assert "5. Stretch again as in step 2" in page
    assert str(normalise.__doc__).strip().splitlines()[0] in page
    assert "```kotlin\n// build.gradle.kts" in page
    assert "class HccrDynamic(context: Context)" in page
    assert "```swift\n// Podfile" in page
    assert page.count("```") == 2 * 4


def test_the_readme_of_a_detector(bundled):
    page = text("bundles/math-float16/README.md")
    assert [row[1:4] for row in rows(page) if row[0] == "out"] == [
        [f"`{name}`", tensor.dtype, str(list(tensor.shape))]
        for name, tensor in metadata.read_graph(
            Path("models/math/float16.tflite").read_bytes()
        ).signature.outputs.items()
    ]
    assert "Sizes in pixels: height 64, width 128, symbol 24, pen 2, margin 4." in page
    assert str(develop.__doc__).strip().splitlines()[-1] in page
    assert "Merges detections to one per place, best first." in page
    assert "Finds the formulas on a photo of a page: blocks of ink, turned upright" in page
    assert "Finds by how much the writing on a page is tilted" in page
    assert "Returns the indices of boxes in reading order" in page
    assert "Finds the structure of a formula from its symbols and their boxes." in page
    assert page.count("```") == 2 * 13


def test_the_card_of_the_embedded_corpus(bundled):
    page = text("bundles/hccr-dynamic/MODEL_CARD.md")
    assert page.startswith("# Handwritten Chinese characters\n\nReads one handwritten character.\n")
    headings = [line[3:] for line in page.splitlines() if line.startswith("## ")]
    assert headings == ["Data", "Recipe", "Metrics", "Limits", "Licence", "Provenance"]
    for cells in (
        ["labels", "4"],
        ["decode", "records", "12,000"],
        ["train", "train.accuracy", "0.5"],
        ["top1", "share of the test samples that are read correctly", "0.9875"],
        ["cpu", "processor of the timing", "Tiny CPU"],
        list(HAND[1:]),
    ):
        assert cells in rows(page)
    for line in (
        "* synthetic handwriting: strokes of hanzi-writer-data and of the faces in `strokes.hands` (open fonts)",
        "strokes:\n  strokes:\n    writers: 7\n",
        "train:\n  train:\n    epochs: 8\n",
        "Measured by `evaluate@dynamic` with LiteRT",
        "* Worst labels, by recall: `口` 0.50.\n",
        "* Trained on synthetic data: ",
        "Licence of the code that made the model: `LICENSE`.\n",
    ):
        assert line in page
    assert "data/raw/casia" not in page
    assert "BaKoMa" not in page  # a material of the other branch


def test_the_card_of_data_that_the_user_brought(bundled):
    page = text("bundles/math-float16/MODEL_CARD.md")
    assert "* `data/raw/crohme`, provided by the project's user\n" in page
    assert "`data/raw/crohme`: the terms under which its user has the data apply, if they extend to models" in page
    assert "* Worst labels, by ap50: `|` 0.25.\n" in page
    assert "* 1 of its labels do not occur in the test part" in page
    assert "synthetic" not in page
    assert "Licence terms of the training data" not in page


def test_the_projects_licence_goes_along(project):
    Path("LICENSE").write_text("All are welcome.\n")
    main([])
    for bundle in ("hccr-dynamic", "math-float16"):
        assert text(f"bundles/{bundle}/LICENSE") == "All are welcome.\n"
        assert "Licence of the code that made the model: `LICENSE`." in text(f"bundles/{bundle}/MODEL_CARD.md")


def test_the_same_project_gives_the_same_bytes(project):
    for folder in ("one", "other", "other"):
        main(["models/hccr/dynamic.tflite", "math", "--to", folder])
    one, other = (
        {path.relative_to(folder): path.read_bytes() for path in Path(folder).rglob("*") if path.is_file()}
        for folder in ("one", "other")
    )
    assert one == other
    assert len(one) == 9 + 8


def test_every_metric_that_is_measured_has_a_meaning():
    measured = [json.loads(path.read_text()) for path in (ROOT / "metrics").glob("**/*.json")]
    variants = [metrics for metrics in measured if "macs" in metrics]
    assert len(variants) >= 7
    assert {name for metrics in variants for name in metrics} <= set(MEANINGS)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ["models/none.tflite"],
            r"models/none\.tflite: expected a \.tflite model or one of the names released, released-math, hccr, math",
        ),
        (["dvc.lock"], r"dvc\.lock: not a TFLite model"),
        (["bare.tflite"], r"bare\.tflite: expected metadata with a class list in the model, found none"),
    ],
)
def test_what_cannot_be_handed_out_is_named(project, arguments, message):
    project.write("bare.tflite", tiny_detector())
    with pytest.raises(InkError, match=message):
        main(arguments)
    assert not Path("bundles").exists()


@pytest.mark.parametrize(
    ("file", "message"),
    [
        ("data/raw/medians/ARPHICPL.TXT", "expected the licence text for the model, found none; run `dvc checkout`"),
        (
            "LICENSE",
            "expected the licence text for the model, found none; run `dvc checkout` or `git checkout LICENSE`",
        ),
        ("THIRD_PARTY.md", "expected the licence terms of the training data, found none "),
    ],
)
def test_a_missing_text_is_named_and_nothing_is_left(project, file, message):
    Path(file).unlink()
    with pytest.raises(InkError, match=f"^{re.escape(f'{file}: {message}')}"):
        main(["hccr"])
    assert not Path("bundles").exists()


def test_where_no_bundle_can_be_written(project):
    with pytest.raises(InkError, match=r"dvc\.lock/hccr-dynamic: expected a place to write the bundle, found "):
        main(["hccr", "--to", "dvc.lock"])


MODEL, LICENCE = "models/hccr/dynamic.tflite", "data/raw/medians/ARPHICPL.TXT"


def contents(folder: str) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in Path(folder).iterdir()}


def link_to_cache(project, path: str, how: str) -> None:
    """Moves a file to a read-only file in DVC's cache and replaces it by a link."""
    file, cached = project.root / path, project.root / ".dvc/cache/files/md5" / Path(path).name
    cached.parent.mkdir(parents=True, exist_ok=True)
    file.rename(cached)
    cached.chmod(0o444)
    file.symlink_to(cached) if how == "symlink" else os.link(cached, file)


@pytest.mark.parametrize("how", ["symlink", "hardlink"])
def test_links_to_dvcs_cache_are_exported_as_files(project, how):
    main(["hccr", "--to", "expected"])
    link_to_cache(project, MODEL, how)
    link_to_cache(project, LICENCE, how)
    for arguments in (["hccr"], ["hccr"], [MODEL]):  # also if it replaces an earlier bundle
        main(arguments)
        assert contents("bundles/hccr-dynamic") == contents("expected/hccr-dynamic")
    for file in Path("bundles/hccr-dynamic").iterdir():
        assert not file.is_symlink()
        assert file.stat().st_nlink == 1
        assert os.access(file, os.W_OK)


@pytest.mark.slow
@pytest.mark.parametrize("how", ["symlink", "hardlink"])
def test_outputs_that_dvc_has_linked_are_exported(project, how):
    main(["hccr", "--to", "expected"])
    environment = os.environ | {"DVC_NO_ANALYTICS": "1"}
    for command in (["init", "--no-scm"], ["config", "cache.type", how], ["add", MODEL, "data/raw/medians"]):
        subprocess.run([sys.executable, "-m", "dvc", *command, "--quiet"], env=environment, check=True)
    links = [Path(name).is_symlink() or Path(name).stat().st_nlink == 2 for name in (MODEL, LICENCE)]
    assert links == [True, True]
    main(["hccr"])
    assert contents("bundles/hccr-dynamic") == contents("expected/hccr-dynamic")


def test_a_link_to_a_model_of_the_project(project):
    link_to_cache(project, MODEL, "symlink")
    Path("latest.tflite").symlink_to(MODEL)
    main(["latest.tflite"])
    assert Path("bundles/-latest/-latest.tflite").read_bytes() == Path(MODEL).read_bytes()


def test_the_checksums_are_those_of_all_other_files(bundled):
    done = subprocess.run(
        ["sha256sum", "--check", "SHA256SUMS"], cwd="bundles/hccr-dynamic", capture_output=True, text=True, check=False
    )
    listed = [line.removesuffix(": OK") for line in done.stdout.splitlines()]
    assert (done.returncode, listed) == (0, sorted(set(contents("bundles/hccr-dynamic")) - {"SHA256SUMS"}))


def test_outside_of_a_project(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InkError, match=r"found no dvc\.yaml; run from the repository root"):
        main([])
