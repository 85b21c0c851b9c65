"""The source that the tests of both jobs start from."""

from pathlib import Path

import pytest

from tests.jobs.tiny_casia import make_source


@pytest.fixture
def source(tmp_path) -> Path:
    """A folder of six writers, five characters each."""
    return make_source(tmp_path / "source")
