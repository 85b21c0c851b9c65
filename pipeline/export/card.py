"""The model card: what a model is, what it learnt from, how, how well it does, what it can't do, and under which terms.

Figures and params are read from what the stages wrote, never typed here. After Mitchell et al. 2019, "Model Cards for
Model Reporting".
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from pipeline.edge.graph import Graph
from pipeline.edge.metadata import Description, Kind
from pipeline.export.licences import HEADER, Material, read_materials
from pipeline.export.lineage import Lineage, Stage, read_output
from pipeline.report.tables import markdown

WORST = 10  # classes named
LICENCE = Path("LICENSE")  # of the project


EMBEDDED: Mapping[str, str] = {
    "strokes": "synthetic handwriting: strokes of hanzi-writer-data as made-up writers write them, no real writer's",
    "formulas": "synthetic formulas: ink of made-up writers, and print in matplotlib's fonts as a camera would see it",
}
"""The corpora that the project makes itself, by stage; THIRD_PARTY.md states the terms of what they are made from."""

MEANINGS: Mapping[str, str] = {
    "top1": "share of the test samples that are read right",
    "top5": "share whose character is among the first five candidates",
    "top10": "share whose character is among the first ten candidates",
    "macro": "mean over the classes of the share that is read right",
    "agreement": "share that is read as the float32 model reads it",
    "ap50": "COCO's average precision at IoU 0.5, mean over the classes",
    "ap": "COCO's average precision, mean over IoU 0.5 to 0.95 and the classes",
    "ap75": "the same at IoU 0.75",
    "ar": "recall with at most 100 detections a formula, mean over the same",
    "ap50_weighted": "as `ap50`, each class weighted by how often it occurs",
    "ap_weighted": "as `ap`, likewise weighted",
    "ap75_weighted": "as `ap75`, likewise weighted",
    "ar_weighted": "as `ar`, likewise weighted",
    "ap50_ink": "`ap50` of handwritten formulas",
    "ap50_photos": "`ap50` of photographed formulas",
    "segments_recall": "share of the symbols whose strokes were found (CROHME's Segments)",
    "segments_precision": "share of the findings that are a symbol's strokes",
    "seg_class_recall": "share of the symbols that were found and named right (CROHME's Seg+Class)",
    "seg_class_precision": "share of the findings that are a symbol, named right",
    "threshold": "score from which places count in the four figures before; chosen on the validation part",
    "bytes": "size of the file",
    "params": "numbers in weights and biases",
    "macs": "multiply-accumulates of one run",
    "p50_ms": "milliseconds of one run on one thread, median",
    "p95_ms": "milliseconds of one run on one thread, 95th percentile",
    "p50_ms_2_threads": "on two threads, median",
    "p95_ms_2_threads": "on two threads, 95th percentile",
    "threads": "threads of that run",
    "cpu": "processor that it was timed on",
    "test_samples": "test samples",
    "test_images": "test formulas",
    "test_ink": "of them handwritten",
    "test_boxes": "symbols in them",
    "classes": "labels",
    "classes_missing_test": "labels that the test part has no symbol of",
    "canvas_height": "pixels, height of the input",
    "canvas_width": "pixels, width of the input",
}

_LIMITS: Mapping[Kind, tuple[str, ...]] = {
    "characters": (
        "Reads one character a picture, and always names one of its labels: what is none of them, a scribble included, "
        "gets a name too. Hold low confidence against it.",
        "Confidence is the network's own and not calibrated.",
        "The input must be normalised as in training (README); other pictures give names without meaning.",
    ),
    "formulas": (
        "Names symbols and where they stand; it does not parse the formula.",
        "At most 100 symbols a formula. What is none of its labels is left out or taken for one of them.",
        "A box may come several times, under labels that share its score: at most one of them has more than half. The "
        "README says how they make one finding.",
        "The input must be normalised as in training (README); other pictures give boxes without meaning.",
    ),
}


def model_card(name: str, data: bytes, graph: Graph, described: Description, lineage: Lineage) -> str:
    """The card of a model in Markdown.

    Args:
        name: of the file.
        data: the file.
        graph: of the file.
        described: what the file says of itself.
        lineage: of the file.
    """
    parts = {
        described.name: _summary(name, data, graph, described),
        "Data": _data(lineage),
        "Recipe": _recipe(lineage),
        "Metrics": _metrics(lineage),
        "Limits": _limits(described.kind, lineage),
        "Licence": _licence(lineage),
        "Where it comes from": _provenance(lineage),
    }
    (title, summary), *sections = parts.items()
    return "\n".join([f"# {title}\n\n{summary}", *(f"## {heading}\n\n{text}" for heading, text in sections)])


def licences(lineage: Lineage) -> list[Path]:
    """Texts that must go with the model: the project's licence, and those of the data that it learnt from."""
    return [LICENCE, *(material.file for material in _materials(lineage) if material.file)]


def _summary(name: str, data: bytes, graph: Graph, described: Description) -> str:
    rows = [
        ["file", f"`{name}`, {len(data):,} bytes"],
        ["SHA-256", hashlib.sha256(data).hexdigest()],
        ["labels", f"{len(described.labels):,}"],
        ["parameters", f"{graph.parameters:,}, stored as {', '.join(sorted(graph.weights))}"],
        ["multiply-accumulates", f"{graph.macs:,} a run"],
    ]
    return f"{described.purpose}\n\n{markdown(('', ''), rows, left=2)}"


def _data(lineage: Lineage) -> str:
    lines = [f"* {EMBEDDED[stage]}" for stage in _embedded(lineage)]
    lines += [f"* `{path}`, which the project's user brought" for path in lineage.sources]
    rows = [
        [stage.name, name, _shown(value)]
        for stage in lineage.stages
        for path in stage.outs
        if Path(path).parts[0] == "metrics" and path.endswith(".json")
        for name, value in _flat(read_output(stage, path))
    ]
    table = markdown(("stage", "figure", "value"), rows, left=2)
    return "\n".join([*lines, "", "What the stages counted, of data and of training:", "", table])


def _recipe(lineage: Lineage) -> str:
    params = {stage.name: dict(stage.params) for stage in lineage.stages if stage.params}
    text = yaml.safe_dump(params, sort_keys=False, allow_unicode=True, width=100)
    return f"Every param of every stage that led to the model, as it was run:\n\n```yaml\n{text}```\n"


def _metrics(lineage: Lineage) -> str:
    rows = [[name, MEANINGS.get(name, ""), _shown(value)] for name, value in lineage.metrics.items()]
    return (
        "Measured by `" + lineage.evaluation.name + "` under LiteRT, through this very file, on the test part, which "
        "training did not see:\n\n" + markdown(("metric", "meaning", "value"), rows, left=2)
    )


def _limits(kind: Kind, lineage: Lineage) -> str:
    lines = [f"* {limit}" for limit in _LIMITS[kind]]
    if _embedded(lineage):
        lines.append("* Learnt from synthetic data: expect less on real hands and cameras, and measure it on your own.")
    if missing := lineage.metrics.get("classes_missing_test"):
        lines.append(
            f"* {missing:,} of its labels do not occur in the test part: whether it knows them was not measured."
        )
    if lineage.report:
        lines += _worst(lineage.report)
    return "\n".join(lines) + "\n"


def _worst(report: Stage) -> Iterator[str]:
    """The labels that are read worst, as the report lists them."""
    for path in report.outs:
        if Path(path).parts[:2] == ("plots", "worst") or Path(path).parts[:3] == ("plots", "math", "classes"):
            worst = [list(row.items()) for row in read_output(report, path)[:WORST]]  # label, figure, …
            shown = ", ".join(f"`{label}` {figure:.2f}" for (_, label), (_, figure), *_ in worst)
            yield f"* Worst labels, by {worst[0][1][0]}: {shown}."


def _licence(lineage: Lineage) -> str:
    lines = []
    if rows := [[row.material, row.version, row.licence, row.text, row.derived] for row in _materials(lineage)]:
        lines += ["Terms of the data that the model learnt from:", markdown(HEADER[1:], rows, left=5).rstrip()]
    lines += [
        f"`{path}`: the terms under which its user has the data hold, so far as they reach what is learnt from them; "
        "those of CASIA HWDB and CROHME allow research, and no commerce without an agreement."
        for path in lineage.sources
    ]
    lines.append(f"The code that made the model: `{LICENCE}`.")
    return "\n\n".join(lines) + "\n"


def _provenance(lineage: Lineage) -> str:
    """What each stage wrote, by hash."""
    rows = [
        [stage.name, f"`{path}`", digest.removesuffix(".dir")]
        for stage in [*lineage.stages, lineage.evaluation]
        for path, digest in stage.outs.items()
        if not path.startswith("plots/")
    ]
    rows[:0] = [["", f"`{path}`", digest] for path, digest in lineage.sources.items()]
    return "By `dvc.lock`:\n\n" + markdown(("stage", "wrote", "MD5"), rows, left=3)


def _embedded(lineage: Lineage) -> list[str]:
    """Stages of the lineage that make an embedded corpus."""
    return [stage.name for stage in lineage.stages if stage.name in EMBEDDED]


def _materials(lineage: Lineage) -> list[Material]:
    """Third-party material in the embedded corpora of the lineage."""
    stages = _embedded(lineage)
    return [material for material in read_materials() if material.stage in stages] if stages else []


def _flat(values: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in values.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{name}.")
        else:
            yield prefix + name, value


def _shown(value: Any) -> str:
    return f"{value:,}" if isinstance(value, int) else str(value)
