"""Stage `math-report`: plots what one detector found, from the files of `math-evaluate`.

    python -m stages.math_report float16

Writes plots/math/pr/<variant>.json (precision against recall), plots/math/classes/<variant>.json (figures per class)
and plots/math/sheets/<variant>.png (formulas with detections). Runs no model; COCO's figures take a few seconds.
"""

from __future__ import annotations

import itertools

from pipeline import files
from pipeline.edge.detections import DEFAULT_THRESHOLD, Detections
from pipeline.edge.segments import places
from pipeline.edge.variants import VARIANTS, Variant
from pipeline.formats.formula import Formula, decode_canvas, part_classes, read_part
from pipeline.report import formula_sheet, precision
from pipeline.report.formula_sheet import SheetEntry
from pipeline.scoring.coco import Truth, score_boxes
from pipeline.scoring.readings import read_found
from stages import run_stage
from stages.paths import MATH_METRICS, MATH_PLOTS, MATH_READINGS, MATH_SPLITS

SHOWN = 5  # formulas of ink on the sheet, and the same number of photos


def main(variant: Variant) -> None:
    class_list = part_classes(MATH_SPLITS, "test")
    formulas = list(read_part(MATH_SPLITS, "test"))
    found = read_found(MATH_READINGS / f"{variant}.parquet")
    scores = score_boxes([Truth(formula.boxes, formula.labels) for formula in formulas], found)
    files.write_json(MATH_PLOTS / "pr" / f"{variant}.json", precision.curve_rows(scores))
    files.write_json(MATH_PLOTS / "classes" / f"{variant}.json", precision.class_rows(scores, class_list))
    threshold = files.read_json(MATH_METRICS / f"{variant}.json").get("threshold", DEFAULT_THRESHOLD)
    pairs = list(zip(formulas, found, strict=True))
    ink, photos = ([pair for pair in pairs if bool(pair[0].strokes) == kind][:SHOWN] for kind in (True, False))
    with files.atomic_file(MATH_PLOTS / "sheets" / f"{variant}.png") as partial:
        formula_sheet.draw(list(itertools.starmap(_entry, ink + photos)), class_list, partial, threshold)


def _entry(formula: Formula, found: Detections) -> SheetEntry:
    return SheetEntry(decode_canvas(formula)[..., 0], Truth(formula.boxes, formula.labels), places(found))


if __name__ == "__main__":
    run_stage(main, VARIANTS)
