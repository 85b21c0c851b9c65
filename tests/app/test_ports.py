"""One definition: the page's pictures are those of `pipeline`, byte for byte."""

import cv2
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from benchmarks.made_pictures import PAGE, Drawing, render, replace
from pipeline.formats.image import flatten, read_grey
from pipeline.ink.canvas import Frame, draw_ink, rasterise
from pipeline.ink.develop import BlankPhotoError, place_photo
from pipeline.ink.ground import ground_level, ink_is_dark
from pipeline.ink.normalise import normalise
from pipeline.ink.page import find_blocks, group_parts, place_block
from pipeline.ink.sheet import find_sheet
from pipeline.ink.skew import turn_upright
from pipeline.recognize.reader import block_order
from tests.app.node import SIDES, as_sides, flat, pack, unpack
from tests.ink.test_normalise import stroke_scan

FRAME = Frame(height=128, width=512, symbol=32, pen=2)
PENS = (1, 1.5, 2, 2.3, 4.9, 8)
EDGE = 5  # pixels that a stroke stays away from the canvas' edge, as it does on every canvas

slow_machine = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def strokes(rng: np.random.Generator, height: int, width: int) -> np.ndarray:
    """Six short lines: uint8 [height, width], 255 = ink."""
    ink = np.zeros((height, width), np.uint8)
    for _ in range(6):
        x, y = rng.integers(width // 8, width - width // 8), rng.integers(height // 5, height - height // 5)
        end = x + int(rng.integers(-width // 12, width // 12 + 1)), y + int(rng.integers(-height // 8, height // 8 + 1))
        cv2.line(ink, (int(x), int(y)), (int(end[0]), int(end[1])), 255, max(height // 60, 1), cv2.LINE_AA)
    return ink


def photo(rng: np.random.Generator, height: int, width: int, light: bool = False) -> np.ndarray:
    """Strokes on unevenly lit, noisy paper."""
    paper = (
        np.linspace(150, 235, width)[None] + np.linspace(-30, 10, height)[:, None] + rng.normal(0, 3, (height, width))
    )
    grey = paper * (1 - 0.7 * strokes(rng, height, width) / 255)
    return np.clip(255 - grey if light else grey, 0, 255).astype(np.uint8)


def desk(height: int, width: int, rims: tuple[int, int, int, int], tilt: float = 0.0) -> np.ndarray:
    """A sheet with strokes on a dark desk."""
    ink = strokes(np.random.default_rng(3), height, width)
    drawing = Drawing(ink, np.zeros((0, 4)), ())
    grey = read_grey(render(drawing, replace(PAGE, margin=0.0, shade=0.3, rims=rims, tilt=tilt), 4).data)
    assert find_sheet(grey).image.size < grey.size
    return grey


@slow_machine
@given(hnp.arrays(np.uint8, st.tuples(st.integers(1, 120), st.integers(1, 120)), elements=st.integers(0, 255)))
def test_a_scan_becomes_the_same_picture(ports, scan):
    if (scan == 255).all():
        assert ports.call("normalise", pack(scan)) is None
    else:
        np.testing.assert_array_equal(unpack(ports.call("normalise", pack(scan))), normalise(scan))


def test_a_stroke_becomes_the_same_picture(ports):
    np.testing.assert_array_equal(unpack(ports.call("normalise", pack(stroke_scan()))), normalise(stroke_scan()))


@pytest.mark.parametrize("pen", PENS)
def test_the_pen_covers_the_same_pixels(ports, pen):
    rng = np.random.default_rng(int(10 * pen))
    for _ in range(60):
        height, width = rng.integers(2 * EDGE + 2, 90, 2)
        limits = np.array([width - EDGE, height - EDGE]) * 16
        starts = [rng.integers(EDGE * 16, limits, (int(rng.integers(1, 5)), 2)) for _ in range(int(rng.integers(1, 4)))]
        strokes = [np.clip(np.vstack([s, s[-1] + rng.integers(-9, 10, (6, 2))]), EDGE * 16, limits) for s in starts]
        ours = unpack(ports.call("rasterise", flat(strokes), int(width), int(height), pen))
        np.testing.assert_array_equal(ours, rasterise(strokes, Frame(int(height), int(width), 32, pen)))


traces = st.lists(
    hnp.arrays(np.float64, st.tuples(st.integers(1, 6), st.just(2)), elements=st.floats(-1e4, 1e4)),
    min_size=1,
    max_size=5,
)


@slow_machine
@given(traces)
def test_a_formula_comes_to_lie_on_the_same_pixels(ports, strokes):
    picture = draw_ink(strokes, [[index] for index in range(len(strokes))], FRAME)
    ours = ports.call("drawInk", flat(strokes), FRAME._asdict())
    np.testing.assert_array_equal(unpack(ours["image"]), picture.image)


def test_the_placement_leads_from_ink_to_the_canvas(ports):
    strokes = [np.array([[100.0, 40.0], [180.0, 90.0]]), np.array([[200.0, 40.0], [230.0, 95.0]])]
    placement = ports.call("drawInk", flat(strokes), FRAME._asdict())["placement"]
    picture = draw_ink(strokes, [[0], [1]], FRAME)
    for axis, name in enumerate("XY"):
        origin, scale, offset = (placement[f"{part}{name}"] for part in ("origin", "scale", "offset"))
        for ours, theirs in zip(strokes, picture.strokes, strict=True):
            np.testing.assert_allclose((ours[:, axis] - origin) * scale + offset, theirs[:, axis], atol=1 / 16)


@pytest.mark.parametrize(
    ("height", "width", "light"),
    [(90, 300, False), (90, 300, True), (400, 300, False), (700, 2500, False), (33, 40, False)],
)
def test_a_photo_becomes_the_same_canvas(ports, height, width, light):
    grey = photo(np.random.default_rng(height), height, width, light)
    image, _ = place_photo(grey, FRAME)
    ours = ports.call("fitPhoto", pack(grey), FRAME._asdict())
    np.testing.assert_array_equal(unpack(ours["image"]), image)


@pytest.mark.parametrize("tilt", [0, 2, -3])
@pytest.mark.parametrize("rims", [(40, 30, 50, 60), (0, 0, 25, 0), (0, 70, 0, 0)])
def test_a_sheet_is_cut_from_the_same_pixels(ports, tilt, rims):
    grey = desk(300, 420, rims, tilt)
    sheet = find_sheet(grey)
    ours = ports.call("findSheet", pack(grey))
    np.testing.assert_array_equal(unpack(ours["image"]), sheet.image)
    assert [ours["top"], ours["left"]] == sheet.corner.tolist()
    np.testing.assert_array_equal(
        unpack(ports.call("fitPhoto", pack(grey), FRAME._asdict())["image"]), place_photo(grey, FRAME)[0]
    )


@slow_machine
@given(st.integers(0, 10**6))
def test_any_picture_shows_the_same_sheet(ports, seed):
    """Bright quadrilaterals, most of them no sheets on a desk, on coarse noise."""
    rng = np.random.default_rng(seed)
    height, width = rng.integers(10, 420, 2).tolist()
    grey = cv2.resize(rng.integers(0, 90, (6, 6)).astype(np.uint8), (width, height))
    corners = np.array([[0, 0], [1, 0], [1, 1], [0, 1]]) + rng.uniform(-0.25, 0.25, (4, 2))
    cv2.fillConvexPoly(grey, (corners * [width, height]).astype(np.int32), int(rng.integers(120, 256)))
    grey = cv2.add(grey, rng.integers(0, 9, grey.shape).astype(np.uint8))
    sheet, ours = find_sheet(grey), ports.call("findSheet", pack(grey))
    np.testing.assert_array_equal(unpack(ours["image"]), sheet.image)
    assert [ours["top"], ours["left"]] == sheet.corner.tolist()


@pytest.mark.parametrize("pen", [4, 18, 36])
@pytest.mark.parametrize(("height", "width"), [(60, 60), (700, 450), (20, 90)])
def test_the_ground_has_the_same_levels(ports, pen, height, width):
    rng = np.random.default_rng(pen)
    grey = np.clip(np.linspace(150, 230, width)[None] + rng.normal(0, 3, (height, width)), 0, 255).astype(np.uint8)
    for _ in range(4):
        ends = (rng.uniform(0.1, 0.9, (2, 2)) * [width, height]).astype(int).tolist()
        cv2.line(grey, ends[0], ends[1], 30, max(pen * height // 200, 1))
    np.testing.assert_array_equal(unpack(ports.call("groundLevel", pack(grey))), ground_level(grey))


@slow_machine
@given(hnp.arrays(np.uint8, st.tuples(st.integers(1, 60), st.integers(1, 60)), elements=st.integers(0, 255)))
def test_ink_is_dark_to_both(ports, grey):
    assert ports.call("inkIsDark", pack(grey)) == ink_is_dark(grey)
    np.testing.assert_array_equal(unpack(ports.call("groundLevel", pack(grey))), ground_level(grey))


@slow_machine
@given(st.integers(1, 30), st.integers(1, 30), st.integers(0, 10**6))
def test_transparent_ink_gets_the_same_ground(ports, height, width, seed):
    rng = np.random.default_rng(seed)
    grey = np.clip(rng.normal(rng.integers(0, 256), rng.integers(1, 90), (height, width)), 0, 255).astype(np.uint8)
    alpha = np.clip(rng.normal(rng.integers(0, 256), 90, (height, width)), 0, 255).astype(np.uint8)
    np.testing.assert_array_equal(unpack(ports.call("flatten", pack(grey), pack(alpha))), flatten(grey, alpha))


def test_the_placement_leads_from_a_photo_to_the_canvas(ports):
    grey = desk(700, 2500, (90, 0, 0, 60))
    box = np.array([[200.0, 900.0, 420.0, 1300.0]])
    _, theirs = place_photo(grey, FRAME)
    ours = ports.call("fitPhoto", pack(grey), FRAME._asdict())["placement"]
    for axis, name in enumerate("YX"):
        origin, scale, offset = (ours[f"{part}{name}"] for part in ("origin", "scale", "offset"))
        placed = (box[0, axis::2] - origin) * scale + offset
        np.testing.assert_allclose(placed, theirs.to_canvas(box)[0, axis::2], rtol=1e-9)


@slow_machine
@given(hnp.arrays(np.uint8, st.tuples(st.integers(1, 40), st.integers(1, 40)), elements=st.integers(0, 255)))
def test_any_picture_is_ink_to_both_or_to_none(ports, grey):
    ours = ports.call("fitPhoto", pack(grey), FRAME._asdict())
    try:
        image, _ = place_photo(grey, FRAME)
    except BlankPhotoError:
        assert ours is None
    else:
        np.testing.assert_array_equal(unpack(ours["image"]), image)


def page(rows: int, tilt: float = 0.0, unit: int = 24) -> np.ndarray:
    """Rows of letters, short bars and a fraction each, on noisy paper, turned counter-clockwise."""
    rng = np.random.default_rng(rows)
    ink = np.zeros((80 + 3 * unit * rows, 560), np.uint8)
    for row in range(rows):
        y = 40 + 3 * unit * row
        for x in range(40, 480, unit):
            if rng.random() < 0.2:
                ink[y + unit // 2 - 2 : y + unit // 2 + 1, x : x + unit // 2] = 255
            else:
                height = int(rng.integers(unit // 2, unit))
                cv2.rectangle(ink, (x, y + unit - height), (x + int(rng.integers(6, 18)), y + unit), 255, 2)
    side = int(1.3 * max(ink.shape))
    turn = cv2.getRotationMatrix2D((ink.shape[1] / 2, ink.shape[0] / 2), tilt, 1)
    turn[:, 2] += (side - ink.shape[1]) / 2, (side - ink.shape[0]) / 2
    ink = cv2.warpAffine(ink, turn, (side, side))
    paper = np.linspace(190, 235, side)[None] + rng.normal(0, 2, ink.shape)
    return np.clip(paper * (1 - 0.7 * ink / 255), 0, 255).astype(np.uint8)


@pytest.mark.parametrize(("rows", "tilt", "blocks"), [(1, 0, 1), (4, 0, 4), (3, 4, 3), (3, -11, 3), (1, 20, 1)])
def test_a_page_becomes_the_same_canvases(ports, rows, tilt, blocks):
    grey, box = page(rows, tilt), np.array([[20.0, 30.0, 60.0, 90.0]])
    expected = find_blocks(grey)
    assert len(expected) == blocks
    assert all((block.page is not None) == bool(tilt) for block in expected)
    ours = ports.call("findBlocks", pack(grey), FRAME._asdict(), as_sides(box))
    for one, index in zip(ours, block_order(expected), strict=True):
        canvas, placement = place_block(expected[index], FRAME)
        np.testing.assert_array_equal(unpack(one["image"]), canvas)
        found = [one["boxes"][0][side] for side in SIDES]
        np.testing.assert_allclose(found, placement.to_photo(box)[0], rtol=1e-9)


@pytest.mark.parametrize("slope", [-468, -30, 9, 27, 200])
@pytest.mark.parametrize(("height", "width"), [(1, 1), (5, 90), (140, 200)])
def test_a_picture_is_turned_to_the_same_pixels(ports, slope, height, width):
    image = np.random.default_rng(height).integers(0, 256, (height, width)).astype(np.uint8)
    upright, turn = turn_upright(image, slope)
    ours = ports.call("turnUpright", pack(image), slope)
    np.testing.assert_array_equal(unpack(ours["image"]), upright)
    assert ours["turn"] == {
        "cosine": turn.cosine, "sine": turn.sine, "left": int(turn.corner[1]), "top": int(turn.corner[0]),
    }  # fmt: skip


@slow_machine
@given(st.integers(0, 10**6))
def test_parts_are_joined_to_the_same_blocks(ports, seed):
    rng = np.random.default_rng(seed)
    count, unit = int(rng.integers(1, 60)), int(rng.integers(1, 40))
    corners = rng.integers(0, 900, (count, 2))
    sizes = rng.integers(1, [2 * unit + 2, 2 * unit + 2], (count, 2))
    sizes[rng.random(count) < 0.2] = [max(unit // 8, 1), 5 * unit]  # bars
    boxes = np.concatenate([corners, corners + sizes], axis=1)
    ours = ports.call("groupParts", as_sides(boxes), unit)
    assert ours == [group.tolist() for group in group_parts(boxes, unit)]


@slow_machine
@given(hnp.arrays(np.uint8, st.tuples(st.integers(1, 60), st.integers(1, 60)), elements=st.integers(0, 255)))
def test_any_picture_has_the_same_blocks(ports, grey):
    ours = ports.call("findBlocks", pack(grey), FRAME._asdict(), [])
    try:
        blocks = find_blocks(grey)
    except BlankPhotoError:
        assert ours == []
    else:
        canvases = [place_block(blocks[index], FRAME)[0] for index in block_order(blocks)]
        np.testing.assert_array_equal([unpack(one["image"]) for one in ours], canvases)


@pytest.mark.parametrize("side", [1, 3, 7, 71])
def test_extremes_are_those_of_opencv(ports, side):
    image = np.random.default_rng(side).integers(0, 256, (45, 60)).astype(np.uint8)
    window = np.ones((side, side), np.uint8)
    np.testing.assert_array_equal(unpack(ports.call("dilate", pack(image), side)), cv2.dilate(image, window))
    np.testing.assert_array_equal(unpack(ports.call("erode", pack(image), side)), cv2.erode(image, window))


@pytest.mark.parametrize("side", [1, 3, 7, 71])
def test_the_median_is_that_of_opencv(ports, side):
    image = np.random.default_rng(side).integers(0, 256, (45, 60)).astype(np.uint8)
    np.testing.assert_array_equal(unpack(ports.call("medianBlur", pack(image), side)), cv2.medianBlur(image, side))


def test_strokes_are_scanned_as_the_corpus_is_drawn(ports):
    """An upright stroke over a whole character: 96 pixels long and some 5 wide, black on white."""
    scan = unpack(ports.call("scanStrokes", [[0.5, 0, 0.5, 1]], 1))
    ink = scan < 128
    assert np.flatnonzero(ink.any(axis=1)).size == pytest.approx(96 + 5, abs=1)
    assert np.flatnonzero(ink.any(axis=0)).size == pytest.approx(5, abs=1)
    assert (scan[[0, -1]] == 255).all()


def test_small_writing_is_scanned_as_large_but_a_dot_is_not(ports):
    def cover(side, length):
        scan = unpack(ports.call("scanStrokes", [[0, 0, length, length], [length, 0, 0, length]], side))
        return (normalise(scan) > 127).mean()

    assert cover(1, 0.5) == pytest.approx(cover(1, 1), rel=0.02)
    assert cover(1, 0.05) > 3 * cover(1, 1)
