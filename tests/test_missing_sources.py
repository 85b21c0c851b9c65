"""Sources missing from the temporary workspace of an experiment: the message for the user, whose advice works."""

import shutil

import pytest

from tests.jobs.tiny_casia import make_source
from tests.project import ALL, TINY, Project

COPY = "found nothing there; this is a temporary copy of the workspace (`dvc exp run --temp` or `--queue`)"
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def project(tmp_path_factory) -> Project:
    """A committed project; beside it a zip, in it a folder that `dvc add` was told of and git was not."""
    params = TINY | {"decode": {"charset": str(ALL), "shards": 2}}
    project = Project.make(tmp_path_factory.mktemp("outer") / "project", params)
    project.commit("start")
    corpus = make_source(project.folder / "data/raw/mine")
    shutil.make_archive(str(project.folder.parent / "x"), "zip", corpus)
    project.run("dvc", "add", "--quiet", "data/raw/mine")
    return project


def decode(project: Project, source: str) -> str:
    return project.run("dvc", "exp", "run", "--temp", "-S", f"decode.source={source}", "decode", check=False)


def test_a_source_outside_of_the_repository(project):
    output = decode(project, "../x.zip")
    absolute = project.folder.parent / "x.zip"
    assert (
        f"{COPY}, where a relative path out of the repository leads elsewhere: set decode.source to {absolute}"
        in output
    )
    assert "30 records: 30 written" in decode(project, str(absolute))


def test_a_source_that_git_does_not_know(project):
    output = decode(project, "data/raw/mine")
    assert (
        f"{COPY}, which contains only files that git or DVC tracks: run `git add data/raw/mine.dvc` and try again"
        in output
    )
    project.run("git", "add", "data/raw/mine.dvc")
    assert "30 records: 30 written" in decode(project, "data/raw/mine")
