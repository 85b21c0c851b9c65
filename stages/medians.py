"""Stage `medians`: writes the stroke medians of 9,574 characters, from the npm package hanzi-writer-data.

    python -m stages.medians

Writes data/raw/medians/medians.jsonl (see `pipeline.synthesis.hands.medians`) and ARPHICPL.TXT, the Arphic Public
License. The licence covers the stroke data and everything derived from them: distribute it with them. Needs the
network; takes about 5 seconds and downloads 7 MB.
"""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from pipeline import npm
from pipeline.errors import InkError
from pipeline.files import atomic_directory
from pipeline.synthesis.hands.medians import encode_line, read_package
from stages import run_stage
from stages.paths import MEDIANS

PACKAGE = "hanzi-writer-data"
LICENCE = "ARPHICPL.TXT"


def install(root: Path, folder: Path) -> Path:
    """Installs the package that the lock file in `root` names below `folder`, and returns its path.

    Raises:
        InkError: npm failed; the message quotes its output.
    """
    for name in npm.FILES:
        shutil.copy(root / name, folder)
    npm.install(folder, PACKAGE)
    return folder / "node_modules" / PACKAGE


def write_medians(package: Path, output: Path) -> None:
    """Writes the medians of an unpacked package and their licence to the folder `output`.

    Raises:
        InkError: the package has no licence, no character files, or one without medians.
    """
    if not (package / LICENCE).is_file():
        raise InkError(f"{package / LICENCE}: expected the licence of the stroke data, found no such file")
    with atomic_directory(output) as partial:
        with (partial / "medians.jsonl").open("w", encoding="utf-8", newline="\n") as file:
            file.writelines(encode_line(char, strokes) for char, strokes in read_package(package))
        shutil.copy(package / LICENCE, partial)


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        write_medians(install(Path.cwd(), Path(folder)), MEDIANS)


if __name__ == "__main__":
    run_stage(main)
