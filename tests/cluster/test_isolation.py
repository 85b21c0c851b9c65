"""Workers share only the store with the process that submits a job; large groups pass through Beam."""

import shlex
from functools import partial
from pathlib import Path

import apache_beam as beam
import pytest
from apache_beam.io.filesystems import FileSystems
from apache_beam.options.pipeline_options import PipelineOptions

from cluster import flink, store
from tests.cluster import bulk

PROJECT = str(flink.HOME.parent)
KEYS, VALUES, VALUE_BYTES = 5, 40, 1 << 20  # 200 MiB

pytestmark = [pytest.mark.flink, pytest.mark.timeout(600)]


def read(path: str) -> str:
    """A text in the store."""
    FileSystems.set_options(PipelineOptions([]))
    with FileSystems.open(path) as file:
        return file.read().decode()


@pytest.fixture
def target(tmp_path) -> str:
    """A path in the store."""
    return f"s3://{store.BUCKET}/{tmp_path.name}.txt"


def run(steps, target: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """Runs steps on Flink; returns the text that the last one hands to the store."""
    for name, value in store.ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    with beam.Pipeline(options=PipelineOptions(shlex.split(flink.OPTIONS))) as pipeline:
        texts = pipeline | "Steps" >> steps | "All" >> beam.combiners.ToList()
        texts | "Name" >> beam.Map(lambda found, path: (path, repr(sorted(found))), target) | beam.Map(bulk.write)
    return read(target)


def test_a_worker_sees_an_empty_project(target, monkeypatch):
    assert any(Path(PROJECT).iterdir())
    steps = beam.Create([[PROJECT]]) | beam.FlatMap(bulk.listing)
    assert run(steps, target, monkeypatch) == repr([(PROJECT, [])])


def test_a_worker_sees_no_temporary_files_of_this_process(tmp_path, target, monkeypatch):
    steps = beam.Create([str(tmp_path)]) | beam.Map(lambda path: __import__("os").path.exists(path))
    assert run(steps, target, monkeypatch) == "[False]"


def test_200_mib_pass_through_a_group_by_key(target, monkeypatch):
    steps = (
        beam.Create(range(VALUES))
        | beam.Reshuffle()
        | beam.FlatMap(partial(bulk.values, keys=KEYS, size=VALUE_BYTES))
        | beam.GroupByKey()
        | beam.Map(bulk.total)
    )
    assert run(steps, target, monkeypatch) == repr([(key, VALUES, VALUES * VALUE_BYTES) for key in range(KEYS)])
