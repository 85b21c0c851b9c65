import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pipeline.page.icons import draw, write

MANIFEST = Path(__file__).parents[2] / "app/static/manifest.webmanifest"


def test_the_manifest_names_them_with_their_sizes(tmp_path):
    write(tmp_path / "icons")
    icons = json.loads(MANIFEST.read_text(encoding="utf-8"))["icons"]
    assert sorted(icon["src"] for icon in icons) == sorted(
        f"icons/{path.name}" for path in (tmp_path / "icons").iterdir()
    )
    for icon in icons:
        with Image.open(tmp_path / icon["src"]) as image:
            assert "x".join(map(str, image.size)) == icon["sizes"]


def test_the_same_bytes_each_time(tmp_path):
    for name in ("one", "two"):
        write(tmp_path / name)
    for path in (tmp_path / "one").iterdir():
        assert path.read_bytes() == (tmp_path / "two" / path.name).read_bytes()
        assert path.stat().st_size < 20_000


def test_a_maskable_icon_keeps_to_the_safe_zone():
    """A launcher's mask may leave no more than a circle of 80 % of the side."""
    pixels = np.asarray(draw(200, maskable=True).convert("RGB")).astype(int)
    marks = np.abs(pixels - pixels[0, 0]).sum(axis=2) > 30
    rows, columns = np.nonzero(marks)
    assert np.hypot(rows - 99.5, columns - 99.5).max() <= 80 + 1


@pytest.mark.parametrize("maskable", [False, True])
def test_only_a_maskable_icon_fills_its_square(maskable):
    assert (draw(64, maskable).getpixel((0, 0))[3] == 255) == maskable
