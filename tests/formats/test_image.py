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


@pytest.mark.parametrize("mode", ["RGBA", "LA"])
def test_what_is_transparent_shows_white(mode):
    picture = Image.fromarray(RAMP).convert(mode)
    picture.putalpha(Image.fromarray(np.where(RAMP < 100, 0, 255).astype(np.uint8)))
    assert read_grey(saved(picture)).tolist() == np.where(RAMP < 100, 255, RAMP).tolist()


def test_exif_rotation():
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned clockwise
    np.testing.assert_array_equal(read_grey(saved(Image.fromarray(RAMP), exif=exif)), np.rot90(RAMP, -1))


def test_a_single_pixel():
    assert read_grey(saved(Image.fromarray(RAMP[:1, 1:2]))).tolist() == [[10]]


def chunk(data):
    return struct.pack(">I", len(data) - 4) + data + struct.pack(">I", zlib.crc32(data))


@pytest.mark.parametrize("side", [8_000, 12_000, 100_000])  # of which Pillow lets one pass, warns and refuses
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
    video = b"\xff\xda" * 1000  # what stands behind the end of a picture is none of its scans
    assert read_grey(data[:-2] + last * few + data[-2:] + video).shape == RAMP.shape
    assert reason(data[:-2] + last * (few + 1) + data[-2:]) == "too many scans: more than 100"
