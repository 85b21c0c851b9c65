"""The staging folder: workers leave shards, defects and a summary there, and the submitting process fetches them.

INK2EDGE_STAGING names it: `s3://bucket/folder`, or a folder on a disk that all workers share. The default is the folder
of the output. Local inputs are copied to a remote staging folder, because workers may not see this disk. What workers
leave is read as JSON, never unpickled: others may write to a bucket.
"""

from __future__ import annotations

import json
import os
import tempfile
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from pipeline import stores
from pipeline.errors import InkError
from pipeline.files import final_path, read_json, remove, write_json
from pipeline.formats.not_read import NotRead
from pipeline.formats.tree import walk
from pipeline.formats.unpacking import Room
from pipeline.jobs.job import Verdict
from pipeline.jobs.receipts import Defect, Receipt, error_from_json, error_to_json

VARIABLE = "INK2EDGE_STAGING"
SUMMARY = "summary.json"


class Written(NamedTuple):
    """A file that a worker wrote."""

    name: str  # relative to the staging folder
    size: int  # bytes
    sha256: str


@dataclass(frozen=True)
class Summary:
    """What a job leaves besides its shards and defects."""

    receipt: Receipt
    not_read: list[NotRead]
    verdict: Verdict
    error: InkError | None
    written: list[Written]

    def to_json(self) -> dict:
        """The summary as a JSON value; data of a store are never unpickled."""
        return {
            "receipt": self.receipt.to_json(),
            "not_read": self.not_read,
            "verdict": self.verdict.to_json(),
            "error": error_to_json(self.error),
            "written": self.written,
        }

    @classmethod
    def from_json(cls, value: dict) -> Summary:
        """The summary that `to_json` described."""
        return cls(
            Receipt.from_json(value["receipt"]),
            [NotRead(*file) for file in value["not_read"]],
            Verdict.from_json(value["verdict"]),
            error_from_json(value["error"]),
            [Written(*written) for written in value["written"]],
        )


@dataclass(frozen=True)
class Staging:
    """The folder where the workers of one run leave what they finish."""

    url: str
    record: Path  # a file beside the output that names the folder, until the folder is deleted

    @classmethod
    def begin(cls, output: Path, desc: str) -> Staging:
        """Chooses a unique folder, after deleting what a killed run of the same output left."""
        record = output.absolute().with_name(f"{final_path(output).name}.staging.json")
        if record.exists():
            stores.delete_below(read_json(record)["staging"])
        base = os.environ.get(VARIABLE) or str(output.absolute())
        if not stores.is_remote(base):
            base = str(Path(base).absolute())
        staging = cls(stores.join(base, f"ink2edge-{desc}-{uuid.uuid4().hex}"), record)
        write_json(record, {"staging": staging.url})
        return staging

    def path(self, *names: str) -> str:
        """The path of a file below the folder."""
        return stores.join(self.url, *names)

    def room(self) -> Room:
        """Space for unpacked files that all workers see."""
        return Room(store=self.path("unpacked"))

    def end(self) -> None:
        """Deletes the folder and its record."""
        stores.delete_below(self.url)
        remove(self.record)

    def seen_by_workers(self, source: str) -> str:
        """The path of an input for workers: copies a local one to a remote staging folder."""
        if stores.is_remote(source) or not stores.is_remote(self.url):
            return source
        root = Path(source).absolute()
        base = root.parent if root.is_file() else root
        for path in walk(root).files:
            if path.is_file():
                stores.upload(path, self.path("input", path.relative_to(base).as_posix()))
        return self.path("input", root.name) if root.is_file() else self.path("input")

    def write_summary(self, summary: Summary) -> None:
        """Writes the summary of the job."""
        self._write(SUMMARY, summary.to_json())

    def summary(self) -> Summary:
        """The summary that a worker wrote."""
        return Summary.from_json(self._read(self.path(SUMMARY)))

    def write_defects(self, name: str, defects: list[Defect]) -> None:
        """Writes the defects of one piece of work; names sort like pieces."""
        self._write(f"defects/{name}.json", defects)

    def defects(self) -> Iterator[Defect]:
        """Yields the defects of all pieces, in their order."""
        for blob in stores.list_blobs(self.path("defects")):
            for order, line in self._read(blob.path):
                yield Defect(tuple(order), line)

    def _write(self, name: str, value: Any) -> None:
        with tempfile.NamedTemporaryFile("w", prefix="ink2edge-", encoding="utf-8") as file:
            json.dump(value, file)
            file.flush()
            stores.upload(Path(file.name), self.path(name))

    def _read(self, path: str) -> Any:
        with stores.local_copy(path) as file:
            return json.load(file)
