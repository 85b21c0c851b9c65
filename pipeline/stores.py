"""Files in object stores (`s3://`, `gs://`, `hdfs://`) and on disk, through Beam's `FileSystems`.

    for blob in list_blobs("s3://bucket/casia"): print(blob.path, blob.size)
    with open_binary("s3://bucket/casia/1001-f.gnt") as file: ...
    upload(Path("shard.parquet"), "s3://bucket/staging/shard.parquet")

Credentials and endpoints come from the environment alone, e.g. AWS_ACCESS_KEY_ID and AWS_ENDPOINT_URL. The packages are
in requirements-stores.txt. A request that fails for a passing reason (5xx, a cut connection) is repeated for about a
minute. Beam is imported at first use, because most readers of files never need it.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import socket
import tempfile
import time
import uuid
from collections.abc import Callable, Iterable, Iterator
from email.utils import formatdate, mktime_tz, parsedate_tz
from functools import cache, lru_cache
from pathlib import Path, PurePath, PurePosixPath
from types import SimpleNamespace
from typing import Any, BinaryIO, NamedTuple, TypeVar, cast

from pipeline.errors import InkError
from pipeline.files import is_full, no_room

_CHUNK = 1 << 20  # bytes per step of a copy
_PATIENCE = (0.5, 1, 2, 4, 8, 15, 30)  # seconds between attempts
# A store that refuses or cuts requests for some seconds must not end a job: botocore's default is five attempts.
_RETRIES = {"mode": "standard", "total_max_attempts": 10}
_FINAL_CODES = {400, 401, 403, 404, 405, 409, 412, 416}  # HTTP: repeating the request does not help
_MOST_SKEW = 900  # seconds: `MaxAllowedSkewMilliseconds` in S3's answers
_Result = TypeVar("_Result")


class Blob(NamedTuple):
    """A file in a store."""

    path: str
    size: int  # bytes
    updated: float  # seconds since 1970, by the clock of the store
    etag: str = ""  # of an object in S3


def is_remote(path: Path | str) -> bool:
    """Whether a path names a store, e.g. `s3://bucket/folder`."""
    return "://" in str(path)


def join(folder: str, *names: str) -> str:
    """The path of a file below a folder."""
    return "/".join([folder.rstrip("/"), *names])


def list_blobs(path: str) -> list[Blob]:
    """The file `path`, or all files below the folder `path`, sorted by path. Empty if there are none.

    Raises:
        InkError: the store refuses the listing.
    """
    exact = path.rstrip("/")
    if not is_remote(path):
        files = [file for file in (Path(exact), *sorted(Path(exact).rglob("*"))) if file.is_file()]
        return [Blob(str(file), file.stat().st_size, file.stat().st_mtime) for file in files]
    blobs = _patiently(lambda: _blobs(exact), path, "listed")
    below = (blob for blob in blobs if blob.path == exact or blob.path.startswith(f"{exact}/"))
    return sorted(blob for blob in below if not blob.path.endswith("/"))  # consoles write empty `folder/` objects


def _blobs(exact: str) -> list[Blob]:
    """The files whose paths start with `exact`; names with `*` or `[` are no patterns in S3 and GCS."""
    if exact.startswith("s3://"):
        return list(_s3_blobs(exact))
    if exact.startswith("gs://"):
        items = list(_systems().get_filesystem(exact)._list(exact))
    else:
        items = [item for match in _systems().match([exact, f"{exact}/**"]) for item in match.metadata_list]
    return [Blob(item.path, item.size_in_bytes, item.last_updated_in_seconds or 0.0) for item in items]


def _s3_blobs(exact: str) -> Iterator[Blob]:
    """Lists a prefix in S3. Beam's client knows the ETags, but Beam's file system does not return them."""
    _systems()
    from apache_beam.io.aws.clients.s3 import boto3_client, messages
    from apache_beam.options.pipeline_options import PipelineOptions

    bucket, _, prefix = exact.removeprefix("s3://").partition("/")
    client, request = boto3_client.Client(PipelineOptions([])), messages.ListRequest(bucket, prefix)
    while True:
        try:
            page = client.list(request)
        except messages.S3ClientError as error:
            if error.code == 404:  # also for an empty listing
                return
            raise
        for item in page.items:
            yield Blob(f"s3://{bucket}/{item.key}", item.size, item.last_modified.timestamp(), item.etag)
        if not page.next_token:
            return
        request.continuation_token = page.next_token


def visible_blobs(source: str) -> dict[str, Blob]:
    """The files of a source in a store without hidden ones, by their names relative to the source, sorted.

    If the source is one file, its name is the last part of its path.
    """
    root = source.rstrip("/")
    named = {
        blob.path.removeprefix(root).lstrip("/") or PurePosixPath(blob.path).name: blob for blob in list_blobs(source)
    }
    return {name: blob for name, blob in sorted(named.items()) if not is_hidden(PurePosixPath(name))}


def is_hidden(name: PurePath) -> bool:
    """Whether a part of a path starts with a dot."""
    return any(part.startswith(".") for part in name.parts)


@contextlib.contextmanager
def open_binary(path: str) -> Iterator[BinaryIO]:
    """Opens a file for reading, without decompression. Seekable."""
    if not is_remote(path):
        with open(path, "rb") as plain:
            yield plain
        return
    with _patiently(lambda: _systems().open(path, compression_type=_uncompressed()), path, "read") as file:
        yield cast(BinaryIO, file)


@contextlib.contextmanager
def local_copy(path: str, start: int = 0, size: int | None = None) -> Iterator[BinaryIO]:
    """Copies bytes of a remote file to an unnamed temporary file, open at its start.

    Raises:
        InkError: the file cannot be read, or its checksum (ETag) changes while it is read.
    """
    with tempfile.TemporaryFile() as target:
        _patiently(lambda: _copy_out(path, target, start, size), path, "read")
        target.seek(0)
        yield cast(BinaryIO, target)


def upload(source: Path, target: str) -> tuple[int, str]:
    """Copies a local file to a store under a temporary name, then renames it. Returns its size and SHA-256."""
    _patiently(lambda: _copy_in(source, target), target, "written", missing=2)
    return fingerprint(source)


def fetch(source: str, target: Path, size: int, sha256: str) -> None:
    """Copies a file from a store to disk and compares it with its size and SHA-256.

    Raises:
        InkError: the copy differs, or the file cannot be read.
    """
    with local_copy(source) as file, open(target, "wb") as output:
        shutil.copyfileobj(file, output, _CHUNK)
    found = fingerprint(target)
    if found != (size, sha256):
        raise InkError(
            f"{source}: expected {size} bytes with SHA-256 {sha256}, found {found[0]} with {found[1]}; something else "
            "writes there: set INK2EDGE_STAGING to a folder of its own and run again"
        )


def fingerprint(path: Path) -> tuple[int, str]:
    """Size and SHA-256 of a file on disk."""
    with open(path, "rb") as file:
        return path.stat().st_size, hashlib.file_digest(file, "sha256").hexdigest()


def delete_below(folder: str) -> None:
    """Deletes everything below a folder of a store; does nothing if it is empty."""
    if not is_remote(folder):
        shutil.rmtree(folder, ignore_errors=True)
    elif blobs := list_blobs(folder):
        _patiently(lambda: _systems().delete([blob.path for blob in blobs]), folder, "deleted")


def _copy_in(source: Path, target: str) -> None:
    systems = _systems()
    if not is_remote(target):
        Path(target).parent.mkdir(parents=True, exist_ok=True)
    partial = f"{target}.partial-{uuid.uuid4().hex}"  # a worker that is believed dead may write the same file
    with open(source, "rb") as file, systems.create(partial, compression_type=_uncompressed()) as output:
        shutil.copyfileobj(file, output, _CHUNK)
    if is_remote(target):
        systems.rename([partial], [target])
    else:
        os.replace(partial, target)  # Beam's local rename refuses to replace a file


def _copy_out(path: str, target: Any, start: int, size: int | None) -> None:
    before = _systems().checksum(path)
    target.seek(0)
    target.truncate()
    with _systems().open(path, compression_type=_uncompressed()) as file:
        file.seek(start)
        left = size
        while left != 0 and (chunk := file.read(_CHUNK if left is None else min(left, _CHUNK))):
            target.write(chunk)
            left = None if left is None else left - len(chunk)
    target.flush()  # others may map the file
    if _systems().checksum(path) != before:
        raise InkError(
            f"{path}: expected an object that stays unchanged while it is read, found another ETag afterwards; stop "
            "whatever writes there and run again"
        )


def _patiently(work: Callable[[], _Result], path: str, verb: str, missing: int = 0) -> _Result:
    """Calls `work` until it succeeds, the error is final or the patience ends.

    `missing` is the number of times that 404 is no final error: if a connection is cut after the store has finished an
    upload, the client repeats the request, and the store no longer knows the upload.
    """
    for attempt, pause in enumerate((*_PATIENCE, None)):
        try:
            return work()
        except InkError:
            raise
        except Exception as error:  # the stores' clients raise all kinds
            if isinstance(error, OSError) and is_full(error):
                raise no_room(path, error) from error
            code = _code(error)
            final = code in _FINAL_CODES and not (code == 404 and attempt < missing)
            if pause is None or final or isinstance(error, (FileNotFoundError, ValueError, ImportError)):
                raise _refused(path, verb, error, code) from error
            time.sleep(pause)
    raise AssertionError("unreachable")


def _refused(path: str, verb: str, error: Exception, code: int | None) -> InkError:
    if there := _time_of_store(error):
        here, host = formatdate(usegmt=True), socket.gethostname()
        return InkError(
            f"{path}: cannot be {verb}: expected a clock that differs from the store's by at most {_MOST_SKEW // 60} "
            f"minutes, found {here} on {host} and {there} in the store; set the clock of {host} and run again"
        )
    advice = {
        403: "check the credentials in the environment and what they may do",
        404: "check the name of the bucket and of the object",
    }.get(code or 0, "check the store and the endpoint in the environment (AWS_ENDPOINT_URL), and run again")
    if isinstance(error, (ValueError, ImportError)):
        advice = "install the packages of requirements-stores.txt, and use s3://, gs:// or hdfs://"
    causes = getattr(error, "exception_details", None) or {}
    reasons = "; ".join(dict.fromkeys(str(cause) for cause in causes.values())) or str(error)
    return InkError(f"{path}: cannot be {verb} ({reasons}); {advice}")


def _time_of_store(error: BaseException) -> str:
    """The time of the store, if it refused a request because of this machine's clock; else "".

    S3 gives this reason in the body of its answer. An answer to HEAD has no body: there, the header `Date` decides.
    boto3 repeats neither request. Beam's errors have boto3's as their context.
    """
    details = getattr(error, "exception_details", None) or {}
    pending: list[BaseException | None] = [error, *details.values()]
    while pending:
        if (cause := pending.pop()) is None:
            continue
        answer = getattr(cause, "response", None)
        if isinstance(answer, dict):
            reason = answer.get("Error", {}).get("Code")
            date = answer.get("ResponseMetadata", {}).get("HTTPHeaders", {}).get("date", "")
            if reason == "RequestTimeTooSkewed":
                return date or "another time"
            parsed = parsedate_tz(date)
            if reason == "403" and parsed and abs(mktime_tz(parsed) - time.time()) > _MOST_SKEW:
                return date
        pending.append(cause.__cause__ or cause.__context__)
    return ""


def _code(error: BaseException) -> int | None:
    """The HTTP status inside an error of Beam's file systems; None if there is none."""
    causes: Iterable[Any] = (getattr(error, "exception_details", None) or {}).values()
    codes = [getattr(cause, "code", None) for cause in (error, *causes)]
    return next((int(code) for code in codes if isinstance(code, int)), None)


def _systems() -> Any:
    from apache_beam.io.filesystems import FileSystems
    from apache_beam.options.pipeline_options import PipelineOptions

    _share_clients()
    if FileSystems._pipeline_options is None:  # outside of Beam's workers, nobody sets them
        FileSystems.set_options(PipelineOptions([]))
    return FileSystems


@cache
def _share_clients() -> None:
    """Makes Beam use one S3 client per process and environment.

    Beam makes a new one for each operation, which takes longer than the operation (0.2 s). Clients of boto3 are safe to
    share between threads.
    """
    from apache_beam.io.aws.clients.s3 import boto3_client

    if boto3_client.boto3 is not None:
        session = SimpleNamespace(Session=lambda: SimpleNamespace(client=_client))
        boto3_client.boto3 = SimpleNamespace(session=session)


def _client(**options: Any) -> Any:
    settings = tuple(sorted(item for item in os.environ.items() if item[0].startswith("AWS_")))
    return _client_of(tuple(sorted(options.items())), settings)


@lru_cache(maxsize=8)
def _client_of(options: tuple, settings: tuple) -> Any:
    import boto3
    from botocore.config import Config

    asked = {"AWS_RETRY_MODE", "AWS_MAX_ATTEMPTS"} & dict(settings).keys()
    return boto3.session.Session().client(**dict(options), config=None if asked else Config(retries=_RETRIES))


def _uncompressed() -> Any:
    from apache_beam.io.filesystem import CompressionTypes

    return CompressionTypes.UNCOMPRESSED
