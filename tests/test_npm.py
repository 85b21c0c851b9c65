"""npm, as stages use it: it installs the packages of the lock file, or the error says what to do."""

import base64
import hashlib
import io
import json
import shutil
import subprocess
import tarfile

import pytest

from pipeline import npm
from pipeline.errors import InkError


def test_npm_that_fails_is_an_error_with_its_last_words(tmp_path, monkeypatch):
    def fail(args, **_):
        return subprocess.CompletedProcess(args, 1, "npm error code ENOTFOUND\nnpm error network no such host\n")

    monkeypatch.setattr(npm, "npm", fail)
    with pytest.raises(InkError, match=r"(?s)could not install the strokes.*ENOTFOUND.*network, proxy"):
        npm.install(tmp_path, "the strokes")


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
    """With real npm, offline: the hash in the lock decides, not the origin of the bytes."""
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
        shutil.copytree(root, folder)
    npm.install(tmp_path / "as locked", name)
    assert (tmp_path / "as locked" / "node_modules" / name / "一.json").read_text(encoding="utf-8") == "{}"
    shutil.rmtree(tmp_path / "cache")  # it would provide the package with this hash
    packed(tmp_path, '{"medians": []}')
    with pytest.raises(InkError, match=r"EINTEGRITY"):
        npm.install(tmp_path / "tampered", name)
    assert not (tmp_path / "tampered" / "node_modules" / name / "一.json").exists()


def fake_pack(monkeypatch, folder):
    """`npm pack` without a registry: it leaves the package in `folder`."""

    def pack(arguments, **_):
        assert arguments[:2] == ["pack", "hanzi-writer-data@2.0.1"]
        name = packed(folder, "{}").name
        return subprocess.CompletedProcess(arguments, 0, json.dumps([{"filename": name}]), "")

    monkeypatch.setattr(npm, "npm", pack)


def test_a_package_is_fetched_by_version_and_hash(tmp_path, monkeypatch):
    fake_pack(monkeypatch, tmp_path)
    digest = base64.b64encode(hashlib.sha512(packed(tmp_path, "{}").read_bytes()).digest()).decode()
    folder = npm.fetch(tmp_path, "hanzi-writer-data", "2.0.1", f"sha512-{digest}")
    assert (folder / "一.json").read_text(encoding="utf-8") == "{}"
    assert [path.name for path in tmp_path.iterdir()] == ["package"]


def test_a_package_that_changed_under_its_version_is_refused(tmp_path, monkeypatch):
    fake_pack(monkeypatch, tmp_path)
    expected = (
        r"hanzi-writer-data@2\.0\.1: expected the package with sha512-0, found sha512-.*changed under its version"
    )
    with pytest.raises(InkError, match=expected):
        npm.fetch(tmp_path, "hanzi-writer-data", "2.0.1", "sha512-0")
    assert not (tmp_path / "package").exists()
