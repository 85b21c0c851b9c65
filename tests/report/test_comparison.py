"""The comparison: the article first, then each variant, in the reader's units."""

from pipeline.report import comparison

METRICS = {
    "top1": 0.98765,
    "top5": 0.999,
    "top10": 1.0,
    "macro": 0.9,
    "agreement": 1.0,
    "bytes": 2_947_208,
    "params": 2_934_379,
    "macs": 101_300_000,
    "test_samples": 2400,
    "classes": 200,
}
VARIANTS = {"float32": METRICS, "dynamic": METRICS}

OURS = ["98.77 %", "99.90 %", "99.12 %", "100.00 %", "2.95", "2.93 M", "101 M"]


def test_rows_stand_beside_the_articles_figures():
    article, float32, dynamic = comparison.table(VARIANTS, train_top1=0.99123)
    assert article == ["the article", "94.00 %", "–", "98.00 %", "–", "3.23", "–", "–"]
    assert float32 == ["float32", *OURS]
    assert dynamic == ["dynamic", *OURS[:2], "–", *OURS[3:]]
    assert {len(row) for row in (article, float32, dynamic)} == {len(comparison.HEADER)}


def test_conditions_are_stated():
    text = comparison.conditions(METRICS)
    for part in ("2,400 test samples", "200 classes"):
        assert part in text


def test_plot_rows_are_flat():
    assert comparison.plot_rows(VARIANTS) == [
        {"variant": name, "bytes": 2_947_208, "mb": 2.947, "top1": 0.98765} for name in VARIANTS
    ]
