"""Both branches on tiny data: makes a source, then decodes and splits it."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from pipeline.jobs import decode, math_decode, math_split, split
from pipeline.jobs.accounts import Output
from pipeline.params import Decode, MathSplit, Split
from tests.jobs import tiny_casia, tiny_math
from tests.jobs.execution import files
from tests.jobs.tiny_casia import digests
from tests.project import ALL

SHARES = {"seed": 1, "test": 0.3, "validation": 0.3}


@dataclass(frozen=True)
class Branch:
    """A source, and the two jobs that run one after the other below a folder."""

    make_source: Callable[[Path], Path]
    decode: Callable[[Path, Output], dict]
    split: Callable[[Path], dict]

    def run(self, source: Path, folder: Path) -> dict[str, str]:
        """The digests of all files that both jobs write."""
        self.decode(source, output(folder))
        self.split(folder)
        return digests(folder)


def output(folder: Path) -> Output:
    """The paths that a decode job writes below a folder."""
    return Output(folder / "decoded", folder / "classes.txt", folder / "decode.json")


def decode_characters(source: Path | str, target: Output, shards: int = 3) -> dict:
    """Runs job `decode`."""
    params = Decode(source=str(source), charset=str(ALL), classes="found", max_bad_fraction=0, shards=shards)
    return decode.run(params, target)


def math(**changes: str) -> Branch:
    """The branch of formulas with changed params in both jobs."""
    return Branch(
        tiny_math.make_source,
        lambda source, target: math_decode.run(tiny_math.params(source, **changes), target),
        lambda folder: math_split.run(MathSplit(by="writer", shards=2, **SHARES, **changes), files(folder)),
    )


BRANCHES = {
    "characters": Branch(
        tiny_casia.make_source,
        decode_characters,
        lambda folder: split.run(Split(by="sample", shards=2, **SHARES), files(folder)),
    ),
    "math": math(),
}
PICTURE_FILES = math(pictures="files")
