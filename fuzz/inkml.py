"""InkML: the reader returns an `InkmlFormula` within the limits, or raises an `InkmlError`."""

from __future__ import annotations

import numpy as np

from pipeline.formats import inkml
from pipeline.formats.inkml import InkmlError, InkmlFormula, read_inkml
from pipeline.formats.inkml_writer import encode_inkml

# Words that mutation rarely finds by chance.
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
    *(
        "utf-16",
        "cp1252",
        "GB2312",
        "Shift_JIS",
        "iso-2022-jp",
        "punycode",
        "1e309",
        "nan",
        "-inf",
        "1_0",
        "xmlns=",
        "/>",
    ),
    *(
        "type=",
        "'penUp'",
        "from=",
        "to=",
        "'1:2'",
        "contextRef=",
        "<context",
        "</context>",
        "<definitions>",
        "<canvas>",
    ),
    *("orientation='-ve'", "units=", "respectTo=", "<inkSource", "</inkSource>", "<channelProperty", "<mapping"),
    *(
        "traceFormatRef=",
        "inkSourceRef=",
        "<intermittentChannels>",
        "</intermittentChannels>",
        "#DefaultContext",
        ",'1'2",
    ),
)


def check(data: bytes) -> None:
    """Asserts every guarantee of an `InkmlFormula`."""
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
        assert symbol.label
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
    """A formula from this project's writer in several encodings, and files with constructs of other programs."""
    written = encode_inkml([[(0, 1), (2.5, 3)], [(4, 5)]], [("x", [0]), (r"\lt", [1])], truth="x<", writer="w")
    held = (
        "<?xml version='1.0' encoding='cp1252'?><i:ink xmlns:i='u'><traceFormat><channel name='X'/><channel name='Y'/>"
        "</traceFormat><annotation type='truth'>$x$</annotation><traceGroup xml:id='A'><annotation type='truth'>S"
        "</annotation><traceGroup><annotation type='truth'>x</annotation><trace id='t'>1 2 3, 4 5 6</trace>"
        "<traceView traceDataRef='#t'/></traceGroup></traceGroup></i:ink>"
    )
    declared = "<?xml version='1.0' encoding='GB2312'?>" + written.decode().replace(">w<", ">张三<")
    encoded = [written.decode().encode("utf-16"), declared.encode("gb2312")]
    return [written, *encoded, held.encode(), *map(str.encode, (_CONTEXTS, _VIEWS, _NESTED)), b""]


_CONTEXTS = (
    "<ink><definitions><inkSource xml:id='s'><traceFormat><channel name='T'/><channel name='X' units='mm'/>"
    "<channel name='Y' units='mm' orientation='-ve'/><intermittentChannels><channel name='F'/></intermittentChannels>"
    "</traceFormat><channelProperties><channelProperty channel='X' name='resolution' value='9'/><channelProperty "
    "channel='Y' name='resolution' value='9'/></channelProperties></inkSource><context xml:id='c' inkSourceRef='#s'/>"
    "</definitions><context><canvasTransform><mapping type='identity'/></canvasTransform></context><trace id='0' "
    "contextRef='#c'>0 1 2,1'3-4,\"1 * #F T</trace><traceGroup contextRef='#c'><annotation type='truth'>x</annotation>"
    "<trace id='u' type='penUp'>1 1 1</trace><traceView traceDataRef='#0'/></traceGroup></ink>"
)
_VIEWS = (
    "<ink><trace id='0'>1 1,2 2,3 3</trace><trace id='1'>1 1</trace><traceGroup><traceGroup xml:id='g'><annotation "
    "type='truth'>g</annotation><traceView xml:id='v' traceDataRef='#0' from='2' to='3'/><traceView traceDataRef='1'/>"
    "</traceGroup><traceView><annotation type='truth'>h</annotation><traceView traceDataRef='#g' from='1:2' to='2'/>"
    "<traceView traceDataRef='#v'/></traceView></traceGroup></ink>"
)
_NESTED = (
    "<ink><trace>1 1,2 2</trace><trace>3 3</trace><traceGroup><annotation type='truth'>S</annotation><traceGroup>"
    "<annotation type='truth'>A</annotation><traceGroup><annotation type='truth'/><traceView traceDataRef='(0)'/>"
    "</traceGroup></traceGroup><traceGroup><annotation type='truth'>i</annotation><traceView traceDataRef='(1)'/>"
    "</traceGroup></traceGroup></ink>"
)
