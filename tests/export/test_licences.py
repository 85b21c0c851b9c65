"""THIRD_PARTY.md, as model cards read it, compared with the pinned versions and shipped files."""

import json
import re
from pathlib import Path

import matplotlib
import pytest
from fontTools.ttLib import TTFont

from pipeline.errors import InkError
from pipeline.export.card import EMBEDDED
from pipeline.export.licences import Material, materials, read_materials
from pipeline.synthesis.tracing.faces import FACES

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "THIRD_PARTY.md").read_text(encoding="utf-8")
HEADER = """\
| stage | material | version | licence | text of the licence | what is derived from it |
|---|---|---|---|---|---|
"""
ROW = "| strokes | ink | 2 | Own Licence | `texts/OWN.TXT` | everything |\n"


def test_a_row_is_one_material():
    rows = materials(f"# Terms\n\n## Data\n\nWords.\n\n{HEADER}{ROW}\n## Tools\n\n| tool |\n|---|\n| saw |\n")
    assert rows == [Material("strokes", "ink", "2", "Own Licence", "`texts/OWN.TXT`", "everything")]
    assert rows[0].file == Path("texts/OWN.TXT")


def test_a_text_in_a_package_does_not_travel():
    (row,) = materials("# Terms\n\n## Data\n\n" + HEADER + ROW.replace("`texts/OWN.TXT`", "`OWN.TXT` in a package"))
    assert row.file is None


@pytest.mark.parametrize(
    ("page", "message"),
    [
        (f"# Terms\n\n{HEADER}{ROW}", "found none"),
        ("# Terms\n\n## Data\n\nNothing.\n", "found none"),
        (f"# Terms\n\n## Data\n\n{HEADER}", "found none"),
        (
            f"# Terms\n\n## Data\n\n{HEADER}{ROW.replace('licence', 'x').replace('| 2 |', '|  |')}",
            "found `strokes | ink",
        ),
        (f"# Terms\n\n## Data\n\n{HEADER}| strokes | ink |\n", "found `strokes | ink`"),
    ],
)
def test_a_page_without_terms_is_refused(tmp_path, page, message):
    path = tmp_path / "THIRD_PARTY.md"
    path.write_text(page)
    with pytest.raises(InkError, match=rf"THIRD_PARTY\.md: expected .*{re.escape(message)}.*; restore it with"):
        read_materials(path)


def test_every_embedded_corpus_has_terms():
    assert {material.stage for material in materials(PAGE)} == {*EMBEDDED, "faces"}


def test_every_face_has_terms_of_the_pinned_version():
    rows = [material for material in materials(PAGE) if material.stage == "faces"]
    assert [(row.version, row.file) for row in rows] == [
        (face.version, Path(f"data/raw/faces/{name}/LICENSE")) for name, face in FACES.items()
    ]
    assert all(f"`{face.package}`" in row.material for row, face in zip(rows, FACES.values(), strict=True))


def test_the_stroke_data_are_of_the_pinned_version():
    pinned = json.loads((ROOT / "package.json").read_text())["dependencies"]["hanzi-writer-data"]
    assert [row.version for row in materials(PAGE) if row.stage == "strokes"] == [pinned]


@pytest.mark.parametrize(
    ("name", "files"),
    [
        ("DejaVu", ["DejaVuSans", "DejaVuSerif"]),
        ("STIX", ["STIXGeneral", "STIXSizOneSymReg"]),
        ("BaKoMa", ["cmr10", "cmmi10"]),
    ],
)
def test_the_fonts_are_those_of_matplotlib(name, files):
    (row,) = (row for row in materials(PAGE) if name in row.material)
    folder = Path(matplotlib.get_data_path(), "fonts", "ttf")
    for file in files:
        with TTFont(folder / f"{file}.ttf") as font:
            found = str(font["name"].getDebugName(5))
        assert re.search(rf"(?<![\d.]){re.escape(row.version)}(?![\d.])", found), f"{file}: {found}"
    if row.text.endswith("in matplotlib"):
        assert (folder / row.text.split("`")[1]).is_file()


def test_the_faces_of_printed_formulas_are_listed():
    from pipeline.synthesis.formulas.typeset import FACES

    named = {
        "dejavusans": "DejaVu Sans",
        "dejavuserif": "DejaVu Serif",
        "stix": "STIX",
        "stixsans": "STIX",
        "cm": "Modern",
    }
    fonts = " ".join(row.material for row in materials(PAGE) if row.stage == "formulas")
    assert [face for face in FACES if named[face] not in fonts] == []


def test_packages_in_the_page_are_of_the_locked_versions_and_licences():
    lock = json.loads((ROOT / "app" / "package-lock.json").read_text())["packages"]
    shipped = {
        name.removeprefix("node_modules/"): (package["version"], package["license"])
        for name, package in lock.items()
        if name and not package.get("dev")
    }
    section = PAGE.partition("\n## Shipped in the web app\n")[2].partition("\n## ")[0]
    listed = re.findall(r"^\| \[(\S+)\]\(\S+\) \| (\S+) \| (\S+) \|", section, re.M)
    assert {name: (version, licence) for name, version, licence in listed} == shipped


def test_the_licence_is_apaches_own_text():
    text = (ROOT / "LICENSE").read_text(encoding="utf-8")
    assert " ".join(text.split()).startswith("Apache License Version 2.0, January 2004 http://www.apache.org/licenses/")
    assert [f"   {number}. " in text for number in range(1, 10)] == [True] * 9
    assert text.rstrip().endswith("limitations under the License.")
