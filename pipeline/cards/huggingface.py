"""README.md: the data set card of the Hugging Face Hub, which `datasets.load_dataset("data/splits")` also reads.

The front matter has the splits, features and licence (https://huggingface.co/docs/hub/datasets-cards); the text says
how the data were made and how to open them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import yaml

from pipeline.cards.croissant import CROISSANT
from pipeline.cards.description import COCO, PICTURES, DataSet
from pipeline.cards.subjects import FIELDS, LANGUAGES, TASKS
from pipeline.cards.sums import NAME as SUMS
from pipeline.cards.tfds import FORMAT as TFRECORD

README = "README.md"
_SIZES = [(10**power, name) for power, name in enumerate(("1K", "10K", "100K", "1M", "10M", "100M", "1B"), start=3)]


def render(data: DataSet) -> dict[str, str]:
    """The text of each file, by its name."""
    front = yaml.safe_dump(front_matter(data), sort_keys=False, allow_unicode=True, width=120)
    return {README: f"---\n{front}---\n{_body(data)}"}


def front_matter(data: DataSet) -> dict[str, Any]:
    """The YAML at the head of the card."""
    kind, terms = data.subject.kind, data.terms
    files = [{"split": split.name, "path": f"parquet/{split.name}-*.parquet"} for split in data.splits]
    splits = [{"name": split.name, "num_bytes": split.data_bytes, "num_examples": split.rows} for split in data.splits]
    info = {
        "features": [{"name": name, **_feature(feature)} for name, feature in data.features.items()],
        "splits": splits,
        "download_size": sum(split.size("parquet") for split in data.splits),
        "dataset_size": sum(split.data_bytes for split in data.splits),
    }
    link = terms.licences[0].link
    return {
        "pretty_name": data.subject.title,
        "license": "other",
        "license_name": terms.name,
        **({"license_link": link} if link else {}),
        "language": LANGUAGES[kind],
        "task_categories": TASKS[kind],
        "size_categories": [size_category(data.rows)],
        "tags": ["handwriting", *(["synthetic"] if terms.synthetic else [])],
        "configs": [{"config_name": "default", "default": True, "data_files": files}],
        "dataset_info": {"config_name": "default", **info},
    }


def size_category(rows: int) -> str:
    """The Hub's name for a number of samples, such as `1K<n<10K`."""
    below = ""
    for limit, name in _SIZES:
        if rows < limit:
            return f"{below}<n<{name}" if below else f"n<{name}"
        below = name
    return f"n>{below}"


def _feature(feature: dict[str, Any]) -> dict[str, Any]:
    """A feature of `datasets` in the form of front matter, such as `{"sequence": "float32"}`."""
    kind = feature["_type"]
    if kind == "Sequence":
        inner = _feature(feature["feature"])
        simple = isinstance(inner.get("dtype"), str)
        return {"sequence": inner["dtype"] if simple else inner}
    if kind == "ClassLabel":
        return {"dtype": {"class_label": {"names": {str(i): name for i, name in enumerate(feature["names"])}}}}
    return {"dtype": "image" if kind == "Image" else feature["dtype"]}


def _body(data: DataSet) -> str:
    sections = {
        "Parts": _parts(data),
        "Fields": "\n".join(f"* `{name}`: {FIELDS[data.subject.kind][name]}" for name in data.features),
        "How it was made": data.subject.made,
        "How to open it": "\n\n".join(_examples(data)),
        "Files": _files(data),
        "Licence": data.terms.text,
    }
    text = "\n".join(f"\n## {heading}\n\n{content}" for heading, content in sections.items())
    return f"\n# {data.subject.title}\n{text}\n"


def _parts(data: DataSet) -> str:
    rows = [f"| {split.name} | {split.rows:,} | {len(split.lengths):,} |" for split in data.splits]
    head = ["| part | samples | shards |", "|---|---:|---:|"]
    return "\n".join([f"{data.rows:,} samples of {len(data.classes):,} classes.", "", *head, *rows])


def _files(data: DataSet) -> str:
    lines = [f"`sha256sum -c {SUMS}` checks every file; `{CROISSANT}` describes them for tools that read Croissant."]
    if TFRECORD in data.formats:
        lines.append("`parquet` and `tfrecord` hold the same samples.")
    return " ".join(lines)


def _examples(data: DataSet) -> Iterator[str]:
    """Yields a piece of Markdown for each tool."""
    folder, split = data.subject.folder, data.splits[0].name
    column = "char" if data.subject.kind == "characters" else "writer"
    yield _code(
        "python",
        f'datasets.load_dataset("{folder}")["{split}"][0]["image"]  # Hugging Face',
        f'polars.read_parquet("{folder}/parquet/{split}-*.parquet")',
    )
    yield _code("sql", f"SELECT {column}, count(*) FROM '{folder}/parquet/{split}-*.parquet' GROUP BY ALL;  -- DuckDB")
    if TFRECORD in data.formats:
        yield _code("python", f'tfds.builder_from_directory("{folder}").as_dataset("{split}")  # TensorFlow Datasets')
    if data.others:
        openers = [f'pycocotools.coco.COCO("{folder}/{COCO}/{split}.json")']
        if data.pictures:
            openers.append(f'torchvision.datasets.CocoDetection("{folder}/{PICTURES}", "{folder}/{COCO}/{split}.json")')
        yield _code("python", *openers)


def _code(language: str, *lines: str) -> str:
    return "\n".join([f"```{language}", *lines, "```"])
