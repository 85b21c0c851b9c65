"""How much of what people photograph and scan is read: made pictures of many kinds, of one and the same ink.

    python -m benchmarks.made_pictures          # how well the ink is found; no model needed
    python -m benchmarks.made_pictures --characters models/hccr/dynamic.tflite --formulas models/math/float16.tflite

The writers of the embedded corpora, but others than theirs, write characters and formulas; `LOOKS` says on what, in
which light and how it is stored. Ink: IoU of the picture that the network sees with that of the same ink, black on pure
white. Read: characters whose likeliest candidate is right; symbols that have a box of the right name at an IoU of 0.5,
where the box of a tilted symbol is the one around its turned box. Kept: the share of those read on pure white that is
still read. A page shows several of the same formulas. Needs `dvc repro medians`; takes ten minutes, or less with
`--kinds`.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
from PIL import Image

from pipeline.command import command_parser
from pipeline.edge.detections import Detections
from pipeline.errors import InkError
from pipeline.formats.charset import GB2312_LEVEL1
from pipeline.formats.image import read_grey
from pipeline.formats.symbols import LABELS
from pipeline.ink.canvas import Frame, draw_ink
from pipeline.ink.develop import BlankPhotoError, place_photo
from pipeline.ink.normalise import BlankScanError
from pipeline.progress import progress
from pipeline.recognize.reader import CharacterReader, FormulaReader, normalise_picture
from pipeline.report import tables
from pipeline.scoring.coco import Truth, match
from pipeline.synthesis.characters import draw_sample
from pipeline.synthesis.formulas.grammar import ORDER, compose
from pipeline.synthesis.formulas.handwriting import draw_formula_writer, write_formula
from pipeline.synthesis.hands.medians import load_medians
from pipeline.synthesis.hands.skeleton import build_skeleton
from pipeline.synthesis.hands.writers import draw_writer
from stages.paths import MEDIANS

SEED, FIRST_WRITER, LOOSENESS = 77, 7001, 0.5  # of writers whom no corpus has
CHARACTERS, FORMULAS = 50, 30  # how many of each are read
SCALE = 4  # picture pixels per pixel of a scan
FRAME = Frame(height=512, width=2048, symbol=128.0, pen=8.0)  # of the drawn formulas
CANVAS = Frame(height=128, width=512, symbol=32.0, pen=2.0)  # of a detector, where no model says its own


class Drawing(NamedTuple):
    """Ink, cropped to its extent."""

    ink: np.ndarray  # uint8 [height, width], 255 = full ink
    boxes: np.ndarray  # float64 [n, 4]: ymin, xmin, ymax, xmax in pixels
    labels: tuple[str, ...]


@dataclass(frozen=True)
class Look:
    """What ink is on, and how it is stored.

    Attributes:
        margin: share of the ink's shorter side that is left blank at each side.
        paper: its level, 0 to 255.
        ink: its level, or its red, green and blue.
        zoom: size of the ink.
        noise: of the sensor, standard deviation.
        grid: "" for plain paper, "ruled" or "squared".
        shade: share of the light that is lost towards one corner, and in a soft shadow.
        rims: pixels of dark desk above, below, to the left and to the right of the sheet.
        tilt: of the sheet on the desk or in the picture, degrees.
        pen: width of the pen in that of the writer's.
        form: "png", "jpeg", "transparent" (the ink alone), or the number of bits of a 16-bit PNG that are used.
    """

    margin: float = 0.3
    paper: int = 255
    ink: int | tuple[int, int, int] = 0
    zoom: float = 1.0
    noise: float = 0.0
    grid: str = ""
    shade: float = 0.0
    rims: tuple[int, int, int, int] = (0, 0, 0, 0)
    tilt: float = 0.0
    pen: float = 1.0
    form: str = "png"


PAGE = Look(paper=222, ink=45, noise=3.0, form="jpeg")
BOARD = Look(paper=48, ink=205, noise=3.0, form="jpeg")
LOOKS: Mapping[str, Look] = {
    "pure white": Look(),
    "page": PAGE,
    "ruled": replace(PAGE, grid="ruled"),
    "squared": replace(PAGE, grid="squared"),
    "shadow": replace(PAGE, shade=0.35),
    "deep shadow": replace(PAGE, shade=0.55),
    "blue ink": replace(PAGE, ink=(40, 62, 150)),
    "pencil": replace(PAGE, ink=130),
    "whiteboard": Look(paper=235, ink=(30, 60, 170), noise=3.0, shade=0.2, form="jpeg"),
    "wide margins": replace(PAGE, margin=1.5),
    "tight": Look(margin=0.0),
    "tight page": replace(PAGE, margin=0.0),
    "blackboard": BOARD,
    "blackboard, shadow": replace(BOARD, shade=0.35),
    "dark mode": Look(paper=30, ink=235),
    "desk, 20 pixels": replace(PAGE, rims=(20, 20, 20, 20)),
    "desk, 60 pixels": replace(PAGE, rims=(60, 60, 60, 60)),
    "desk, 120 pixels": replace(PAGE, rims=(120, 120, 120, 120)),
    "desk, three sides": replace(PAGE, rims=(20, 30, 25, 0)),
    "desk, two sides": replace(PAGE, rims=(0, 50, 0, 80)),
    "desk, one side": replace(PAGE, rims=(0, 0, 40, 0)),
    "desk, tilted": replace(PAGE, rims=(60, 60, 60, 60), tilt=2.5),
    "desk, shadow": replace(PAGE, rims=(60, 60, 60, 60), tilt=-1.5, shade=0.35),
    "transparent, dark ink": Look(form="transparent"),
    "transparent, light ink": Look(ink=255, form="transparent"),
    "thick pen": Look(margin=0.04, pen=2.6),
    "thick pen, grey": Look(margin=0.04, pen=2.6, paper=230),
    "thick pen, page": replace(PAGE, margin=0.04, pen=2.6),
    "thick pen, board": replace(BOARD, margin=0.04, pen=2.6),
    "8 bits in 16": Look(paper=200, form="8"),
    "12 bits in 16": replace(PAGE, form="12"),
}


FORMULA_LOOKS: Mapping[str, Look] = {  # of formulas only: characters are not turned
    "small, far away": replace(PAGE, zoom=0.25, margin=8.0),
    "tilt of 5 degrees": replace(PAGE, tilt=5.0),
    "tilt of 10 degrees": replace(PAGE, tilt=-10.0),
    "tilt of 20 degrees": replace(PAGE, tilt=20.0),
    "squared, tilt of 8 degrees": replace(PAGE, grid="squared", tilt=8.0),
}
PAGES: Mapping[str, Look] = {
    "five on a page": PAGE,
    "five, ruled": replace(PAGE, grid="ruled"),
    "five, blackboard": BOARD,
    "five, tilt of 5 degrees": replace(PAGE, tilt=-5.0),
    "five, tilt of 10 degrees": replace(PAGE, tilt=10.0),
    "five, tilt of 20 degrees": replace(PAGE, tilt=-20.0),
    "five, desk, shadow": replace(PAGE, rims=(60, 60, 60, 60), tilt=-1.5, shade=0.35),
}
KINDS: Mapping[str, Look] = {**LOOKS, **FORMULA_LOOKS, **PAGES}
PER_PAGE = 5
LINE_GAP = 1.2  # in symbols, between the formulas of a page


class Photo(NamedTuple):
    """A picture file of a drawing."""

    data: bytes
    boxes: np.ndarray  # float64 [n, 4]: ymin, xmin, ymax, xmax in its pixels


def render(drawing: Drawing, look: Look, seed: int) -> Photo:
    """Makes a picture of ink; the seed decides noise and light."""
    rng = np.random.default_rng(seed)
    if look.zoom != 1:
        ink = cv2.resize(drawing.ink, None, fx=look.zoom, fy=look.zoom, interpolation=cv2.INTER_AREA)
        drawing = drawing._replace(ink=ink, boxes=drawing.boxes * look.zoom)
    blank = round(look.margin * min(drawing.ink.shape))
    share = np.pad(drawing.ink, blank) / 255
    if look.form == "transparent":
        grey = np.full(share.shape, look.ink, np.uint8)
        alpha = np.round(255 * share).astype(np.uint8)
        return Photo(_saved(Image.merge("LA", [Image.fromarray(grey), Image.fromarray(alpha)])), drawing.boxes + blank)
    share = np.maximum(share, 0.25 * _grid(share.shape, look.grid))[..., None]
    light = _light(share.shape[:2], look.shade, rng)[..., None]
    turn, picture = _on_desk((look.paper + (np.atleast_1d(look.ink) - look.paper) * share) * light, look, rng)
    noise = rng.normal(0, 1, picture.shape[:2])[..., None]
    picture = np.clip(picture + noise * look.noise, 0, 255).squeeze()
    return Photo(_stored(picture, look.form), _turned(drawing.boxes + blank, turn))


def _turned(boxes: np.ndarray, turn: np.ndarray) -> np.ndarray:
    """The boxes around turned boxes: float64 [n, 4]."""
    corners = boxes[:, [1, 0, 3, 0, 1, 2, 3, 2]].reshape(-1, 4, 2) @ turn[:, :2].T + turn[:, 2]
    return np.concatenate([corners.min(axis=1)[:, ::-1], corners.max(axis=1)[:, ::-1]], axis=1)


def _stored(grey: np.ndarray, form: str) -> bytes:
    if form.isdigit():
        most = (1 << int(form)) - 1
        return _saved(Image.fromarray(np.round(grey * most / 255).astype(np.uint16)))
    picture = Image.fromarray(grey.round().astype(np.uint8))
    return _saved(picture, quality=88) if form == "jpeg" else _saved(picture)


def _saved(picture: Image.Image, **options: int) -> bytes:
    file = io.BytesIO()
    picture.save(file, "JPEG" if options else "PNG", **options)
    return file.getvalue()


def _grid(shape: tuple[int, ...], kind: str) -> np.ndarray:
    """Printed lines: bool [height, width]."""
    step, lines = max(min(shape) // 5, 12), np.zeros(shape, bool)
    if kind:
        lines[step // 2 :: step] = lines[step // 2 + 1 :: step] = True
    if kind == "squared":
        lines[:, step // 2 :: step] = lines[:, step // 2 + 1 :: step] = True
    return lines


def _light(shape: tuple[int, ...], shade: float, rng: np.random.Generator) -> np.ndarray:
    """Share of the full light: a slope towards a corner, and the soft edge of a shadow. float64 [height, width]."""
    x, y = np.meshgrid(np.linspace(0, 1, shape[1]), np.linspace(0, 1, shape[0]))
    along = (x + y) / 2 if rng.random() < 0.5 else (x + 1 - y) / 2
    edge = np.clip((along - rng.uniform(0.3, 0.6)) / 0.1, 0, 1)
    return 1 - shade * (0.5 * along + 0.5 * edge)


def _on_desk(sheet: np.ndarray, look: Look, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """The sheet, [height, width, channels], turned and laid on a desk: the matrix [2, 3] of x and y, and float64.

    Where there is no rim, the sheet goes on beyond the picture. Without any, the picture shows the whole turned sheet.
    """
    above, below, left, right = look.rims
    height, width = sheet.shape[:2]
    size = left + width + right, above + height + below
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), look.tilt, 1)
    if not any(look.rims):
        if not look.tilt:
            return turn, sheet
        wider, higher = (np.abs(turn[:, :2]) @ [width, height]).astype(int)
        turn[:, 2] += (wider - width) / 2, (higher - height) / 2
        return turn, _warped(sheet, turn, (int(wider), int(higher)))
    turn[:, 2] += left, above
    far = 4 * max(size)
    ends = [0 if left else -far, 0 if above else -far, width if right else far, height if below else far]
    corners = np.array([ends[:2], [ends[2], ends[1]], ends[2:], [ends[0], ends[3]]]) @ turn[:, :2].T + turn[:, 2]
    cover = np.zeros((size[1], size[0]), np.uint8)
    cv2.fillConvexPoly(cover, np.round(corners * 16).astype(np.int32), 255, cv2.LINE_AA, 4)
    share = cv2.GaussianBlur(cover, (3, 3), 0) / 255
    desk = rng.normal(42, 4, share.shape) * (1 - share)
    return turn, _warped(sheet, turn, size) * share[..., None] + desk[..., None]


def _warped(sheet: np.ndarray, turn: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    warped = cv2.warpAffine(sheet, turn, size, borderMode=cv2.BORDER_REPLICATE)
    return warped.reshape(*warped.shape[:2], -1)  # OpenCV leaves out a single channel


def draw_characters(chars: Sequence[str], pen: float) -> list[Drawing]:
    """Each character by a writer of its own."""
    drawings = []
    medians = load_medians(MEDIANS / "medians.jsonl", chars)
    for number, (char, strokes) in enumerate(medians.items(), start=FIRST_WRITER):
        writer = draw_writer(SEED, number, LOOSENESS)
        scan = draw_sample(build_skeleton(strokes), replace(writer, pen=writer.pen * pen), (SEED, number, ord(char)), 0)
        ink = 255 - cv2.resize(scan, None, fx=SCALE, fy=SCALE, interpolation=cv2.INTER_LINEAR)
        drawings.append(Drawing(ink, np.array([[0.0, 0.0, *ink.shape]]), (char,)))
    return drawings


def draw_formulas(symbols: Sequence[str], count: int, pen: float) -> list[Drawing]:
    """Formulas of these symbols, each by a writer of its own."""
    drawings = []
    for number in range(FIRST_WRITER, FIRST_WRITER + count):
        written = write_formula(compose(symbols, SEED, 0, number), draw_formula_writer(SEED, number, LOOSENESS), 0)
        labels, members = zip(*written.symbols, strict=True)
        picture = draw_ink(written.traces, members, FRAME._replace(pen=FRAME.pen * pen))
        left, top, width, height = cv2.boundingRect(picture.image)
        boxes = picture.boxes.astype(np.float64) - [top, left, top, left]
        drawings.append(Drawing(picture.image[top : top + height, left : left + width], boxes, labels))
    return drawings


def draw_page(drawings: Sequence[Drawing]) -> Drawing:
    """Formulas one below the other, each a little further to the right than the one above."""
    gap, indent = round(LINE_GAP * FRAME.symbol), round(FRAME.symbol / 4)
    shapes = np.array([drawing.ink.shape for drawing in drawings])
    lefts = indent * np.arange(len(drawings))
    tops = np.concatenate([[0], np.cumsum(shapes[:-1, 0] + gap)])
    ink = np.zeros((tops[-1] + shapes[-1, 0], int((lefts + shapes[:, 1]).max())), np.uint8)
    boxes = []
    for drawing, top, left in zip(drawings, tops, lefts, strict=True):
        height, width = drawing.ink.shape
        boxes.append(drawing.boxes + np.array([top, left, top, left]))
        ink[top : top + height, left : left + width] = drawing.ink
    return Drawing(ink, np.concatenate(boxes), tuple(label for drawing in drawings for label in drawing.labels))


class Result(NamedTuple):
    """One picture: the network's picture of it, and which of its labels were read."""

    seen: np.ndarray | None
    read: np.ndarray  # bool [n]


def read_character(grey: np.ndarray, drawing: Drawing, reader: CharacterReader | None) -> Result:
    """Reads a picture of a character."""
    try:
        if reader is None:
            return Result(normalise_picture(grey), np.array([False]))
        reading = reader.read(grey)
    except (BlankScanError, BlankPhotoError, InkError):
        return Result(None, np.array([False]))
    return Result(reading.seen, np.array([reading.candidates[0].text == drawing.labels[0]]))


def read_formula(grey: np.ndarray, photo: Photo, drawing: Drawing, reader: FormulaReader | None) -> Result:
    """Reads a picture of a formula."""
    read = np.zeros(len(drawing.labels), bool)
    try:
        seen, _ = place_photo(grey, CANVAS)
        found = reader.read(grey).symbols if reader else []
    except (BlankPhotoError, InkError):
        return Result(None, read)
    truth = Truth(photo.boxes, np.array([LABELS[label] for label in drawing.labels]))
    boxes = np.array([symbol.box for symbol in found]).reshape(-1, 4)
    labels = np.array([LABELS.get(symbol.text, -1) for symbol in found], np.int64)
    scores = np.array([symbol.score for symbol in found])
    matched = match(truth, Detections(boxes=boxes, labels=labels, scores=scores))
    read[matched[matched >= 0]] = True
    return Result(seen, read)


def overlap(one: np.ndarray | None, other: np.ndarray | None) -> float:
    """IoU of the ink of two of the network's pictures; 0 if there is none."""
    if one is None or other is None:
        return 0.0
    a, b = one > 127, other > 127
    return float((a & b).sum() / max(int((a | b).sum()), 1))


def cells(results: Sequence[Result], clean: Sequence[Result], has_model: bool) -> list[str]:
    """Ink, read and kept of one kind of picture, against the same ink on pure white; pages have no ink."""
    ink = f"{_mean_overlap(results, clean):.3f}" if len(results) == len(clean) else ""
    read, known = (np.concatenate([result.read for result in group]) for group in (results, clean))
    kept = (read & known).sum() / max(int(known.sum()), 1)
    return [ink, *((f"{read.mean():.1%}", f"{kept:.1%}") if has_model else ("", ""))]


def _mean_overlap(results: Sequence[Result], clean: Sequence[Result]) -> float:
    return float(np.mean([overlap(one.seen, other.seen) for one, other in zip(results, clean, strict=True)]))


def main() -> None:
    """Prints the table."""
    parser = command_parser("benchmarks.made_pictures", __doc__)
    parser.add_argument("--characters", type=Path, metavar="MODEL", help="reads characters: a .tflite file")
    parser.add_argument("--formulas", type=Path, metavar="MODEL", help="reads formulas: a .tflite file")
    parser.add_argument(
        "--kinds", nargs="+", choices=KINDS, default=list(KINDS), metavar="NAME", help="some kinds only"
    )
    arguments = parser.parse_args()
    cv2.setNumThreads(1)
    characters = arguments.characters and CharacterReader(arguments.characters.read_bytes())
    formulas = arguments.formulas and FormulaReader(arguments.formulas.read_bytes())
    chars = (characters.labels if characters else GB2312_LEVEL1)[:CHARACTERS]
    symbols = tuple(label for label in ORDER if not formulas or label in formulas.labels)
    pens = sorted({look.pen for look in LOOKS.values()})
    written = {pen: draw_characters(chars, pen) for pen in pens}
    composed = {pen: draw_formulas(symbols, FORMULAS, pen) for pen in pens}

    pages = [draw_page(composed[1.0][first : first + PER_PAGE]) for first in range(0, FORMULAS, PER_PAGE)]

    def read_characters(look: Look) -> list[Result]:
        return [
            read_character(read_grey(render(drawing, look, number).data), drawing, characters)
            for number, drawing in enumerate(written[look.pen])
        ]

    def read_formulas(look: Look, drawings: Sequence[Drawing]) -> list[Result]:
        photos = [render(drawing, look, number) for number, drawing in enumerate(drawings)]
        return [
            read_formula(read_grey(photo.data), photo, drawing, formulas)
            for photo, drawing in zip(photos, drawings, strict=True)
        ]

    clean = {pen: (read_characters(Look(pen=pen)), read_formulas(Look(pen=pen), composed[pen])) for pen in pens}
    rows = []
    for name in progress(arguments.kinds, total=len(arguments.kinds), desc="kinds", unit="kind"):
        look = KINDS[name]
        one = cells(read_characters(look), clean[look.pen][0], bool(characters)) if name in LOOKS else ("", "", "")
        other = read_formulas(look, pages if name in PAGES else composed[look.pen])
        rows.append([name, *one, *cells(other, clean[look.pen][1], bool(formulas))])
    header = ("picture", "characters: ink", "read", "kept", "formulas: ink", "read", "kept")
    tables.show(header, rows, title=f"{len(chars)} characters, {FORMULAS} formulas")


if __name__ == "__main__":
    main()
