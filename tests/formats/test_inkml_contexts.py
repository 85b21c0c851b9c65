"""Contexts of InkML: the coordinates of every trace are read correctly, or the file is refused."""

from pathlib import Path

import numpy as np
import pytest

from pipeline.formats.inkml import read_inkml
from pipeline.formats.inkml_contexts import MAX_CHANNELS
from pipeline.ink.canvas import Frame, draw_ink
from tests.formats.tiny_inkml import document, group, reason

CASES = Path(__file__).with_name("cases")
FRAME = Frame(height=128, width=512, symbol=32, pen=2)
DOWN, UP = [[1, 2], [3, 4]], [[1, -2], [3, -4]]
PLAIN = '<channel name="X"/><channel name="Y"/>'
UPWARDS = '<channel name="X"/><channel name="Y" orientation="-ve"/>'


def layout(channels, name="f"):
    return f'<traceFormat xml:id="{name}">{channels}</traceFormat>'


def context(inside="", name="c", **references):
    said = "".join(f' {key}="{value}"' for key, value in references.items())
    return f'<context xml:id="{name}"{said}>{inside}</context>'


def definitions(*parts):
    return f"<definitions>{''.join(parts)}</definitions>"


def trace(name="0", **attributes):
    said = "".join(f' {key}="{value}"' for key, value in attributes.items())
    return f'<trace id="{name}"{said}>1 2, 3 4</trace>'


def ink(*parts):
    return document(*parts, group("x", 0))


def points(*parts):
    return read_inkml(ink(*parts)).traces[0].tolist()


def drawn(name):
    found = read_inkml((CASES / name).read_bytes())
    return draw_ink(found.traces, [symbol.traces for symbol in found.symbols], FRAME)


def test_ink_whose_y_grows_upwards_is_drawn_like_its_twin():
    up, down = drawn("orient_neg.inkml"), drawn("orient_down.inkml")
    assert up.boxes.tolist() == down.boxes.tolist() == [[47, 247, 81, 265]]
    np.testing.assert_array_equal(up.image, down.image)


def test_a_pen_in_the_air_is_not_drawn():
    assert drawn("penup.inkml").boxes.tolist() == [[47, 247, 81, 265]]


@pytest.mark.parametrize(
    "parts",
    [
        [layout(UPWARDS), trace()],
        [context(layout(UPWARDS)), trace()],
        [context(f"<inkSource>{layout(UPWARDS)}</inkSource>"), trace()],
        [definitions(context(layout(UPWARDS))), trace(contextRef="#c")],
        [definitions(layout(UPWARDS), context(traceFormatRef="#f")), trace(contextRef="#c")],
        [definitions(layout(UPWARDS)), context(traceFormatRef="#f"), trace()],
        [definitions(f'<inkSource xml:id="s">{layout(UPWARDS)}</inkSource>', context(inkSourceRef="#s")),
         trace(contextRef="c")],
        [definitions(context(layout(UPWARDS)), context(name="d", contextRef="#c")), trace(contextRef="#d")],
        [layout(PLAIN), definitions(context(layout(UPWARDS))), trace(contextRef="#c")],
        [context(layout(PLAIN)), context(layout(UPWARDS), "d"), trace()],
        [layout(f"<regularChannels>{UPWARDS}</regularChannels>"), trace()],
    ],
)  # fmt: skip
def test_the_format_of_the_context_of_a_trace_holds(parts):
    assert points(*parts) == UP


@pytest.mark.parametrize(
    "parts",
    [
        [trace()],
        [layout(PLAIN), trace()],
        [trace(), layout(UPWARDS)],
        [layout(UPWARDS), trace(contextRef="#DefaultContext")],
        [layout(UPWARDS), definitions(context(layout(PLAIN))), trace(contextRef="#c")],
        [layout(UPWARDS), layout(PLAIN), trace()],
        [definitions(layout(PLAIN)), trace()],
        [definitions(context("<brush/>")), trace(contextRef="#c")],
        [context(f"{layout(PLAIN)}<canvas>{layout(UPWARDS)}</canvas>"), trace()],
        [layout(f'{PLAIN}<intermittentChannels><channel name="Q" orientation="-ve"/></intermittentChannels>'), trace()],
        ["<annotationXML><mapping type='product'/><context/></annotationXML>", trace()],
        [context('<canvasTransform><mapping type="identity"/></canvasTransform>'), trace()],
    ],
)  # fmt: skip
def test_a_format_that_is_not_of_the_trace_does_not_hold(parts):
    assert points(*parts) == DOWN


def test_traces_inherit_the_context_of_their_group():
    held = (
        f'<traceGroup contextRef="#c"><annotation type="truth">x</annotation><traceGroup>{trace()}</traceGroup>'
        f"<traceGroup>{trace('1', contextRef='#DefaultContext')}</traceGroup></traceGroup>"
    )
    found = read_inkml(document(definitions(context(layout(UPWARDS))), f"<traceGroup>{held}</traceGroup>"))
    assert [one.tolist() for one in found.traces] == [UP, DOWN]


def resolution(axis, value):
    return f'<channelProperty channel="{axis}" name="resolution" value="{value}" units="1/mm"/>'


def device(across, down):
    properties = f"<channelProperties>{resolution('X', across)}{resolution('Y', down)}</channelProperties>"
    return context(f"<inkSource>{layout(UPWARDS)}{properties}</inkSource>")


def test_a_device_of_one_resolution_is_read():
    assert points(device(100, 100), trace()) == UP


UNCLEAR = "expected a contextRef of the trace, because definitions contain formats other than X, Y, found none"


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        ([definitions(layout(UPWARDS)), trace()], UNCLEAR),
        ([definitions(layout(PLAIN), context(layout('<channel name="T"/>'))), trace()], UNCLEAR),
        ([trace(contextRef="#c"), definitions(context())],
         "expected the definition of the context or format 'c' before its first use, found none"),
        ([definitions(context(traceFormatRef="other.inkml#f")), trace(contextRef="#c")],
         "expected the definition of the context or format 'other.inkml#f' before its first use, found none"),
        ([layout('<channel name="X"/><channel name="Y" orientation="up"/>'), trace()],
         "expected the orientation +ve or -ve of a channel, found 'up'"),
        ([layout('<channel name="X" units="mm"/><channel name="Y" units="cm"/>'), trace()],
         "expected X and Y in the same units, found 'mm' and 'cm'"),
        ([layout('<channel name="X"/><intermittentChannels><channel name="Y"/></intermittentChannels>'), trace()],
         "expected one channel X and one channel Y in every point, found X, Y"),
        ([layout(PLAIN), trace(), layout('<channel name="X" units="mm"/><channel name="Y" units="mm"/>'), trace("1")],
         "expected all traces in the units and origin ('', ('', '')), found ('mm', ('', ''))"),
        ([layout(PLAIN), trace(), layout('<channel name="X" respectTo="#a"/><channel name="Y"/>'), trace("1")],
         "expected all traces in the units and origin ('', ('', '')), found ('', ('#a', ''))"),
        ([device(100, 200), trace()],
         "expected X and Y in the same resolution, found ('100', '1/mm') and ('200', '1/mm')"),
        ([context('<canvasTransform><mapping type="affine"/></canvasTransform>'), trace()],
         "a mapping of coordinates: only type='identity' is supported"),
        ([definitions("<mapping/>"), trace()], "a mapping of coordinates: only type='identity' is supported"),
        ([context(canvasTransformRef="http://example.invalid/t"), trace()],
         "canvasTransformRef='http://example.invalid/t': expected a mapping in this file, found one in another file"),
        ([layout('<channel name="X" mappingRef="m.xml"/><channel name="Y"/>'), trace()],
         "mappingRef='m.xml': expected a mapping in this file, found one in another file"),
        ([layout(PLAIN + '<channel name="F"/>' * MAX_CHANNELS), trace()], "more than 100 channels"),
    ],
)  # fmt: skip
def test_what_could_mean_other_ink_is_refused(parts, message):
    assert reason(ink(*parts)) == message


def test_a_format_that_no_trace_uses_may_be_of_anything():
    assert points(layout('<channel name="T"/>'), layout(PLAIN), trace()) == DOWN
