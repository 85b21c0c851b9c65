"""The modules that a module imports, in a made-up project."""

import pytest

from pipeline import closure as module
from pipeline.closure import closure, digest

SOURCES = {
    "pipeline/__init__.py": '"""Nothing."""\n',
    "pipeline/ink/__init__.py": '"""Says something."""\nVALUE = 1\n',
    "pipeline/ink/pen.py": "import numpy\n",
    "pipeline/ink/glyphs.py": 'from pathlib import Path\nFILE = Path(__file__).with_name("glyphs.txt")\n',
    "pipeline/ink/glyphs.txt": "0 3.4,10\n",
    "pipeline/ink/unused.py": "import pipeline.ink.pen\n",
    "pipeline/errors.py": "from pipeline.ink import unused\n",
    "stages/__init__.py": '"""Nothing."""\n',
    "stages/draw.py": "from pipeline import errors\n\ndef main():\n    from pipeline.ink import pen, glyphs\n",
}
DRAW = {
    "stages/draw.py",
    "pipeline/ink/__init__.py",
    "pipeline/ink/pen.py",
    "pipeline/ink/glyphs.py",
    "pipeline/ink/glyphs.txt",
}


@pytest.fixture
def project(tmp_path, monkeypatch):
    for name, text in SOURCES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    monkeypatch.setattr(module, "ROOT", tmp_path)
    monkeypatch.setattr(module, "EXEMPT", {"pipeline/errors.py": "the exception for messages"})
    digest.cache_clear()
    yield tmp_path
    digest.cache_clear()


def test_imports_within_functions_and_files_beside_a_module_count(project):
    assert closure("stages.draw") >= {"pipeline/ink/pen.py", "pipeline/ink/glyphs.txt"}


def test_what_is_exempt_is_left_out_but_not_what_it_imports(project):
    assert closure("stages.draw") == DRAW | {"pipeline/ink/unused.py"}


def test_modules_import_in_circles(project):
    (project / "pipeline/ink/pen.py").write_text("from stages import draw\n", encoding="utf-8")
    assert "pipeline/ink/pen.py" in closure("stages.draw")


def test_the_digest_follows_the_bytes_of_each_file(project):
    before = digest("stages.draw")
    digest.cache_clear()
    assert digest("stages.draw") == before
    digest.cache_clear()
    (project / "pipeline/ink/glyphs.txt").write_text("0 3.4,11\n", encoding="utf-8")
    assert digest("stages.draw") != before


def test_the_digest_of_a_module_ignores_others(project):
    before = digest("pipeline.ink.pen")
    digest.cache_clear()
    (project / "pipeline/ink/glyphs.txt").write_text("0 3.4,11\n", encoding="utf-8")
    assert digest("pipeline.ink.pen") == before
