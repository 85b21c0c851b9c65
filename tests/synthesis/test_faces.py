"""Faces are fonts made in the test; no test fetches one."""

import re

import numpy as np
import pytest
from fontTools.fontBuilder import FontBuilder
from fontTools.pens.ttGlyphPen import TTGlyphPen

from pipeline.errors import InkError
from pipeline.synthesis.hands.medians import EM
from pipeline.synthesis.tracing import job
from pipeline.synthesis.tracing.faces import EM as EM_PIXELS
from pipeline.synthesis.tracing.faces import FACES, Face, chosen, glyphs, write_licence
from pipeline.synthesis.tracing.job import trace_faces

UNITS = 1000
HORIZONTAL, VERTICAL = (100, 460, 900, 540), (460, 60, 540, 860)  # left, bottom, right, top
MEDIANS = {
    "一": (((100, 512), (924, 512)),),
    "丨": (((512, 100), (512, 924)),),
    "十": (((100, 512), (924, 512)), ((512, 100), (512, 924))),
    "二": (((200, 300), (824, 300)), ((100, 800), (924, 800))),
}
FACE = Face("@made/up", "1.0.0", "sha512-x", 0.5, files="files/*.woff2", rank=0)


def write_font(path, shapes, notice="Copyright Made Up"):
    """Writes a font whose glyphs consist of rectangles."""
    names = {f"u{ord(char):04x}": (char, boxes) for char, boxes in shapes.items()}
    builder = FontBuilder(UNITS, isTTF=True)
    builder.setupGlyphOrder([".notdef", *names])
    builder.setupCharacterMap({ord(char): name for name, (char, _) in names.items()})
    outlines = {".notdef": TTGlyphPen(None).glyph()}
    for name, (_, boxes) in names.items():
        pen = TTGlyphPen(None)
        for left, bottom, right, top in boxes:
            pen.moveTo((left, bottom))
            for corner in ((left, top), (right, top), (right, bottom)):
                pen.lineTo(corner)
            pen.closePath()
        outlines[name] = pen.glyph()
    builder.setupGlyf(outlines)
    builder.setupHorizontalMetrics(dict.fromkeys(outlines, (UNITS, 0)))
    builder.setupHorizontalHeader(ascent=880, descent=-120)
    builder.setupNameTable({"copyright": notice, "familyName": "Made Up", "styleName": "Regular"})
    builder.setupOS2()
    builder.setupPost()
    builder.font.flavor = "woff2"
    path.parent.mkdir(parents=True, exist_ok=True)
    builder.save(path)


@pytest.fixture
def package(tmp_path):
    """A face that has 一, draws a 十 for 丨, has no ink for 二 and has an x."""
    cross = [HORIZONTAL, VERTICAL]
    write_font(tmp_path / "package/files/1.woff2", {"一": [HORIZONTAL], "丨": cross, "二": []})
    write_font(tmp_path / "package/files/2.woff2", {"x": cross, "一": [VERTICAL]})
    return tmp_path / "package"


@pytest.fixture
def made_up(monkeypatch):
    monkeypatch.setitem(job.FACES, "made-up", FACE)


def test_each_face_is_pinned():
    for face in FACES.values():
        assert re.fullmatch(r"sha512-[A-Za-z0-9+/]{86}==", face.integrity)
        assert re.fullmatch(r"\d+\.\d+\.\d+", face.version)
        assert 0 <= face.leaning <= 1


def test_faces_are_chosen_by_name():
    assert chosen("all", "hands") == tuple(FACES)
    assert chosen((), "hands") == ()
    assert chosen(("long-cang", "xiaolai"), "hands") == ("xiaolai", "long-cang")
    for wrong in (("kaiti",), ("xiaolai", "xiaolai")):
        with pytest.raises(InkError, match=r"hands: expected 'all' or different names out of xiaolai, "):
            chosen(wrong, "hands")


def test_a_glyph_is_a_picture_of_its_ink_from_the_first_file_that_has_it(package):
    found = dict(glyphs(package, FACE, "一x十"))
    assert list(found) == ["一", "x"]
    rows, columns = np.nonzero(found["一"] > 127)
    np.testing.assert_allclose([np.ptp(columns), np.ptp(rows)], [0.8 * EM_PIXELS, 0.08 * EM_PIXELS], atol=2)


def test_a_package_without_its_files_is_named(tmp_path):
    with pytest.raises(InkError, match=r"expected files files/\*\.woff2 of the face, found none"):
        list(glyphs(tmp_path, FACE, "一"))


def test_a_damaged_file_is_named(package):
    (package / "files/1.woff2").write_bytes((package / "files/1.woff2").read_bytes()[:60])
    with pytest.raises(InkError, match=r"1\.woff2: expected a font \(WOFF2\), found an unreadable file"):
        list(glyphs(package, FACE, "一"))


def test_a_glyph_of_another_character_is_turned_away_and_all_are_counted(package, made_up):
    (traced,) = trace_faces({"made-up": package}, MEDIANS, ["一", "丨", "二", "十", "x"])
    assert list(traced.strokes) == ["一", "x"]
    assert traced.turned_away == ("丨",)
    assert traced.accounts() == {"kept": 2, "turned_away": 1, "untraced": 0, "lacking": 2}
    (stroke,) = traced.strokes["一"]
    np.testing.assert_allclose([stroke[0], stroke[-1]], [(100, EM / 2), (924, EM / 2)], atol=20)


def test_a_glyph_that_traces_to_nothing_is_counted(package, made_up, monkeypatch):
    monkeypatch.setattr(job, "trace", lambda _: [])
    (traced,) = trace_faces({"made-up": package}, MEDIANS, ["一", "x"])
    assert traced.untraced == ("一", "x")
    assert traced.strokes == {}


def test_the_licence_is_the_file_of_the_package_or_the_notice_of_the_font(package, tmp_path):
    write_licence(package, FACE, tmp_path)
    assert (tmp_path / "LICENSE").read_text().startswith("Copyright Made Up\n\nThis Font Software is licensed under")
    (package / "LICENSE").write_text("OFL of the package")
    write_licence(package, FACE, tmp_path)
    assert (tmp_path / "LICENSE").read_text() == "OFL of the package"


def test_a_face_without_a_licence_is_refused(tmp_path):
    write_font(tmp_path / "package/files/1.woff2", {"一": [HORIZONTAL]}, notice="")
    with pytest.raises(InkError, match="found neither LICENSE nor a copyright notice"):
        write_licence(tmp_path / "package", FACE, tmp_path)
