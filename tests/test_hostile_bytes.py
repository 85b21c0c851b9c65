"""Readers keep their contracts (those of `fuzz`) for any bytes, and read good parts."""

import importlib
import io
import re
import zipfile

import numpy as np
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from PIL import Image

from fuzz import TARGETS
from pipeline.errors import InkError
from pipeline.formats.entries import read_entries
from pipeline.formats.image import read_grey
from pipeline.formats.inkml import read_inkml
from pipeline.formats.inkml_writer import encode_inkml
from pipeline.formats.search import find_entries
from pipeline.formats.zip_member import METHODS
from pipeline.params import check_params, load_params
from tests.project import ROOT

EDITS = 4  # at most, of a good file


@st.composite
def damaged(draw, files: list[bytes]) -> bytes:
    """A good file with pieces removed, inserted or overwritten."""
    data = draw(st.sampled_from(files))
    for _ in range(draw(st.integers(1, EDITS))):
        at, length = draw(st.integers(0, len(data))), draw(st.integers(0, 16))
        data = data[:at] + draw(st.binary(max_size=16)) + data[at + length :]
    return data


@pytest.mark.parametrize("name", TARGETS)
def test_any_bytes(name):
    target = importlib.import_module(f"fuzz.{name}")

    @settings(max_examples=100, deadline=None)
    @given(st.binary(max_size=300))
    def check(data):
        target.check(data)

    check()


@pytest.mark.parametrize("name", TARGETS)
def test_good_files_with_damage(name):
    target = importlib.import_module(f"fuzz.{name}")

    @settings(max_examples=150, deadline=None)
    @given(damaged(target.seeds()))
    def check(data):
        target.check(data)

    check()


# Text that the writer accepts and no reader trims.
words = st.text(min_size=1, max_size=8).filter(lambda text: text.isprintable() and text == text.strip(" $"))
points = st.lists(st.tuples(*[st.integers(-(10**6), 10**6)] * 2), min_size=1, max_size=4)


@settings(max_examples=100)
@given(st.lists(st.tuples(words, points), min_size=1, max_size=4), words, words)
def test_ink_comes_back_with_its_labels(symbols, truth, writer):
    traces = [trace for _, trace in symbols]
    members = [(label, [index]) for index, (label, _) in enumerate(symbols)]
    ink = read_inkml(encode_inkml(traces, members, truth, writer))
    assert [(symbol.label, list(symbol.traces)) for symbol in ink.symbols] == members
    assert (ink.truth, ink.writer, ink.dropped) == (truth, writer, 0)
    assert all(np.array_equal(one, other) for one, other in zip(ink.traces, traces, strict=True))


names = st.from_regex(re.compile(r"([a-z]{1,3}/){0,2}[a-zäあ]{1,4}\.(gnt|GNT|txt)"), fullmatch=True)


@settings(max_examples=60, deadline=None)
@given(
    st.dictionaries(names, st.tuples(st.binary(max_size=300), st.sampled_from(METHODS)), max_size=5),
    st.integers(0, 100),
)
def test_members_of_a_zip_come_back(tmp_path_factory, members, limit):
    path = tmp_path_factory.mktemp("zips") / "source.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name, (data, method) in members.items():
            archive.writestr(name, data, method)
    wanted = {name: data for name, (data, _) in sorted(members.items()) if name.lower().endswith(".gnt")}
    if not wanted:
        with pytest.raises(InkError, match=r"expected .gnt files or zips of them, found none"):
            find_entries(path, (".gnt",), "x.source")
        return
    entries = find_entries(path, (".gnt",), "x.source").entries
    members = [entry.name.removeprefix("source.zip:") for entry in entries]
    assert [entry.size for entry in entries] == [len(wanted[name]) for name in members]
    found = dict(zip(members, read_entries(entries, limit), strict=True))
    assert found == {name: data[: limit + 1] for name, data in wanted.items()}


pictures = hnp.arrays(np.uint8, hnp.array_shapes(min_dims=2, max_dims=2, min_side=1, max_side=12))


@settings(max_examples=60, deadline=None)
@given(pictures, st.sampled_from(["PNG", "TIFF", "BMP", "GIF", "PPM", "WEBP"]))
def test_grey_pictures_come_back(pixels, kind):
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, kind, **{"lossless": True} if kind == "WEBP" else {})
    np.testing.assert_array_equal(read_grey(file.getvalue()), pixels)


GOOD = yaml.safe_load((ROOT / "params.yaml").read_text(encoding="utf-8"))
numbers = [
    (section, key)
    for section in ("strokes", "decode", "split", "train", "quantize")
    for key in GOOD[section]
    if isinstance(GOOD[section][key], int | float)
]


@settings(max_examples=100, deadline=None)
@given(st.dictionaries(st.sampled_from(numbers), st.integers(0, 300) | st.floats(0, 1), max_size=4))
def test_params_come_back_or_are_named(tmp_path_factory, changes):
    values = {section: dict(keys) for section, keys in GOOD.items()}
    for (section, key), value in changes.items():
        values[section][key] = value
    told = ""
    try:
        params = check_params(values, "params.yaml")
    except InkError as error:
        told = str(error)
    if told:
        assert any(f"  {section}.{key}" in told or f"  {section}: " in told for section, key in changes)
        return
    path = tmp_path_factory.mktemp("params") / "params.yaml"
    path.write_text(yaml.safe_dump(params.model_dump(mode="json"), allow_unicode=True), encoding="utf-8")
    assert load_params(path) == params
