"""The source that the tests of both jobs start from."""

from pathlib import Path

import pytest

from tests.jobs.tiny_casia import gnt


@pytest.fixture
def source(tmp_path) -> Path:
    """A folder of six writers, five characters each."""
    folder = tmp_path / "source"
    folder.mkdir()
    for writer in range(1001, 1007):
        (folder / f"{writer}-f.gnt").write_bytes(gnt(writer))
    return folder
