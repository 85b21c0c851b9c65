import base64
import hashlib
import io
import json
import shutil
import subprocess
import tarfile
from pathlib import Path

import pytest

from pipeline.errors import InkError
from pipeline.ink.medians import load_medians
from stages import medians as stage


@pytest.fixture
def package(tmp_path):
    folder = tmp_path / "package"
    folder.mkdir()
    (folder / "一.json").write_text(json.dumps({"medians": [[[100, 400], [920, 430]]]}), encoding="utf-8")
    (folder / "ARPHICPL.TXT").write_text("ARPHIC PUBLIC LICENSE", encoding="utf-8")
    return folder


def test_medians_and_their_licence_are_written(tmp_path, package):
    stage.write_medians(package, tmp_path / "out")
    assert load_medians(tmp_path / "out" / "medians.jsonl") == {"一": (((100, 500), (920, 470)),)}
    assert (tmp_path / "out" / "ARPHICPL.TXT").read_text(encoding="utf-8") == "ARPHIC PUBLIC LICENSE"


def test_a_package_without_a_licence_writes_nothing(tmp_path, package):
    (package / "ARPHICPL.TXT").unlink()
    with pytest.raises(InkError, match=r"ARPHICPL\.TXT"):
        stage.write_medians(package, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_npm_that_fails_is_an_error_with_its_last_words(tmp_path, monkeypatch):
    def fail(args, **_):
        return subprocess.CompletedProcess(args, 1, "npm error code ENOTFOUND\nnpm error network no such host\n")

    monkeypatch.setattr(stage, "npm", fail)
    folder = tmp_path / "install"
    folder.mkdir()
    for name in stage.NPM_FILES:
        (tmp_path / name).write_text("{}", encoding="utf-8")
    with pytest.raises(InkError, match=r"(?s)could not install hanzi-writer-data.*ENOTFOUND.*network, proxy"):
        stage.install(tmp_path, folder)


def test_the_lock_pins_a_hash_and_names_no_host():
    text = (Path(__file__).parents[2] / "package-lock.json").read_text(encoding="utf-8")
    package = json.loads(text)["packages"]["node_modules/hanzi-writer-data"]
    assert package["version"] == "2.0.1"
    assert package["integrity"].startswith("sha512-")
    assert "http" not in text


def packed(folder, text):
    """An npm package as a file: what `npm pack` writes."""
    path = folder / "hanzi-writer-data-2.0.1.tgz"
    with tarfile.open(path, "w:gz") as archive:
        for name, data in {
            "package.json": '{"name": "hanzi-writer-data", "version": "2.0.1"}',
            "一.json": text,
        }.items():
            info = tarfile.TarInfo(f"package/{name}")
            info.size = len(data.encode())
            archive.addfile(info, io.BytesIO(data.encode()))
    return path


@pytest.mark.timeout(120)
def test_a_package_that_was_tampered_with_is_refused(tmp_path):
    """With npm itself, offline: the lock's hash decides, wherever the bytes come from."""
    root = tmp_path / "root"
    root.mkdir()
    tarball = packed(tmp_path, "{}")
    hashed = "sha512-" + base64.b64encode(hashlib.sha512(tarball.read_bytes()).digest()).decode()
    name, location = "hanzi-writer-data", f"file:{tarball}"
    (root / "package.json").write_text(json.dumps({"name": "x", "dependencies": {name: location}}), encoding="utf-8")
    package = {"version": "2.0.1", "resolved": location, "integrity": hashed}
    packages = {"": {"name": "x", "dependencies": {name: location}}, f"node_modules/{name}": package}
    lock = {"name": "x", "lockfileVersion": 3, "requires": True, "packages": packages}
    (root / "package-lock.json").write_text(json.dumps(lock), encoding="utf-8")
    (root / ".npmrc").write_text(f"offline=true\naudit=false\ncache={tmp_path / 'cache'}\n", encoding="utf-8")
    for folder in (tmp_path / "as locked", tmp_path / "tampered"):
        folder.mkdir()
    assert (stage.install(root, tmp_path / "as locked") / "一.json").read_text(encoding="utf-8") == "{}"
    shutil.rmtree(tmp_path / "cache")  # it would give the package that the hash is of
    packed(tmp_path, '{"medians": []}')
    with pytest.raises(InkError, match=r"EINTEGRITY"):
        stage.install(root, tmp_path / "tampered")
    assert not (tmp_path / "tampered" / "node_modules" / name / "一.json").exists()
