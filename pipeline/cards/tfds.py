"""The files that TensorFlow Datasets reads: `tfds.builder_from_directory("data/splits").as_dataset("train")`.

`dataset_info.json` and `features.json` are JSON forms of protocol buffers (https://github.com/tensorflow/datasets,
core/proto/dataset_info.proto and core/proto/feature.proto). `label.labels.txt` names the classes. Without TFRecord
shards, none of them is written. Values of formulas have the names and conventions of the TF Object Detection API: boxes
from 0 to 1, labels from 1.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from pipeline.cards.description import DataSet, Split
from pipeline.cards.subjects import VERSION, Kind

FORMAT = "tfrecord"
TEMPLATE = FORMAT + "/{SPLIT}-{SHARD_X_OF_Y}.{FILEFORMAT}"  # the names of pipeline/formats/shards.py
_PACKAGE = "tensorflow_datasets.core.features"

TEXT, TEXTS, IMAGE, LABEL = "text", "text[]", "image", "label"
INTEGER, INTEGERS, REALS = "int64", "int64[]", "float32[]"
FEATURES: Mapping[Kind, Mapping[str, str]] = {
    "characters": {
        "key": TEXT,
        "writer": TEXT,
        "char": TEXT,
        "label": LABEL,
        "width": INTEGER,
        "height": INTEGER,
        "image/encoded": IMAGE,
        "image/format": TEXT,
    },
    "formulas": {
        "image/encoded": IMAGE,
        "image/format": TEXT,
        "image/height": INTEGER,
        "image/width": INTEGER,
        "image/key/sha256": TEXT,
        "image/source_id": TEXT,
        "image/filename": TEXT,
        **{f"image/object/bbox/{side}": REALS for side in ("ymin", "xmin", "ymax", "xmax")},
        "image/object/class/text": TEXTS,
        "image/object/class/label": INTEGERS,
        "image/object/stroke/count": INTEGERS,
        "image/object/stroke/index": INTEGERS,
        "stroke/length": INTEGERS,
        "stroke/points": REALS,
        "writer": TEXT,
        "source": TEXT,
        "truth": TEXT,
    },
}
"""The features of the TFRecord examples and their types; a test compares them with encoded examples."""


def render(data: DataSet) -> dict[str, str]:
    """The text of each file, by its name."""
    if FORMAT not in data.formats:
        return {}
    files = {"dataset_info.json": _json(_info(data)), "features.json": _json(_features(data))}
    if data.subject.kind == "characters":
        files["label.labels.txt"] = "".join(f"{name}\n" for name in data.classes)
    return files


def _info(data: DataSet) -> dict[str, Any]:
    return {
        "name": data.subject.name,
        "version": VERSION,
        "description": data.subject.made,
        "fileFormat": FORMAT,
        "redistributionInfo": {"license": "; ".join(data.terms.stated)},
        "splits": [_split(split) for split in data.splits],
    }


def _split(split: Split) -> dict[str, Any]:
    return {  # 64-bit integers are strings in the JSON form of messages
        "name": split.name,
        "filepathTemplate": TEMPLATE,
        "numBytes": str(split.size(FORMAT)),
        "shardLengths": [str(length) for length in split.lengths],
    }


def _features(data: DataSet) -> dict[str, Any]:
    features = {name: _feature(kind, data) for name, kind in FEATURES[data.subject.kind].items()}
    return {"pythonClassName": f"{_PACKAGE}.features_dict.FeaturesDict", "featuresDict": {"features": features}}


def _feature(kind: str, data: DataSet) -> dict[str, Any]:
    if kind == TEXT:
        return {"pythonClassName": f"{_PACKAGE}.text_feature.Text", "text": {}}
    if kind == LABEL:
        label = {"numClasses": str(len(data.classes))}
        return {"pythonClassName": f"{_PACKAGE}.class_label_feature.ClassLabel", "classLabel": label}
    if kind == IMAGE:
        shape = {"dimensions": ["-1", "-1", "1"]}
        image = {"shape": shape, "dtype": "uint8", "encodingFormat": "png"}
        return {"pythonClassName": f"{_PACKAGE}.image_feature.Image", "image": image}
    if kind == INTEGER:
        return {
            "pythonClassName": f"{_PACKAGE}.scalar.Scalar",
            "tensor": {"shape": {}, "dtype": "int64", "encoding": "none"},
        }
    dtype = "string" if kind == TEXTS else kind.removesuffix("[]")
    tensor = {"shape": {"dimensions": ["-1"]}, "dtype": dtype, "encoding": "none"}
    return {"pythonClassName": f"{_PACKAGE}.tensor_feature.Tensor", "tensor": tensor}


def _json(value: dict[str, Any]) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"
