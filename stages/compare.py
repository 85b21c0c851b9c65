"""Stage `compare`: writes tables of the variants of both branches and the article's figures.

    python -m stages.compare

Reads metrics/ and benchmarks/architectures.json, writes reports/comparison.md, plots/variants.json and
plots/math/variants.json, and prints the tables.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pipeline import files
from pipeline.edge.variants import REFERENCE, VARIANTS
from pipeline.errors import InkError
from pipeline.report import comparison, math_comparison, tables
from stages import run_stage
from stages.paths import ARCHITECTURES, CURVES, MATH_METRICS, MATH_PLOTS, METRICS, PLOTS, REPORTS

Section = tuple[str, tuple[str, ...], list[list[str]], str]  # title, header, rows, measuring conditions


def main() -> None:
    sections = [_recogniser(), *_detectors()]
    report = "\n".join(
        f"# {title}\n\n{tables.markdown(header, rows)}\n{text}\n" for title, header, rows, text in sections
    )
    files.write_text(REPORTS / "comparison.md", report)
    for title, header, rows, text in sections:
        tables.show(header, rows, title=f"{title} under LiteRT" if title == "Variants" else title)
        print(text)


def _recogniser() -> Section:
    variants: dict[str, Any] = {variant: _read(METRICS / f"{variant}.json") for variant in VARIANTS}
    train_top1 = _read(CURVES / "metrics.json")["train"]["accuracy_clean"]
    files.write_json(PLOTS / "variants.json", comparison.plot_rows(variants))
    rows = comparison.table(variants, train_top1)
    return "Variants", comparison.HEADER, rows, comparison.conditions(variants[REFERENCE])


def _detectors() -> list[Section]:
    variants: dict[str, Any] = {variant: _read(MATH_METRICS / f"{variant}.json") for variant in VARIANTS}
    reference = variants[REFERENCE]
    files.write_json(MATH_PLOTS / "variants.json", math_comparison.plot_rows(variants))
    benchmark = _read(ARCHITECTURES, "python -m benchmarks.architectures")
    return [
        (
            "Math symbols: variants",
            math_comparison.VARIANT_HEADER,
            math_comparison.variant_rows(variants),
            math_comparison.conditions(reference),
        ),
        (
            "Math symbols: architectures",
            math_comparison.ARCHITECTURE_HEADER,
            math_comparison.architecture_rows(benchmark["architectures"]),
            benchmark["conditions"],
        ),
        (
            "Math symbols: compute of one formula",
            math_comparison.COMPUTE_HEADER,
            math_comparison.compute_rows(reference),
            f"On the same canvas; the article: {math_comparison.ARTICLE.times_less_compute} x less.",
        ),
    ]


def _read(path: Path, command: str = "dvc repro") -> Any:
    try:
        return files.read_json(path)
    except FileNotFoundError as error:
        raise InkError(f"{path}: expected metrics, found nothing; run `{command}`") from error


if __name__ == "__main__":
    run_stage(main)
