"""Picture files of any kind to upright grey pixels."""

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from pipeline.formats import image as image_module
from pipeline.formats.image import ImageError, read_grey

RAMP = np.arange(0, 240, 10, dtype=np.uint8).reshape(4, 6)


def saved(picture, kind="PNG", **options):
    file = io.BytesIO()
    picture.save(file, kind, **options)
    return file.getvalue()


def reason(data):
    with pytest.raises(ImageError) as error:
        read_grey(data)
    return str(error.value)


@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA", "LA", "P"])
@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_grey_stays_in_any_mode(mode, kind):
    grey = read_grey(saved(Image.fromarray(RAMP).convert(mode), kind))
    assert (grey.dtype, grey.shape) == (np.uint8, (4, 6))
    np.testing.assert_array_equal(grey, RAMP)


@pytest.mark.parametrize("kind", ["BMP", "GIF", "PPM"])
def test_other_lossless_formats(kind):
    np.testing.assert_array_equal(read_grey(saved(Image.fromarray(RAMP), kind)), RAMP)


@pytest.mark.parametrize(("mode", "kind"), [("L", "JPEG"), ("CMYK", "JPEG"), ("RGB", "WEBP")])
def test_formats_with_loss(mode, kind):
    grey = read_grey(saved(Image.fromarray(RAMP).resize((60, 40)).convert(mode), kind, quality=95))
    assert grey.shape == (40, 60)
    assert grey[:, :20].mean() < grey[:, -20:].mean()


def test_one_bit():
    assert read_grey(saved(Image.fromarray(RAMP > 100))).tolist() == np.where(RAMP > 100, 255, 0).tolist()


def test_deeper_pixels():
    deep = RAMP.astype(np.uint16) * 257
    np.testing.assert_array_equal(read_grey(saved(Image.fromarray(deep))), RAMP)
    np.testing.assert_array_equal(
        read_grey(saved(Image.fromarray(RAMP.astype(np.int32) * 1000), "TIFF")), RAMP.astype(int) * 255 // 230
    )


def test_numbers_that_are_none():
    values = RAMP.astype(np.float32)
    values[0, 0] = np.nan
    grey = read_grey(saved(Image.fromarray(values), "TIFF"))
    assert (grey[0, 0], grey[0, 1], grey[3, 5]) == (255, 0, 255)
    assert reason(saved(Image.fromarray(np.full((2, 2), np.inf, np.float32)), "TIFF")) == "no pixel is a number"


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([0, 100, 200], [0, 100, 200]),  # an 8-bit picture in 16 bits
        ([0, 1000, 4095], [0, 62, 255]),  # 12 bits
        ([0, 1, 257], [0, 0, 128]),
        ([30000, 30100, 30200], [55, 155, 255]),  # no more than 256 levels: none of them is lost
        ([65535, 65535, 65535], [255, 255, 255]),
        ([0, 0, 0], [0, 0, 0]),
        ([0, 32768, 65535], [0, 128, 255]),
    ],
)
@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_a_part_of_16_bits_keeps_its_detail(values, expected, kind):
    assert read_grey(saved(Image.fromarray(np.array([values], np.uint16)), kind)).tolist() == [expected]


def transparent(grey, alpha, mode="LA"):
    picture = Image.fromarray(np.array(grey, np.uint8)).convert(mode)
    picture.putalpha(Image.fromarray(np.array(alpha, np.uint8)))
    return read_grey(saved(picture))


STROKE = np.zeros((8, 8), np.uint8)  # alpha: a soft stroke
STROKE[3:5, 1:7] = 255
STROKE[2, 1:7] = 100


@pytest.mark.parametrize("mode", ["RGBA", "LA"])
@pytest.mark.parametrize("level", [0, 60, 127])
def test_dark_strokes_get_white_ground(mode, level):
    expected = (level * STROKE.astype(int) + 255 * (255 - STROKE.astype(int)) + 127) // 255
    assert transparent(np.full((8, 8), level), STROKE, mode).tolist() == expected.tolist()


@pytest.mark.parametrize("mode", ["RGBA", "LA"])
@pytest.mark.parametrize("level", [128, 200, 255])
def test_light_strokes_get_black_ground(mode, level):
    expected = (level * STROKE.astype(int) + 127) // 255
    assert transparent(np.full((8, 8), level), STROKE, mode).tolist() == expected.tolist()


def test_strokes_may_fill_the_picture():
    alpha = np.full((8, 8), 255)
    alpha[0, :3] = 0
    assert transparent(np.full((8, 8), 230), alpha)[0, 0] == 0
    assert transparent(np.full((8, 8), 30), alpha)[0, 0] == 255


@pytest.mark.parametrize(("paper", "ink", "ground"), [(240, 20, 255), (20, 240, 0)])
def test_an_opaque_sheet_with_ink_is_continued(paper, ink, ground):
    sheet = np.full((20, 20), paper)
    sheet[5:8, 4:16] = ink
    alpha = np.pad(np.full((16, 16), 255), 2)
    grey = transparent(sheet, alpha)
    assert (grey[alpha == 0] == ground).all()
    np.testing.assert_array_equal(grey[alpha > 0], sheet[alpha > 0])


def test_a_palette_may_have_a_transparent_colour():
    picture = Image.fromarray(np.array([[0, 1, 1]], np.uint8)).convert("P")
    picture.putpalette([10, 10, 10, 255, 255, 255])
    assert read_grey(saved(picture, transparency=0)).tolist() == [[0, 255, 255]]
    assert read_grey(saved(picture, transparency=1)).tolist() == [[10, 255, 255]]


def test_nothing_visible_is_blank_paper():
    assert (transparent(np.full((4, 4), 200), np.zeros((4, 4))) == 255).all()


def test_exif_rotation():
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned clockwise
    np.testing.assert_array_equal(read_grey(saved(Image.fromarray(RAMP), exif=exif)), np.rot90(RAMP, -1))


def test_a_single_pixel():
    assert read_grey(saved(Image.fromarray(RAMP[:1, 1:2]))).tolist() == [[10]]


def chunk(data):
    return struct.pack(">I", len(data) - 4) + data + struct.pack(">I", zlib.crc32(data))


# Pillow accepts the first, warns about the second and refuses the third.
@pytest.mark.parametrize("side", [8_000, 12_000, 100_000])
def test_bombs_are_not_unpacked(side):
    header = struct.pack(">4sIIBBBBB", b"IHDR", side, side, 8, 0, 0, 0, 0)
    rows = zlib.compress(bytes(10_000))
    data = b"\x89PNG\r\n\x1a\n" + chunk(header) + chunk(b"IDAT" + rows) + chunk(b"IEND")
    assert "pixels" in reason(data)


def test_bounds(monkeypatch):
    data = saved(Image.fromarray(RAMP))
    monkeypatch.setattr(image_module, "MAX_PIXELS", 23)
    assert reason(data) == "too large: 6 x 4 pixels, at most 23 are read"
    monkeypatch.setattr(image_module, "MAX_BYTES", 10)
    assert reason(data).startswith("too large: ")


@pytest.mark.parametrize("data", [b"GIF89a", b"no picture", b"%PDF-1.4", b"\xff\xd8\xff\xe0"])
def test_no_picture(data):
    assert reason(data).startswith("no readable picture: ")


def test_the_reason_is_the_same_in_every_run():
    assert reason(b"no picture") == "no readable picture: none of JPEG, PNG, TIFF, WEBP, BMP, GIF, PPM"


def test_nothing_and_half_of_it():
    assert reason(b"") == "empty file"
    data = saved(Image.fromarray(np.random.default_rng(1).integers(0, 255, (60, 60), np.uint8)))
    assert reason(data[: len(data) // 2]).startswith("no readable picture: ")


def test_scans_of_a_jpeg_are_bounded():
    data = saved(Image.fromarray(RAMP), "JPEG", progressive=True)
    last = data[data.rindex(b"\xff\xda") : -2]
    few = image_module.MAX_SCANS - data.count(b"\xff\xda")
    video = b"\xff\xda" * 1000  # bytes after the end of a picture are not scans
    assert read_grey(data[:-2] + last * few + data[-2:] + video).shape == RAMP.shape
    assert reason(data[:-2] + last * (few + 1) + data[-2:]) == "too many scans: more than 100"
