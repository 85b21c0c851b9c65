"""Runs a data job with one of two shuffles that write the same bytes.

On this machine, rows go through files (`pipeline.jobs.through_files`): that is fastest, and memory stays flat. With
INK2EDGE_BEAM, they go through Beam's own `GroupByKey` (`pipeline.jobs.through_beam`): workers need nothing in common
but a place for the finished shards, which INK2EDGE_STAGING names.

An `InkError` in any step ends the job with its message.
"""

from __future__ import annotations

import json
from pathlib import Path

from pipeline.files import atomic_file
from pipeline.jobs import runner, through_beam, through_files
from pipeline.jobs.job import Job, Outcome
from pipeline.jobs.receipts import TooManyBadError


def run(job: Job, directory: Path, desc: str, quarantine: str = "") -> Outcome:
    """Runs a job and writes its shards to `directory`.

    Args:
        job: see `Job`.
        directory: an empty folder.
        desc: name of the job, for progress and staging.
        quarantine: name of a file in `directory` for the quarantined records; "" writes none.

    Raises:
        InkError: a step raised it, or a worker was lost. If too many records are bad, the report that the error names
            lists all of them.
    """
    through = through_beam if runner.is_asked() else through_files
    with through.running(job, directory, desc) as outcome:
        refusal = outcome.verdict.refusal
        if isinstance(refusal, TooManyBadError):
            _write_quarantine(refusal.report, outcome)
        if refusal is not None:
            raise refusal
        if quarantine:
            _write_quarantine(directory / quarantine, outcome)
    return outcome


def _write_quarantine(path: Path, outcome: Outcome) -> None:
    with atomic_file(path) as partial, open(partial, "w", encoding="utf-8", newline="\n") as file:
        for defect in outcome.defects():
            file.write(json.dumps(defect.line, ensure_ascii=False) + "\n")
