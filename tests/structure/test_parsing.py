"""The rules find the structure of formulas, and some structure of anything."""

import numpy as np
import pytest
from latex2mathml.converter import convert

from pipeline.formats.symbols import CROHME_SYMBOLS
from pipeline.structure import parsing
from pipeline.structure.parsing import parse
from pipeline.structure.scripts import read_line
from pipeline.structure.tree import edges
from pipeline.structure.writing import latex
from tests.structure.formulas import FORMULAS, scribbled, symbols_of

# Names that hold others, so that scribbles nest.
NESTING = (*CROHME_SYMBOLS, *["-", "\\sqrt", "\\sum", "\\int", "\\lim", "]", "("] * 10)


@pytest.mark.parametrize("written", FORMULAS)
def test_the_structure_is_found(written):
    assert latex(parse(*symbols_of(FORMULAS[written]))) == written


@pytest.mark.parametrize("written", FORMULAS)
@pytest.mark.parametrize(("scale", "shift"), [(0.01, 0.0), (7.0, -300.0)])
def test_units_and_origin_do_not_matter(written, scale, shift):
    names, boxes = symbols_of(FORMULAS[written])
    assert latex(parse(names, boxes * scale + shift)) == written


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("written", FORMULAS)
def test_the_order_of_the_symbols_does_not_matter(written, seed):
    names, boxes = symbols_of(FORMULAS[written])
    order = np.random.default_rng(seed).permutation(len(names))
    assert latex(parse([names[index] for index in order], boxes[order])) == written


@pytest.mark.parametrize("seed", range(150))
def test_every_symbol_is_in_the_tree_once_and_its_latex_parses(seed):
    names, boxes = scribbled(seed, NESTING)
    tree = parse(names, boxes)
    found = edges(tree)
    assert sorted(found) == list(range(len(names)))
    assert [symbol for symbol, (parent, _) in found.items() if parent < 0] == [tree[0].symbol]
    convert(latex(tree))


def test_no_symbols_have_no_structure():
    assert parse([], np.zeros((0, 4))) == ()


@pytest.mark.parametrize("names", [["-", "-"], ["\\sqrt"], ["."], ["\\sum", "\\sum"], ["("]])
def test_boxes_without_extent_are_read(names):
    assert len(edges(parse(names, np.zeros((len(names), 4))))) == len(names)


def test_the_work_for_trying_members_is_bounded(monkeypatch):
    """40 fractions, each with a symbol at every end of its bar that may belong to it."""
    names, boxes = ["-", "a", "b", "1", "2"] * 40, []
    for at in range(0, 40 * 24, 24):
        boxes += [[9.5, at, 10, at + 12], [2, at + 1, 8, at + 6], [12, at + 4, 18, at + 9]]
        boxes += [[-2, at + 10, 8, at + 13], [12, at - 2, 22, at + 1]]
    read: list[int] = []
    monkeypatch.setattr(
        parsing, "read_line", lambda blocks, *rest: read.append(len(blocks)) or read_line(blocks, *rest)
    )
    assert len(edges(parse(names, np.array(boxes, float)))) == 200
    assert sum(read) < 10 * parsing.WORK


def test_200_symbols_are_read():
    names, boxes = ["x", "2"] * 100, []
    for index in range(100):
        boxes += [[4, 16 * index, 10, 16 * index + 6], [-2, 16 * index + 7, 4, 16 * index + 11]]
    assert latex(parse(names, np.array(boxes, float))) == "x^{2}" * 100
