"""Beam's own shuffle, with sources and staging in an S3 server."""

import json
import re
import shutil
import socket
from email.utils import parsedate_to_datetime
from pathlib import Path

import pytest

from pipeline.errors import InkError
from pipeline.formats import sources
from pipeline.jobs import staging
from pipeline.stores import list_blobs, local_copy, open_binary, upload
from tests.jobs.branches import BRANCHES, PICTURE_FILES, decode_characters, output
from tests.jobs.execution import work_with
from tests.jobs.stores import BUCKET, Requests, keys, permissions_required, put_folder, refusing_server, s3  # noqa: F401
from tests.jobs.tiny_casia import digests, gnt, make_source

WORKERS = "options in the environment"


@pytest.fixture
def staged(s3, monkeypatch):  # noqa: F811
    """The S3 client; jobs run with Beam's shuffle and stage in the bucket."""
    work_with(WORKERS, monkeypatch)
    monkeypatch.setenv(staging.VARIABLE, f"s3://{BUCKET}/staging")
    return s3


@pytest.mark.parametrize("branch", [*BRANCHES.values(), PICTURE_FILES], ids=[*BRANCHES, "math, pictures as files"])
@pytest.mark.parametrize("place", ["on disk", "in S3"])
def test_the_bytes_are_those_of_a_local_run(branch, place, tmp_path, staged, monkeypatch):
    source = branch.make_source(tmp_path / "source")
    with monkeypatch.context() as local:
        local.delenv("INK2EDGE_BEAM")
        expected = branch.run(source, tmp_path / "expected")
    address = source if place == "on disk" else put_folder(staged, source, "data set #1 [a]")
    assert branch.run(address, tmp_path / "staged") == expected
    assert [key for key in keys(staged) if key.startswith("staging")] == []
    assert not list((tmp_path / "staged").glob("*.staging.json"))


@pytest.mark.parametrize("packing", ["a zip", "a tar.gz"])
def test_an_archive_in_a_bucket(packing, tmp_path, staged):
    source = make_source(tmp_path / "source")
    expected = decoded(source, tmp_path / "plain")
    kind = "zip" if packing == "a zip" else "gztar"
    archive = Path(shutil.make_archive(str(tmp_path / "packed/all"), kind, source))
    address = put_folder(staged, archive.parent, "packed")
    assert decoded(address, tmp_path / "folder") == expected
    assert decoded(f"{address}/{archive.name}", tmp_path / "file") == expected
    assert [key for key in keys(staged) if key.startswith("staging")] == []


def decoded(source, folder: Path) -> dict[str, str]:
    decode_characters(source, output(folder))
    return {name: digest for name, digest in digests(folder).items() if "/parquet/" in name or "/tfrecord/" in name}


def test_a_large_file_is_split_and_its_keys_stay(tmp_path, staged, monkeypatch):
    (tmp_path / "source").mkdir()
    (tmp_path / "source/1001-f.gnt").write_bytes(gnt(1001, "啊阿埃挨哎" * 20))
    expected = decoded(tmp_path / "source", tmp_path / "whole")
    monkeypatch.setattr(sources, "PART_BYTES", 20_000)
    assert len(sources.split_unit(sources.expand(tmp_path / "source")[0])) > 5
    assert decoded(tmp_path / "source", tmp_path / "parts") == expected
    assert decoded(put_folder(staged, tmp_path / "source", "large"), tmp_path / "stored") == expected
    monkeypatch.delenv("INK2EDGE_BEAM")
    assert decoded(tmp_path / "source", tmp_path / "local") == expected


def test_requests_grow_with_units_plus_shards(tmp_path, staged, monkeypatch):
    requests, found = Requests(monkeypatch), []
    for count in (8, 32):
        folder = tmp_path / f"{count}"
        folder.mkdir()
        for writer in range(count):
            (folder / f"{1001 + writer}-f.gnt").write_bytes(gnt(writer, "啊阿埃挨哎" * 4))
        address = put_folder(staged, folder, f"source{count}")
        requests.counts.clear()
        decode_characters(address, output(tmp_path / f"out{count}"), shards=count)
        found.append(requests.counts.total())
    assert found[1] < 5 * found[0]  # four times the units and shards; 16 if each shard opened each unit


def test_what_a_killed_run_left_is_cleared(tmp_path, staged):
    source = make_source(tmp_path / "source")
    (tmp_path / "out").mkdir()
    left = staging.Staging.begin(tmp_path / "out/decoded.partial", "decode")
    staged.put_object(Bucket=BUCKET, Key=f"{left.url.removeprefix(f's3://{BUCKET}/')}/parquet/half", Body=b"half")
    staged.put_object(Bucket=BUCKET, Key="staging/of another project", Body=b"stays")
    decode_characters(source, output(tmp_path / "out"))
    assert keys(staged) == ["staging/of another project"]


def test_too_many_bad_records_are_refused_with_a_full_report(tmp_path, staged):
    source = make_source(tmp_path / "source")
    for path in source.iterdir():
        path.write_bytes(path.read_bytes()[:-7])
    with pytest.raises(InkError, match=r"6 of 30 records are bad"):
        decode_characters(put_folder(staged, source, "bad"), output(tmp_path / "out"))
    lines = (tmp_path / "out/decoded.refused.jsonl").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line)["file"] for line in lines] == [f"{writer}-f.gnt" for writer in range(1001, 1007)]
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["decoded.refused.jsonl"]


@pytest.mark.parametrize(
    ("address", "message"),
    [
        ("s3://no-such-bucket/data", r"no-such-bucket/data: expected a folder, .* found no object; check the names"),
        (f"s3://{BUCKET}/nothing", r"nothing: expected a folder, .* found no object"),
        ("nfs://host/data", r"nfs://host/data: cannot be listed .* requirements-stores.txt"),
    ],
)
def test_a_source_that_is_not_there(address, message, tmp_path, staged):
    with pytest.raises(InkError, match=message):
        decode_characters(address, output(tmp_path / "out"))
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("refused", "path", "left"),
    [
        ("source", r"s3://ink/closed: cannot be listed", []),
        # The record stays, because the staging folder could not be seen either: the next run clears it.
        ("staging", r"s3://ink/staging/.*/1001-f.gnt: cannot be written", ["decoded.staging.json"]),
    ],
)
def test_without_permission(refused, path, left, tmp_path, staged):
    source = make_source(tmp_path / "source")
    address = put_folder(staged, source, "closed") if refused == "source" else source
    with permissions_required(), pytest.raises(InkError, match=rf"{path}.*403.*; check the credentials in the"):
        decode_characters(address, output(tmp_path / "out"))
    assert [file.name for file in (tmp_path / "out").glob("*")] == left


def read(address):
    with open_binary(address) as file:
        return file.read()


def copied(address):
    with local_copy(address) as file:
        return file.read()


REQUESTS = {
    "list": (list_blobs, "listed", "GET"),
    "open": (read, "read", "HEAD"),
    "copy": (copied, "read", "HEAD"),
    "upload": (lambda address: upload(Path(__file__), address), "written", "POST"),
}


@pytest.mark.parametrize("ahead", [3600, -86_400])
@pytest.mark.parametrize("request_", REQUESTS)
def test_a_clock_that_is_wrong(request_, ahead, s3):  # noqa: F811
    call, verb, method = REQUESTS[request_]
    with refusing_server(ahead) as methods, pytest.raises(InkError) as error:
        call(f"s3://{BUCKET}/data/1001-f.gnt")
    found = re.fullmatch(
        rf"s3://{BUCKET}/data/1001-f.gnt: cannot be {verb}: expected a clock that differs from the store's by at most "
        r"15 minutes, found (.* GMT) on (.*) and (.* GMT) in the store; set the clock of (.*) and run again",
        str(error.value),
    )
    assert found
    here, host, there, again = found.groups()
    difference = parsedate_to_datetime(there) - parsedate_to_datetime(here)
    assert difference.total_seconds() == pytest.approx(ahead, abs=30)
    assert host == again == socket.gethostname()
    assert methods == [method]  # the request is not repeated: it would be refused again


def test_a_refusal_without_a_reason_does_not_blame_a_clock_that_is_right(s3):  # noqa: F811
    with refusing_server(0), pytest.raises(InkError, match=r"403.*; check the credentials"):
        copied(f"s3://{BUCKET}/data/1001-f.gnt")


def test_a_job_whose_machine_has_a_wrong_clock(tmp_path, staged):
    source = make_source(tmp_path / "source")
    with refusing_server(3600), pytest.raises(InkError, match=r"s3://ink/staging/.* set the clock of .* and run again"):
        decode_characters(source, output(tmp_path / "out"))
    assert [file.name for file in (tmp_path / "out").glob("*")] == ["decoded.staging.json"]  # the next run clears it


def test_an_object_that_changes_while_it_is_read(tmp_path, staged, monkeypatch):
    address = put_folder(staged, make_source(tmp_path / "source"), "changing")
    read = sources.read_gnt

    def changing(buffer, span=None):
        staged.put_object(Bucket=BUCKET, Key="changing/1003-f.gnt", Body=gnt(7))
        return read(buffer, span)

    monkeypatch.setattr(sources, "read_gnt", changing)
    with pytest.raises(InkError, match=r"1003-f.gnt.*: expected .* unchanged while"):
        decode_characters(address, output(tmp_path / "out"))
    # The new object is longer than the listed one, so its last record may be reported as bad.
    assert {path.name for path in (tmp_path / "out").iterdir()} <= {"decoded.refused.jsonl"}
    assert [key for key in keys(staged) if key.startswith("staging")] == []


def test_a_long_listing(staged, monkeypatch):
    for number in range(1001):
        staged.put_object(Bucket=BUCKET, Key=f"many/{number:05d}.gnt", Body=b"")
    requests = Requests(monkeypatch)
    assert len(list_blobs(f"s3://{BUCKET}/many")) == 1001
    assert requests.counts == {"GET": 2}
