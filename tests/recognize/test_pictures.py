"""Pictures in `tests/pictures` that were once misread: the network sees the same ink as in black on white."""

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pipeline.formats.image import read_grey
from pipeline.ink.canvas import Frame
from pipeline.ink.develop import place_photo
from pipeline.recognize.reader import normalise_picture

PICTURES = Path(__file__).parents[1] / "pictures"
NAMES = [line.split()[0] for line in (PICTURES / "truth.txt").read_text(encoding="utf-8").splitlines()]
FRAME = Frame(height=128, width=512, symbol=32, pen=2)
DESK = 60  # pixels around the sheets in `desk`


def named(kind: str) -> list[str]:
    return [name for name in NAMES if name.startswith(kind)]


def read(name: str) -> np.ndarray:
    return read_grey((PICTURES / f"{name}.png").read_bytes())


def iou(one: np.ndarray, other: np.ndarray) -> float:
    one, other = one > 127, other > 127
    return (one & other).sum() / (one | other).sum()


@pytest.mark.parametrize("name", named("transparent"))
def test_white_ink_on_transparent_ground_is_seen_as_black_on_white(name):
    with Image.open(PICTURES / f"{name}.png") as picture:
        alpha = np.asarray(picture.getchannel("A"))
    file = io.BytesIO()
    Image.fromarray(255 - alpha).save(file, "PNG")
    twin = read_grey(file.getvalue())
    np.testing.assert_array_equal(normalise_picture(read(name)), normalise_picture(twin))
    np.testing.assert_array_equal(place_photo(read(name), FRAME)[0], place_photo(twin, FRAME)[0])


@pytest.mark.parametrize("name", named("desk"))
def test_a_sheet_on_a_dark_desk_is_seen_as_without_the_desk(name):
    picture = read(name)
    sheet = picture[DESK + 2 : -DESK - 2, DESK + 2 : -DESK - 2]
    assert iou(normalise_picture(picture), normalise_picture(sheet)) > 0.99
    assert iou(place_photo(picture, FRAME)[0], place_photo(sheet, FRAME)[0]) > 0.99


@pytest.mark.parametrize("name", named("thick-pen/grey"))
def test_a_thick_pen_is_seen_on_grey_paper_as_on_white(name):
    grey, white = read(name), read(name.replace("grey", "white"))
    assert iou(normalise_picture(grey), normalise_picture(white)) > 0.94
    noisy = np.clip(grey + np.random.default_rng(0).normal(0, 3, grey.shape), 0, 255).astype(np.uint8)
    assert iou(normalise_picture(noisy), normalise_picture(white)) > 0.9


@pytest.mark.parametrize("name", named("sixteen-bit"))
def test_a_16_bit_picture_is_seen_as_its_8_bit_twin(name):
    with Image.open(PICTURES / f"{name}.png") as picture:
        twin = np.asarray(picture).astype(np.uint8)
    np.testing.assert_array_equal(read(name), twin)
    assert (
        iou(normalise_picture(read(name)), normalise_picture(np.minimum(twin * (255 / 200), 255).astype(np.uint8)))
        > 0.98
    )
