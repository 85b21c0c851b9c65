"""The page finds the structure of formulas as `pipeline.structure` does, and KaTeX parses what it writes."""

import json
import subprocess
from pathlib import Path

import pytest

from pipeline.formats.symbols import CROHME_SYMBOLS
from pipeline.page import build
from pipeline.structure.parsing import parse
from pipeline.structure.writing import latex, mathml
from tests.app.node import NODE, as_sides
from tests.structure.formulas import FORMULAS, scribbled, symbols_of

APP = Path(__file__).parents[2] / "app"
NESTING = (*CROHME_SYMBOLS, *["-", "\\sqrt", "\\sum", "\\int", "\\lim", "]", "("] * 10)


@pytest.mark.parametrize("written", FORMULAS)
def test_formulas_are_read_alike(ports, written):
    names, boxes = symbols_of(FORMULAS[written])
    assert ports.call("write", names, as_sides(boxes))["latex"] == written


@pytest.mark.parametrize("seed", range(150))
def test_scribbles_are_read_alike(ports, seed):
    names, boxes = scribbled(seed, NESTING)
    tree = parse(names, boxes)
    assert ports.call("write", names, as_sides(boxes)) == {"latex": latex(tree), "mathml": mathml(tree)}


def test_katex_parses_every_formula(shared):
    """Strictly: KaTeX raises where LaTeX would print something else."""
    shared("packages", lambda _: build.install(APP))
    written = [latex(parse(*scribbled(seed, NESTING))) for seed in range(500)]
    script = """
        import katex from "./app/node_modules/katex/dist/katex.mjs";
        for (const formula of JSON.parse(await new Response(process.stdin).text()))
            katex.renderToString(formula, { throwOnError: true, strict: "error" });
    """
    line = [NODE, "--input-type=module", "--eval", script]
    run = subprocess.run(line, cwd=APP.parent, input=json.dumps([*FORMULAS, *written]), text=True, capture_output=True)
    assert (run.returncode, run.stderr) == (0, "")
