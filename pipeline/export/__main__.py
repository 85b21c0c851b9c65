"""Writes a folder with all that app developers need: the model, labels, metrics, a model card and code that calls it.

    python -m pipeline.export                                     # every artifact of dvc.yaml, below bundles/
    python -m pipeline.export models/hccr/int8.tflite --to handed-out
    python -m pipeline.export hccr --release --real-ink real_ink.json  # released/hccr, which is in git

The model is a byte-for-byte copy of the file that was evaluated. `quantize` has already added its metadata.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from pipeline.artifacts import artifacts, read_model
from pipeline.command import run_command
from pipeline.errors import InkError
from pipeline.export.bundle import write_bundle
from pipeline.export.release import write_release

BUNDLES, RELEASED = Path("bundles"), Path("released")


def main(arguments: Sequence[str] | None = None) -> None:
    """Runs the command line; see the module docstring."""
    options = _parser().parse_args(arguments)
    names = options.models or list(artifacts())
    if not names:
        raise InkError("expected models of the project in this folder, found no dvc.yaml; run from the repository root")
    if options.release and len(options.models) != 1:
        raise InkError(f"--release: expected one artifact, found {len(options.models)}; name hccr or math")
    for name in names:
        path, data = read_model(name)
        if options.release:
            folder = write_release(path.parent.name, path, data, RELEASED, options.real_ink)
        else:
            folder = write_bundle(path, data, options.to)
        print(f"{folder}: {', '.join(sorted(path.name for path in folder.iterdir()))}")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m pipeline.export", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "models", nargs="*", metavar="MODEL", help="a .tflite file or an artifact of dvc.yaml (default: all artifacts)"
    )
    parser.add_argument(
        "--to", type=Path, default=BUNDLES, metavar="FOLDER", help="where bundles go (default: %(default)s)"
    )
    parser.add_argument("--release", action="store_true", help=f"write the model into {RELEASED}/, with its weights")
    parser.add_argument("--real-ink", type=Path, metavar="JSON", help="figures of benchmarks.real_ink for the release")
    return parser


if __name__ == "__main__":
    run_command(main, "export")
