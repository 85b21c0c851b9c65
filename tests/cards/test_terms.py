"""The terms of a source: those of THIRD_PARTY.md for the embedded corpora, unknown for any other."""

import pytest

from pipeline.cards.terms import ARCHIVE, CHARACTERS, FORMULAS, read_terms, terms_of
from pipeline.export.licences import read_materials
from stages import paths
from tests.project import ROOT


@pytest.mark.parametrize(
    ("source", "terms"),
    [
        ("data/raw/strokes", CHARACTERS),
        ("./data/raw/strokes/", CHARACTERS),
        ("data/raw/strokes/1001-f.gnt", CHARACTERS),
        ("data/raw/formulas", FORMULAS),
        ("data/raw/strokes-of-mine", ARCHIVE),
        ("data/raw/casia", ARCHIVE),
        ("/elsewhere/data/raw/strokes", ARCHIVE),
        ("s3://bucket/data/raw/strokes", ARCHIVE),
    ],
)
def test_only_the_embedded_corpora_have_known_terms(source, terms):
    assert terms_of(source) is terms


def test_the_licences_are_those_of_the_page():
    page = {stage: set() for stage in ("strokes", "faces", "formulas")}
    for row in read_materials(ROOT / "THIRD_PARTY.md"):
        page[row.stage].add(row.licence)
    assert {licence.name for licence in CHARACTERS.licences} == page["strokes"] | page["faces"]
    assert {licence.name for licence in FORMULAS.licences} == page["formulas"]


def test_the_corpora_are_where_the_stages_write_them():
    assert [CHARACTERS.folder, FORMULAS.folder] == [paths.STROKES.as_posix(), paths.FORMULAS.as_posix()]


def test_terms_are_distinguished_by_what_they_state():
    stated = [terms.stated for terms in (CHARACTERS, FORMULAS, ARCHIVE)]
    assert all(stated)
    assert stated[0] != stated[1] != stated[2]


def test_data_without_a_card_have_unknown_terms(tmp_path):
    assert read_terms(tmp_path) is ARCHIVE
