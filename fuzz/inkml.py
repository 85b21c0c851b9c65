"""InkML: an `InkmlFormula` within its bounds or an `InkmlError`."""

from __future__ import annotations

import numpy as np

from pipeline.formats import inkml
from pipeline.formats.inkml import InkmlError, InkmlFormula, encode_inkml, read_inkml

# Words that plain mutation would hardly come upon.
TOKENS = (
    *("<ink>", "</ink>", "<trace", "</trace>", "<traceGroup>", "</traceGroup>", "<traceView", "traceDataRef=", "id="),
    *(
        "xml:id=",
        "<annotation type=",
        "truth",
        "writer",
        "</annotation>",
        "<traceFormat>",
        "</traceFormat>",
        "<channel",
    ),
    *("name=", "<!DOCTYPE", "<!ENTITY", "<![CDATA[", "]]>", "&#x0;", "&amp;", "<?xml version='1.0' encoding='", "?>"),
    *("utf-16", "cp1252", "1e309", "nan", "-inf", "1_0", "xmlns=", "/>"),
)


def check(data: bytes) -> None:
    """Everything that an `InkmlFormula` promises."""
    try:
        ink = read_inkml(data)
    except InkmlError as error:
        assert str(error)
        assert error.offset >= 0
        return
    _check_traces(ink)
    assert 0 < len(ink.symbols) <= inkml.MAX_SYMBOLS
    assert 0 <= ink.dropped <= inkml.MAX_SYMBOLS
    for symbol in ink.symbols:
        assert symbol.traces
        assert list(symbol.traces) == sorted(set(symbol.traces))
        assert 0 <= symbol.traces[0] <= symbol.traces[-1] < len(ink.traces)
    for text in (ink.truth, ink.writer, *(symbol.label for symbol in ink.symbols)):
        text.encode()  # no lone surrogates


def _check_traces(ink: InkmlFormula) -> None:
    assert len(ink.traces) <= inkml.MAX_TRACES
    assert sum(map(len, ink.traces)) <= inkml.MAX_POINTS
    for trace in ink.traces:
        assert trace.dtype == np.float64
        assert trace.ndim == 2
        assert trace.shape[0] > 0
        assert trace.shape[1] == 2
        assert np.abs(trace).max() <= inkml.MAX_COORDINATE


def seeds() -> list[bytes]:
    """A formula as we write it, in two encodings, and one with everything that CROHME's files have beside it."""
    written = encode_inkml([[(0, 1), (2.5, 3)], [(4, 5)]], [("x", [0]), (r"\lt", [1])], truth="x<", writer="w")
    held = (
        "<?xml version='1.0' encoding='cp1252'?><i:ink xmlns:i='u'><traceFormat><channel name='X'/><channel name='Y'/>"
        "</traceFormat><annotation type='truth'>$x$</annotation><traceGroup xml:id='A'><annotation type='truth'>S"
        "</annotation><traceGroup><annotation type='truth'>x</annotation><trace id='t'>1 2 3, 4 5 6</trace>"
        "<traceView traceDataRef='#t'/></traceGroup></traceGroup></i:ink>"
    )
    return [written, written.decode().encode("utf-16"), held.encode(), b""]
