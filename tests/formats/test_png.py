"""Grey PNG with the same bytes on every CPU."""

import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from PIL import Image

from pipeline.errors import InkError
from pipeline.formats.png import decode_png, encode_png

GRADIENT = np.arange(12, dtype=np.uint8).reshape(3, 4)
GRADIENT_PNG = (
    "89504e470d0a1a0a0000000d4948445200000004000000030800000000919ff11a0000001749444154480d63606064626660"
    "61656367e0e0e4e20600014f00435c76d3530000000049454e44ae426082"
)

images = hnp.arrays(
    np.uint8, st.tuples(st.integers(1, 60), st.integers(1, 60)), elements=st.sampled_from([0, 1, 99, 255])
)


@settings(max_examples=50)
@given(images)
def test_any_reader_gets_the_image_back(image):
    data = encode_png(image)
    np.testing.assert_array_equal(decode_png(data), image)
    with Image.open(io.BytesIO(data)) as opened:
        opened.verify()
    with Image.open(io.BytesIO(data)) as opened:
        assert opened.mode == "L"
        np.testing.assert_array_equal(np.asarray(opened), image)


def test_the_bytes_are_always_these():
    assert encode_png(GRADIENT).hex() == GRADIENT_PNG


def test_colours_turn_to_grey():
    buffer = io.BytesIO()
    Image.new("RGB", (2, 1), (255, 255, 255)).save(buffer, "PNG")
    np.testing.assert_array_equal(decode_png(buffer.getvalue()), [[255, 255]])


@pytest.mark.parametrize("image", [np.zeros((2, 2, 3), np.uint8), np.zeros((2, 2)), np.zeros((0, 2), np.uint8)])
def test_only_grey_images_are_written(image):
    with pytest.raises(InkError, match="expected a uint8 grey image"):
        encode_png(image)


@pytest.mark.parametrize("data", [b"", b"no picture", encode_png(GRADIENT)[:20]])
def test_what_is_no_picture_is_told_of(data):
    with pytest.raises(InkError, match=f"expected a PNG image, found {len(data)} other bytes"):
        decode_png(data)
