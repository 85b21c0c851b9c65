"""Draws the hands that the embedded corpus may be written by: one row per hand, then some writers who mix them.

    dvc repro faces -s           # after `strokes.hands: all` in params.yaml
    python -m benchmarks.hands_sheet docs/hands.png

Reads data/raw/medians and data/raw/faces. Takes a few seconds.
"""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from pipeline.command import command_parser, run_command
from pipeline.files import atomic_file
from pipeline.ink.normalise import SIDE, normalise
from pipeline.params import load_params
from pipeline.synthesis.characters import draw_sample
from pipeline.synthesis.hands.writers import FIRST_WRITER, Writer, draw_writer
from pipeline.synthesis.repertoire import Hand, Repertoire
from pipeline.synthesis.tracing.faces import FACES
from stages.paths import HANDS, MEDIANS
from stages.strokes import load_hands

SEED = 1
WRITERS = 5
NAME = 150  # pixels of the column of names


def row(hands: dict[str, Hand], chars: str, writer: Writer, number: int) -> list[np.ndarray]:
    """Draws characters by one writer who knows `hands`; a blank where none has the character. uint8 [56, 56] each."""
    repertoire, cells = Repertoire(hands), []
    liking = repertoire.liking(writer, (SEED, number))
    for char in chars:
        if not any(char in hand.strokes for hand in hands.values()):
            cells.append(np.zeros((SIDE, SIDE), np.uint8))
            continue
        seed = (SEED, number, ord(char))
        cells.append(normalise(draw_sample(repertoire.choose(char, liking, seed)[0], writer, seed, 0)))
    return cells


def sheet(hands: dict[str, Hand], chars: str, looseness: float, narrow: float) -> Image.Image:
    """Draws the sheet: dark on white, one row per hand by a tidy writer, then loose writers who mix all hands."""
    tidy = draw_writer(SEED, FIRST_WRITER, 0.1)
    rows = {name: row({name: hand}, chars, tidy, FIRST_WRITER) for name, hand in hands.items()}
    for number in range(FIRST_WRITER + 1, FIRST_WRITER + 1 + WRITERS):
        writer = draw_writer(SEED, number, looseness, narrow)
        rows[f"writer {number}, {writer.leaning:.2f}"] = row(hands, chars, writer, number)
    picture = Image.new("L", (NAME + SIDE * len(chars), SIDE * len(rows)), 255)
    pen, font = ImageDraw.Draw(picture), ImageFont.load_default(13)
    for at, (name, cells) in enumerate(rows.items()):
        pen.text((6, at * SIDE + SIDE // 2 - 8), name, fill=0, font=font)
        picture.paste(Image.fromarray(255 - np.hstack(cells)), (NAME, at * SIDE))
    return picture


def main() -> None:
    """Writes the picture."""
    parser = command_parser("benchmarks.hands_sheet", __doc__)
    parser.add_argument("picture", type=Path, help="PNG file to write")
    parser.add_argument("--chars", default="我永国书语爱拔的飞龙鬱國35aG", help="characters to draw")
    arguments = parser.parse_args()
    cv2.setNumThreads(1)
    params = load_params().strokes
    found = [name for name in FACES if (HANDS / name / "strokes.jsonl").exists()]
    hands, _ = load_hands(params.model_copy(update={"hands": found}), MEDIANS / "medians.jsonl", HANDS)
    with atomic_file(arguments.picture) as partial:
        sheet(hands, arguments.chars, params.looseness, params.narrow).save(partial, format="PNG", optimize=True)


if __name__ == "__main__":
    run_command(main, "benchmarks.hands_sheet")
