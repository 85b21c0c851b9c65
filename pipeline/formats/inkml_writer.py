"""Writes InkML as CROHME does: traces, and a group that contains one group per symbol.

    write_inkml("formula.inkml", traces, [("x", [0, 1])], truth="x", writer="w1")

`pipeline.formats.inkml` reads it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from pathlib import Path
from xml.sax.saxutils import escape, quoteattr

import numpy as np

from pipeline.errors import InkError
from pipeline.files import atomic_file

DECIMALS = 4  # of written coordinates, as in CROHME


def write_inkml(
    path: Path | str,
    traces: Sequence[np.ndarray | Sequence[Sequence[float]]],
    symbols: Sequence[tuple[str, Sequence[int]]],
    truth: str = "",
    writer: str = "",
) -> None:
    """Writes one formula, see `encode_inkml`. The file appears when it is complete."""
    data = encode_inkml(traces, symbols, truth, writer)
    with atomic_file(path) as partial:
        partial.write_bytes(data)


def encode_inkml(
    traces: Sequence[np.ndarray | Sequence[Sequence[float]]],
    symbols: Sequence[tuple[str, Sequence[int]]],
    truth: str = "",
    writer: str = "",
) -> bytes:
    """Encodes one formula as InkML.

    Args:
        traces: one float [points, 2] (x, y) per pen stroke; y grows downwards. Written with `DECIMALS` decimals.
        symbols: per symbol, its label and the indices of its traces.
        truth: LaTeX of the formula, without `$`; left out if empty.
        writer: name of the writer; left out if empty.

    Raises:
        InkError: a trace without points or with an infinite or NaN coordinate, a symbol without traces or with an
            invalid index, or text that is not printable.
    """
    _check(traces, symbols, (truth, writer, *(label for label, _ in symbols)))
    lines = ['<ink xmlns="http://www.w3.org/2003/InkML">', "<traceFormat>"]
    lines += [f'<channel name="{name}" type="decimal"/>' for name in "XY"]
    lines += ["</traceFormat>"]
    lines += [f'<annotation type="writer">{escape(writer)}</annotation>'] if writer else []
    lines += [f'<annotation type="truth">${escape(truth)}$</annotation>'] if truth else []
    for index, trace in enumerate(traces):
        points = ", ".join(f"{_number(x)} {_number(y)}" for x, y in np.asarray(trace, np.float64).tolist())
        lines += [f'<trace id="{index}">', points, "</trace>"]
    lines += [f'<traceGroup xml:id="{len(traces)}">', '\t<annotation type="truth">Segmentation</annotation>']
    for index, (label, members) in enumerate(symbols, start=len(traces) + 1):
        lines += [f'\t<traceGroup xml:id="{index}">', f'\t\t<annotation type="truth">{escape(label)}</annotation>']
        lines += [f"\t\t<traceView traceDataRef={quoteattr(str(member))}/>" for member in members]
        lines += ["\t</traceGroup>"]
    lines += ["</traceGroup>", "</ink>", ""]
    return "\n".join(lines).encode()


def _number(value: float) -> str:
    text = f"{value:.{DECIMALS}f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def _check(traces: Sequence, symbols: Sequence[tuple[str, Sequence[int]]], texts: Iterable[str]) -> None:
    for index, trace in enumerate(traces):
        points = np.asarray(trace, np.float64)
        if points.ndim != 2 or points.shape[1] != 2 or not len(points) or not math.isfinite(np.abs(points).max()):
            raise InkError(f"trace {index}: expected finite points [n, 2] with n > 0, found {list(points.shape)}")
    for label, members in symbols:
        if not members or not all(0 <= member < len(traces) for member in members):
            raise InkError(f"symbol {label!r}: expected indices of {len(traces)} traces, found {list(members)}")
    for text in texts:
        if not text.isprintable():
            raise InkError(f"expected printable text, found {text!r}: XML does not allow control characters")
