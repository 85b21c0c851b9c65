"""The environment, never params, decides how jobs are executed."""

import pytest
from apache_beam.options.pipeline_options import DirectOptions
from apache_beam.runners.portability.fn_api_runner import FnApiRunner
from apache_beam.transforms.environments import SubprocessSDKEnvironment

from pipeline.errors import InkError
from pipeline.jobs import runner


def pipeline(seconds):
    made = runner._pipeline(seconds)
    assert isinstance(made.runner, FnApiRunner)  # never DirectRunner, which may try to download another one
    return made.runner._default_environment, made._options.view_as(DirectOptions).direct_num_workers


def test_a_small_job_runs_in_this_process():
    assert not isinstance(pipeline(1)[0], SubprocessSDKEnvironment)


def test_a_large_job_takes_as_many_processes_as_the_environment_says(monkeypatch):
    monkeypatch.setenv("INK2EDGE_WORKERS", "6")
    environment, workers = pipeline(100)
    assert isinstance(environment, SubprocessSDKEnvironment)
    assert workers == 6


def test_a_small_job_takes_as_many_if_the_environment_says_so(monkeypatch):
    monkeypatch.setenv("INK2EDGE_WORKERS", "2")
    assert pipeline(1)[1] == 2


def test_one_core_is_not_worth_a_second_process(monkeypatch):
    monkeypatch.setenv("INK2EDGE_WORKERS", "1")
    assert not isinstance(pipeline(100)[0], SubprocessSDKEnvironment)


def test_the_environment_decides(monkeypatch):
    name = "apache_beam.runners.portability.fn_api_runner.FnApiRunner"
    monkeypatch.setenv(runner.VARIABLE, f"--runner={name} --direct_num_workers=7")
    assert pipeline(1)[1] == 7


def test_options_that_beam_does_not_know(monkeypatch):
    monkeypatch.setenv(runner.VARIABLE, "--runner=NoSuchRunner")
    with pytest.raises(InkError, match=r"INK2EDGE_BEAM='--runner=NoSuchRunner': expected Beam pipeline options, found"):
        runner._pipeline(1)
