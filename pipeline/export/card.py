"""Writes the model card: the model's purpose, training data, recipe, metrics, limits, licences and provenance.

All figures and params are read from outputs of the stages; this module contains none. The card follows Mitchell et al.
2019, "Model Cards for Model Reporting".
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from pipeline.edge.graph import Graph
from pipeline.edge.metadata import Description, Kind
from pipeline.export.licences import HEADER, Material, read_materials
from pipeline.export.lineage import Lineage, Stage, read_output
from pipeline.report.tables import markdown

FACES, ALL = "faces", "all"  # name of the stage in THIRD_PARTY.md, and a value of the params below
HANDS: Mapping[str, str] = {FACES: "strokes.hands", "math-faces": "math.formulas.hands"}
"""The stages that trace handwriting faces, into the folder of their name below data/raw, and the param of each."""
WORST = 10  # number of classes listed as worst
LICENCE = Path("LICENSE")  # the project's licence


EMBEDDED: Mapping[str, str] = {
    "strokes": "synthetic handwriting: strokes of hanzi-writer-data and of the faces in `strokes.hands` (open fonts), "
    "written by simulated writers; no real handwriting",
    "formulas": "synthetic formulas: ink of simulated writers and of the faces in `math.formulas.hands` (open fonts), "
    "and simulated photos of ink and of print in matplotlib's fonts; no real handwriting",
}
"""The corpora that the project generates, by stage; THIRD_PARTY.md states the terms of their source material."""

MEANINGS: Mapping[str, str] = {
    "top1": "share of the test samples that are read correctly",
    "top5": "share whose character is among the first five candidates",
    "top10": "share whose character is among the first ten candidates",
    "macro": "mean over the classes of the share that is read correctly",
    "ece": "expected calibration error: mean distance between the confidence and the share that is right",
    "agreement": "share for which the model gives the same answer as the float32 model",
    "ap50": "COCO's average precision at IoU 0.5, mean over the classes",
    "ap": "COCO's average precision, mean over IoU 0.5 to 0.95 and the classes",
    "ap75": "the same at IoU 0.75",
    "ar": "recall with at most 100 detections per formula, mean over the same",
    "ap50_weighted": "as `ap50`, each class weighted by its frequency",
    "ap_weighted": "as `ap`, likewise weighted",
    "ap75_weighted": "as `ap75`, likewise weighted",
    "ar_weighted": "as `ar`, likewise weighted",
    "ap50_ink": "`ap50` on handwritten formulas",
    "ap50_photos": "`ap50` on photographed formulas",
    "segments_recall": "share of the symbols whose strokes were found (CROHME's Segments)",
    "segments_precision": "share of the detections whose strokes are those of a symbol",
    "seg_class_recall": "share of the symbols that were found and classified correctly (CROHME's Seg+Class)",
    "seg_class_precision": "share of the detections that are a symbol, classified correctly",
    "threshold": "least score of a detection in the four figures above; chosen on the validation part",
    "bytes": "size of the file",
    "params": "number of weights and biases",
    "macs": "multiply-accumulates per run",
    "p50_ms": "milliseconds of one run on one thread, median",
    "p95_ms": "milliseconds of one run on one thread, 95th percentile",
    "p50_ms_2_threads": "on two threads, median",
    "p95_ms_2_threads": "on two threads, 95th percentile",
    "threads": "threads of that run",
    "cpu": "processor of the timing",
    "test_samples": "number of test samples",
    "test_images": "number of test formulas",
    "test_ink": "number of handwritten test formulas",
    "test_boxes": "number of symbols in the test formulas",
    "classes": "number of labels",
    "classes_missing_test": "number of labels without a symbol in the test part",
    "canvas_height": "height of the input in pixels",
    "canvas_width": "width of the input in pixels",
}

_LIMITS: Mapping[Kind, tuple[str, ...]] = {
    "characters": (
        "Reads one character per picture and always returns one of its labels, even for a scribble or a character that "
        "is not among them. Reject answers below the threshold in the metadata (calibration.json).",
        "Characters outside GB2312 level 1 are taken to be as many times rarer than in training as `rarer` in "
        "calibration.json says.",
        "The confidence is calibrated on synthetic writers (temperature in the metadata); on real ink it is too high.",
        "A picture without its line says nothing about size and height: 0, O and o, or C and c, are often mistaken.",
        "The input must be normalised as in training (README); for other pictures, the answers are meaningless.",
    ),
    "formulas": (
        "Returns symbols and their boxes; `pipeline.structure` puts them together to a formula.",
        "Finds at most 100 symbols per formula. A symbol without a label is left out or mistaken for another symbol.",
        "A box may occur several times, with labels that share its score: at most one of them has more than half. The "
        "README explains how to merge them into one symbol.",
        "The input must be normalised as in training (README); for other pictures, the boxes are meaningless.",
    ),
}

# By kind: the benchmark of real ink, and the columns of its table: counts and shares, with their names in its rows.
_REAL_INK: Mapping[Kind, tuple[str, Mapping[str, str], Mapping[str, str]]] = {
    "characters": (
        "real_ink",
        {"samples": "samples", "characters in it": "characters"},
        {"top-1": "top1", "top-5": "top5", "top-10": "top10"},
    ),
    "formulas": (
        "real_formulas",
        {"formulas": "formulas", "symbols": "symbols"},
        {
            "Segments": "segments_recall",
            "Seg+Class": "seg_class_recall",
            "ExpRate": "exprate",
            "≤ 1 error": "at_most_1",
            "≤ 2 errors": "at_most_2",
            "structure": "structure",
        },
    ),
}


def model_card(
    name: str,
    data: bytes,
    graph: Graph,
    described: Description,
    lineage: Lineage,
    real_ink: Sequence[Mapping[str, Any]] = (),
) -> str:
    """The card of a model, as Markdown.

    Args:
        name: file name of the model.
        data: content of the file.
        graph: the model's graph.
        described: the model's metadata.
        lineage: the model's lineage.
        real_ink: figures on real ink, as `benchmarks/real_ink.py` or `real_formulas.py` writes them; may be empty.

    Raises:
        InkError: an output of a stage, or the page of licence terms, is missing or has changed.
    """
    parts = {
        described.name: _summary(name, data, graph, described),
        "Data": _data(lineage),
        "Recipe": _recipe(lineage),
        "Metrics": _metrics(lineage),
        **({"Real ink": _real_ink(real_ink, described)} if real_ink else {}),
        "Limits": _limits(described.kind, lineage),
        "Licence": _licence(lineage),
        "Provenance": _provenance(lineage),
    }
    (title, summary), *sections = parts.items()
    return "\n".join([f"# {title}\n\n{summary}", *(f"## {heading}\n\n{text}" for heading, text in sections)])


def licences(lineage: Lineage) -> dict[str, Path]:
    """Licence texts that must accompany the model, by file name: the project's and those of the training data."""
    files = [material.file for material in _materials(lineage) if material.file]
    return {LICENCE.name: LICENCE} | {
        f"{file.name}-{file.parent.name}" if file.name == LICENCE.name else file.name: file for file in files
    }


def _summary(name: str, data: bytes, graph: Graph, described: Description) -> str:
    rows = [
        ["file", f"`{name}`, {len(data):,} bytes"],
        ["SHA-256", hashlib.sha256(data).hexdigest()],
        ["labels", f"{len(described.labels):,}"],
        ["parameters", f"{graph.parameters:,}, stored as {', '.join(sorted(graph.weights))}"],
        ["multiply-accumulates", f"{graph.macs:,} per run"],
    ]
    return f"{described.purpose}\n\n{markdown(('', ''), rows, left=2)}"


def _data(lineage: Lineage) -> str:
    lines = [f"* {EMBEDDED[stage]}" for stage in _embedded(lineage)]
    lines += [f"* `{path}`, provided by the project's user" for path in lineage.sources]
    rows = [
        [stage.name, name, _shown(value)]
        for stage in lineage.stages
        for path in stage.outs
        if Path(path).parts[0] == "metrics" and path.endswith(".json")
        for name, value in _flat(read_output(stage, path))
    ]
    table = markdown(("stage", "figure", "value"), rows, left=2)
    return "\n".join([*lines, "", "Figures of the data and training stages:", "", table])


def _recipe(lineage: Lineage) -> str:
    params = {stage.name: dict(stage.params) for stage in lineage.stages if stage.params}
    text = yaml.safe_dump(params, sort_keys=False, allow_unicode=True, width=100)
    return f"The params of all stages that produced the model, as they were run:\n\n```yaml\n{text}```\n"


def _metrics(lineage: Lineage) -> str:
    rows = [[name, MEANINGS.get(name, ""), _shown(value)] for name, value in lineage.metrics.items()]
    return (
        "Measured by `" + lineage.evaluation.name + "` with LiteRT, using this file, on the test part, which was not "
        "used in training:\n\n" + markdown(("metric", "meaning", "value"), rows, left=2)
    )


def _real_ink(rows: Sequence[Mapping[str, Any]], described: Description) -> str:
    benchmark, counts, shares = _REAL_INK[described.kind]
    cells = [
        [row["set"], row["variant"]]
        + [f"{row[name]:,}" for name in counts.values()]
        + [f"{row[name]:.2%}" for name in shares.values()]
        for row in rows
    ]
    return (
        f"Read over all {len(described.labels):,} labels, by `python -m benchmarks.{benchmark}`. No sample of these "
        "sets was used in training, and none is distributed:\n\n"
        + markdown(("set", "variant", *counts, *shares), cells, left=2)
    )


def _limits(kind: Kind, lineage: Lineage) -> str:
    lines = [f"* {limit}" for limit in _LIMITS[kind]]
    if _embedded(lineage):
        lines.append(
            "* Trained on synthetic data: expect lower accuracy on real handwriting and photos; measure it on your own."
        )
    if missing := lineage.metrics.get("classes_missing_test"):
        lines.append(f"* {missing:,} of its labels do not occur in the test part: their accuracy was not measured.")
    if lineage.report:
        lines += _worst(lineage.report)
    return "\n".join(lines) + "\n"


def _worst(report: Stage) -> Iterator[str]:
    """Yields the labels with the lowest figures, in the order of the report."""
    for path in report.outs:
        if Path(path).parts[:2] == ("plots", "worst") or Path(path).parts[:3] == ("plots", "math", "classes"):
            worst = [list(row.items()) for row in read_output(report, path)[:WORST]]  # label, figure, …
            shown = ", ".join(f"`{label}` {figure:.2f}" for (_, label), (_, figure), *_ in worst)
            yield f"* Worst labels, by {worst[0][1][0]}: {shown}."


def _licence(lineage: Lineage) -> str:
    lines = []
    if rows := [[row.material, row.version, row.licence, row.text, row.derived] for row in _materials(lineage)]:
        lines += ["Licence terms of the training data:", markdown(HEADER[1:], rows, left=5).rstrip()]
    lines += [
        f"`{path}`: the terms under which its user has the data apply, if they extend to models trained on them; "
        "those of CASIA HWDB and CROHME allow research, and commercial use only with an agreement."
        for path in lineage.sources
    ]
    lines.append(f"Licence of the code that made the model: `{LICENCE}`.")
    return "\n\n".join(lines) + "\n"


def _provenance(lineage: Lineage) -> str:
    """The hashes of each stage's outputs."""
    rows = [
        [stage.name, f"`{path}`", digest.removesuffix(".dir")]
        for stage in [*lineage.stages, lineage.evaluation]
        for path, digest in stage.outs.items()
        if not path.startswith("plots/")
    ]
    rows[:0] = [["", f"`{path}`", digest] for path, digest in lineage.sources.items()]
    return "By `dvc.lock`:\n\n" + markdown(("stage", "wrote", "MD5"), rows, left=3)


def _embedded(lineage: Lineage) -> list[str]:
    """Stages in the lineage that generate an embedded corpus."""
    return [stage.name for stage in lineage.stages if stage.name in EMBEDDED]


def _materials(lineage: Lineage) -> list[Material]:
    """Third-party material in the embedded corpora of the lineage."""
    stages = _embedded(lineage)
    rows = read_materials() if stages else []
    used = [row for row in rows if row.stage in stages]
    for stage in lineage.stages:
        hands: Sequence[str] = stage.params[HANDS[stage.name]] if stage.name in HANDS else []
        faces = [(row, row.file.parent.name) for row in rows if row.stage == FACES and row.file]
        used += [_traced_by(stage.name, row) for row, name in faces if hands == ALL or name in hands]
    return used


def _traced_by(stage: str, row: Material) -> Material:
    """The row of a face, as traced by `stage`: THIRD_PARTY.md names the folder of the stage `FACES`."""
    own, other = (f"data/raw/{name}/" for name in (FACES, stage))
    return row._replace(text=row.text.replace(own, other), derived=row.derived.replace(own, other))


def _flat(values: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in values.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{name}.")
        else:
            yield prefix + name, value


def _shown(value: Any) -> str:
    return f"{value:,}" if isinstance(value, int) else str(value)
