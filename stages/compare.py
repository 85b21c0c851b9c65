"""Stage `compare`: the variants in one table beside the article's figures.

    python -m stages.compare

Reads metrics/, writes reports/comparison.md and plots/variants.json, and prints the table.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from pipeline import files
from pipeline.edge.variants import REFERENCE, VARIANTS
from pipeline.errors import InkError
from pipeline.report import comparison, tables
from stages import run_stage
from stages.paths import CURVES, METRICS, PLOTS, REPORTS


def main() -> None:
    variants: dict[str, Any] = {variant: _read(METRICS / f"{variant}.json") for variant in VARIANTS}
    train_top1 = _read(CURVES / "metrics.json")["train"]["accuracy_clean"]
    rows = comparison.table(variants, train_top1)
    conditions = comparison.conditions(variants[REFERENCE])
    files.write_text(
        REPORTS / "comparison.md", f"# Variants\n\n{tables.markdown(comparison.HEADER, rows)}\n{conditions}\n"
    )
    files.write_json(PLOTS / "variants.json", comparison.plot_rows(variants))
    tables.show(comparison.HEADER, rows, title="Variants under LiteRT")
    print(conditions)


def _read(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise InkError(f"{path}: expected metrics, found nothing; run `dvc repro`") from error


if __name__ == "__main__":
    run_stage(main)
