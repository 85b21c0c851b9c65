"""The page reads what the pipeline reads: the same models on the same ink, under LiteRT.js and under Python's LiteRT.

Tests the small recognisers; in `make check` also untrained networks, and the models of the last `dvc repro` on its test
parts, if there are any.
"""

from __future__ import annotations

import contextlib
import itertools
import json
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow.parquet as pq
import pytest
from playwright.sync_api import Browser, Page

from benchmarks.browser import PATIENCE, served
from pipeline.edge.detections import box_iou
from pipeline.edge.litert import Runner
from pipeline.formats.png import decode_png
from pipeline.ink.canvas import Frame, draw_ink
from pipeline.ink.normalise import normalise
from pipeline.ink.page import find_blocks, place_block
from pipeline.page.catalogue import Recogniser
from pipeline.recognize.reader import block_order
from tests.app.handwriting import CLASSES, LABELS, inks, scan
from tests.app.node import SIDES, flat, pack
from tests.app.pictures import photograph

SAMPLES, FORMULAS, PHOTOS = 200, 50, 10  # PHOTOS of the FORMULAS, of the small ones
UNSEEN = range(5001, 5001 + SAMPLES // len(CLASSES))  # numbers of writers
SURE = 0.5  # score
IOU = 0.99
# Share of the boxes that must overlap that well. Dynamic-range models round activations to 8 bits while they run, so a
# last bit may move a box: in Python, noise of 1e-4 grey levels moves 7 % of the boxes of the trained detector further.
ALIKE = {"float32": 1.0, "float16": 1.0, "dynamic": 0.9}
SCORE = 0.01  # largest difference of the scores of an untrained detector, where any rounding may change a rank
PROBABILITY = {"float32": 1e-4, "float16": 1e-4, "dynamic": 0.02, "int8": 0.02}  # largest difference

# A worker of the page, asked as the page asks it.
ASK = """async ([kind, model, normalisation, inks]) => {
    const name = (await (await fetch("sw.js")).text()).match(/assets\\/worker-[^"]+\\.js/)[0];
    const worker = new Worker(name);
    const grey = ({width, height, pixels}) =>
        ({width, height, pixels: Uint8Array.from(atob(pixels), (char) => char.charCodeAt(0))});
    const picture = async ({width, height, pixels}) => {
        const image = new ImageData(width, height);
        grey({width, height, pixels}).pixels.forEach((value, i) => image.data.set([value, value, value, 255], 4 * i));
        return createImageBitmap(image);
    };
    const answers = [];
    for (const [id, ink] of inks.entries()) {
        const sent = ink.strokes ? ink : ink.scan ? {scan: grey(ink.scan)} : {photo: await picture(ink.photo)};
        answers.push(await new Promise((resolve, reject) => {
            worker.onmessage = ({data}) => ("error" in data ? reject(new Error(data.error)) : resolve(data.value));
            worker.postMessage({id, kind, model, normalisation, ink: sent});
        }));
    }
    worker.terminate();
    return answers;
}"""


class Bench(NamedTuple):
    """An open page, what it ships, and ink to read.

    Attributes:
        listed: `models.json`.
        scans: uint8 [height, width] each, 255 = paper.
        inks: strokes of a formula, or a photo of one.
    """

    page: Page
    recognisers: dict[str, Recogniser]
    listed: dict
    scans: list[np.ndarray]
    inks: list[list[np.ndarray] | np.ndarray]

    def ask(self, kind: str, variant: str, inks: list[dict]) -> list[dict]:
        """The answers of the page's worker."""
        listed = self.listed[f"{kind}s"][0]
        (model,) = (one for one in listed["variants"] if one["name"] == variant)
        return self.page.evaluate(ASK, [kind, model, listed["normalisation"], inks])

    @property
    def frame(self) -> Frame:
        """The canvas of the formulas."""
        sizes = self.listed["formulas"][0]["normalisation"]
        return Frame(*(sizes[name] for name in Frame._fields))


def small_ink() -> tuple[list[np.ndarray], list]:
    """Scans by writers that the recogniser does not know, and formulas of either kind."""
    scans = [scan(char, writer) for writer in UNSEEN for char in CLASSES]
    lines = itertools.islice(itertools.product(LABELS, repeat=3), PHOTOS)
    return scans, [*inks(FORMULAS - PHOTOS, seed=99), *(np.asarray(photograph(list(line), 3)) for line in lines)]


def stored_ink() -> tuple[list[np.ndarray], list]:
    """The test parts of the last `dvc repro`: samples as scans, formulas as strokes, photos as canvases."""
    rows = itertools.islice(_rows("data/splits/parquet"), SAMPLES)
    scans = [255 - decode_png(row["image"]["bytes"]) for row in rows]
    inks = [
        [np.array(stroke).reshape(-1, 2) for stroke in row["strokes"]] or 255 - decode_png(row["image"]["bytes"])
        for row in itertools.islice(_rows("data/math/splits/parquet"), FORMULAS)
    ]
    return scans, inks


def _rows(folder: str) -> Iterator[dict]:
    for shard in sorted(Path(folder).glob("test-*.parquet")):
        for batch in pq.ParquetFile(shard).iter_batches(100):
            yield from batch.to_pylist()


@contextlib.contextmanager
def opened(
    browser: Browser, folder: Path, recognisers: dict[str, Recogniser], ink: tuple[list, list]
) -> Iterator[Bench]:
    """The bench of a built page."""
    listed = json.loads((folder / "models.json").read_text(encoding="utf-8"))
    with served(folder) as address, browser.new_context(service_workers="block") as context:
        page = context.new_page()
        page.set_default_timeout(PATIENCE)
        page.goto(address)
        yield Bench(page, recognisers, listed, *ink)


@pytest.fixture(scope="module", params=["small", pytest.param("stored", marks=pytest.mark.slow)])
def bench(request, browser, make_page, tmp_path_factory) -> Iterator[Bench]:
    if request.param == "small":
        site = request.getfixturevalue("site")
        recognisers, folder, ink = site.recognisers, site.folder, small_ink()
    else:
        recognisers = _stored()
        folder, ink = make_page(_listed(recognisers), tmp_path_factory.mktemp("stored")), stored_ink()
    with opened(browser, folder, recognisers, ink) as bench:
        yield bench


@pytest.fixture(scope="module")
def untrained(browser, make_page, tmp_path_factory) -> Iterator[Bench]:
    from tests.app import small  # with TensorFlow

    recognisers = small.networks()
    folder = make_page(_listed(recognisers), tmp_path_factory.mktemp("untrained"))
    scans, lines = small_ink()
    with opened(browser, folder, recognisers, (scans[:20], lines[:10])) as bench:
        yield bench


def _listed(recognisers: dict[str, Recogniser]) -> dict[str, list[Recogniser]]:
    return {kind: [one] for kind, one in recognisers.items()}


def _stored() -> dict[str, Recogniser]:
    """What stage `app` ships of the recognisers trained here."""
    from stages import app

    needed = [*Path().glob("models/*/*.tflite"), *Path().glob("data/**/splits/parquet/test-*.parquet")]
    if len(needed) < 9:
        pytest.skip("needs the outputs of `dvc repro`: the models and the test parts of both branches")
    return {kind: found[-1] for kind, found in app.recognisers().items()}  # the one trained here is the last


def variants(bench: Bench, name: str) -> Iterator[tuple[str, bytes]]:
    yield from ((variant.name, variant.data) for variant in bench.recognisers[name].variants)


def test_characters_are_read_alike(bench):
    assert len(bench.scans) == SAMPLES
    images = np.stack([normalise(scan) for scan in bench.scans])
    for variant, data in variants(bench, "characters"):
        expected = Runner(data)(images)
        answers = bench.ask("character", variant, [{"scan": pack(scan)} for scan in bench.scans])
        firsts = [answer["candidates"][0] for answer in answers]
        assert [first["label"] for first in firsts] == expected.argmax(axis=1).tolist(), variant
        found = np.array([first["probability"] for first in firsts])
        np.testing.assert_allclose(found, expected.max(axis=1), atol=PROBABILITY[variant], err_msg=variant)


def test_formulas_are_boxed_alike(bench):
    assert len(bench.inks) == FORMULAS
    images = np.stack([canvas for ink in bench.inks for canvas in canvases(ink, bench.frame)])
    inks = [{"photo": pack(ink)} if isinstance(ink, np.ndarray) else {"strokes": flat(ink)} for ink in bench.inks]
    for variant, data in variants(bench, "formulas"):
        expected = Runner(data).outputs(images[..., None])
        answers = bench.ask("formula", variant, inks)
        formulas = [formula["detections"] for answer in answers for formula in answer["formulas"]]
        assert len(formulas) == len(images)
        overlaps = []
        for index, found in enumerate(formulas):
            corners = np.array([[one[side] for side in SIDES] for one in found]).reshape(-1, 4)
            labels = np.array([one["label"] for one in found])
            sure = expected["scores"][index] >= SURE
            for box, label in zip(expected["boxes"][index][sure], expected["classes"][index][sure], strict=True):
                same = box_iou(box, corners) * (labels == label)
                overlaps.append(same.max(initial=0))
        assert len(overlaps) >= FORMULAS
        assert (np.array(overlaps) >= IOU).mean() >= ALIKE[variant], (variant, sorted(overlaps)[:10])


@pytest.mark.slow
def test_the_networks_of_the_pipeline_run_alike(untrained):
    """With every operator that they use."""
    images = np.stack([normalise(scan) for scan in untrained.scans])
    for variant, data in variants(untrained, "characters"):
        answers = untrained.ask("character", variant, [{"scan": pack(scan)} for scan in untrained.scans])
        found = [sorted(answer["candidates"], key=lambda one: one["label"]) for answer in answers]
        probabilities = [[one["probability"] for one in candidates] for candidates in found]
        np.testing.assert_allclose(probabilities, Runner(data)(images), atol=PROBABILITY[variant], err_msg=variant)
    ((variant, data),) = variants(untrained, "formulas")
    answers = untrained.ask("formula", variant, [{"strokes": flat(ink)} for ink in untrained.inks])
    images = np.stack([canvas for ink in untrained.inks for canvas in canvases(ink, untrained.frame)])
    expected = Runner(data).outputs(images[..., None])
    formulas = [formula["detections"] for answer in answers for formula in answer["formulas"]]
    for found, scores in zip(formulas, expected["scores"], strict=True):
        best = [one["score"] for one in found][:10]
        np.testing.assert_allclose(best, scores[: len(best)], atol=SCORE)
        assert best


def canvases(ink: list[np.ndarray] | np.ndarray, frame: Frame) -> list[np.ndarray]:
    """The pictures that the pipeline shows a detector: one per formula."""
    if isinstance(ink, np.ndarray):
        blocks = find_blocks(ink)
        return [place_block(blocks[index], frame)[0] for index in block_order(blocks)]
    return [draw_ink(ink, [[index] for index in range(len(ink))], frame).image]
