"""One project for all tests in this folder: each undisturbed run happens once."""

import pytest

from tests.faults.killing import Bench


@pytest.fixture(scope="session")
def bench(tmp_path_factory) -> Bench:
    return Bench(tmp_path_factory.mktemp("bench"))
