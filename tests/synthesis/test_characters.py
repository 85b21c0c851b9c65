import hashlib
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from pipeline.errors import InkError
from pipeline.formats.charset import SYMBOLS
from pipeline.formats.gnt import GntRecord, read_gnt
from pipeline.ink.normalise import normalise
from pipeline.params import Strokes
from pipeline.synthesis.characters import draw_sample, write_corpus
from pipeline.synthesis.classes import corpus_chars
from pipeline.synthesis.hands.skeleton import build_skeleton
from pipeline.synthesis.hands.writers import draw_writer
from pipeline.synthesis.repertoire import MEDIANS, Hand

ROOT = Path(__file__).parents[2]
PARAMS = Strokes(classes="一十司丶", hands=(), writers=3, rare=1.0, samples=2, looseness=1.0, narrow=0.16, seed=7)
# Of the files of PARAMS, in order. It changes when the generator does: then every stored corpus changes too.
CORPUS_SHA256 = "e04ab3ccc6c7cee8e28c75a775bf0f83e44b10d5bdc908c051e66d6cd10ea081"


def make(folder, strokes, params=PARAMS, processes=1):
    folder.mkdir()
    numbers = list(write_corpus(folder, {MEDIANS: Hand(0.0, strokes)}, tuple(strokes), params, processes))
    return numbers, {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def sample(strokes, char, number=1001, repeat=0):
    return draw_sample(build_skeleton(strokes[char]), draw_writer(7, number), (7, number, ord(char)), repeat)


def test_the_first_classes_of_level_1_or_the_named_ones():
    assert "".join(corpus_chars(3, "")) == "啊阿埃"
    assert corpus_chars("十一", "") == ("十", "一")


def test_all_classes_are_those_with_medians_that_gnt_can_name_and_the_symbols():
    assert corpus_chars("all", "一⺮丁") == ("一", "丁", *SYMBOLS)


def test_a_class_that_stands_twice_is_named():
    with pytest.raises(InkError, match="each character once, found 一 more than once"):
        corpus_chars("一十一", "")


def test_one_file_a_writer_under_casia_names(tmp_path, strokes):
    numbers, files = make(tmp_path / "a", strokes)
    assert sorted(numbers) == [1001, 1002, 1003]
    assert list(files) == ["1001-f.gnt", "1002-f.gnt", "1003-f.gnt"]


def test_a_file_holds_each_character_as_often_as_asked(tmp_path, strokes):
    _, files = make(tmp_path / "a", strokes)
    for content in files.values():
        records = list(read_gnt(content))
        assert all(isinstance(record, GntRecord) for record in records)
        assert "".join(record.char for record in records) == "一一十十司司丶丶"


def test_a_corpus_that_was_begun_is_finished(tmp_path, strokes):
    _, whole = make(tmp_path / "whole", strokes)
    make(tmp_path / "begun", strokes, PARAMS.model_copy(update={"writers": 1}))
    times = {path: path.stat().st_mtime_ns for path in (tmp_path / "begun").iterdir()}
    assert list(write_corpus(tmp_path / "begun", {MEDIANS: Hand(0.0, strokes)}, tuple(strokes), PARAMS)) == [1002, 1003]
    assert {path.name: path.read_bytes() for path in (tmp_path / "begun").iterdir()} == whole
    assert all(path.stat().st_mtime_ns == time for path, time in times.items())


def test_the_bytes_are_these(tmp_path, strokes):
    _, files = make(tmp_path / "a", strokes)
    assert hashlib.sha256(b"".join(files.values())).hexdigest() == CORPUS_SHA256


def test_a_processor_without_vector_instructions_draws_the_same(tmp_path):
    # In a process of its own: NumPy and OpenCV choose their instructions when they are loaded.
    lesser = {"NPY_DISABLE_CPU_FEATURES": "X86_V3 X86_V4 AVX512_ICL", "OPENCV_CPU_DISABLE": "AVX2,FMA3,AVX"}
    code = (
        "import pathlib; from pipeline.synthesis.characters import write_corpus; from pipeline.params import Strokes;"
        "from pipeline.synthesis.repertoire import Hand; from tests.synthesis.conftest import STROKES;"
        f"list(write_corpus(pathlib.Path({str(tmp_path)!r}), {{'medians': Hand(0.0, STROKES)}}, tuple(STROKES), "
        f"Strokes(**{PARAMS.model_dump()!r})))"
    )
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=os.environ | lesser, check=True)
    content = b"".join(path.read_bytes() for path in sorted(tmp_path.iterdir()))
    assert hashlib.sha256(content).hexdigest() == CORPUS_SHA256


def test_processes_change_no_byte(tmp_path, strokes):
    assert make(tmp_path / "one", strokes)[1] == make(tmp_path / "two", strokes, processes=2)[1]


def test_a_sample_does_not_depend_on_the_others(tmp_path, strokes):
    _, all_files = make(tmp_path / "all", strokes)
    fewer = {char: strokes[char] for char in "司一"}
    _, files = make(tmp_path / "fewer", fewer, PARAMS.model_copy(update={"writers": 1}))
    images = {(record.char, record.index % 2): record.pixels for record in read_gnt(all_files["1001-f.gnt"])}
    for record in read_gnt(files["1001-f.gnt"]):
        assert np.array_equal(record.pixels, images[record.char, record.index % 2])


def test_seed_writer_and_repeat_change_a_sample(tmp_path, strokes):
    assert make(tmp_path / "a", strokes)[1] != make(tmp_path / "b", strokes, PARAMS.model_copy(update={"seed": 8}))[1]
    first = sample(strokes, "司")
    assert not np.array_equal(first, sample(strokes, "司", repeat=1))
    assert not np.array_equal(first, sample(strokes, "司", number=1002))


def test_scans_look_like_those_of_casia(strokes):
    scans = [sample(strokes, "司", number) for number in range(1001, 1101)]
    for scan in scans:
        ink = scan < 255
        assert ink.any(axis=1)[[0, -1]].all()
        assert ink.any(axis=0)[[0, -1]].all()
        assert 0.03 < ink.mean() < 0.9
    longest = [max(scan.shape) for scan in scans]
    assert 50 < np.median(longest) < 110
    assert max(longest) <= 200
    assert len({scan.min() for scan in scans}) > 5


def test_writers_differ_more_than_a_writer_from_himself(strokes):
    def picture(number, repeat):
        return normalise(sample(strokes, "司", number, repeat)).astype(float)

    pairs = [(picture(number, 0), picture(number, 1)) for number in range(1001, 1021)]
    within = np.mean([np.abs(first - second).mean() for first, second in pairs])
    between = np.mean([np.abs(pairs[i][0] - pairs[i - 1][0]).mean() for i in range(len(pairs))])
    assert within < 0.85 * between
