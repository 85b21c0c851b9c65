"""One project for all tests of this room: what runs undisturbed runs once."""

import pytest

from tests.faults.killing import Bench


@pytest.fixture(scope="session")
def bench(tmp_path_factory) -> Bench:
    return Bench(tmp_path_factory.mktemp("bench"))
