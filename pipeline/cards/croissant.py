"""croissant.json: the data set in Croissant 1.1 (https://docs.mlcommons.org/croissant/docs/croissant-spec-1.1.html).

    mlcroissant validate --jsonld data/splits/croissant.json

Every file is a FileObject with its SHA-256. Pictures that are files are one FileSet instead, because there are as many
as samples; SHA256SUMS has their checksums. The records are those of the Parquet shards. `datePublished`, `url` and
`creator` are left out: the first would change the bytes from run to run, and a local data set has none of the others.
"""

from __future__ import annotations

import json
from pathlib import PurePosixPath
from typing import Any

from pipeline.cards.description import PICTURES, DataSet, File
from pipeline.cards.subjects import FIELDS, VERSION
from pipeline.cards.terms import CROISSANT

SHARDS, IMAGES, RECORDS, SPLITS = "parquet-shards", "coco-images", "samples", "splits"  # identifiers
_MEDIA_TYPES = {
    ".parquet": "application/x-parquet",  # the name that mlcroissant reads
    ".tfrecord": "application/x-tfrecord",
    ".json": "application/json",
    ".zip": "application/zip",
    ".png": "image/png",
}
_SPLIT_ADDRESSES = {  # of the specification, "Typed RecordSets": cr:Split
    "train": "cr:TrainingSplit",
    "validation": "cr:ValidationSplit",
    "test": "cr:TestSplit",
}
_SHAPES = {"boxes": "-1,4", "strokes": "-1,-1", "symbol_strokes": "-1,-1"}  # of lists of lists

_CONTEXT = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "arrayShape": "cr:arrayShape",
    "citeAs": "cr:citeAs",
    "column": "cr:column",
    "conformsTo": "dct:conformsTo",
    "containedIn": "cr:containedIn",
    "cr": "http://mlcommons.org/croissant/",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "dct": "http://purl.org/dc/terms/",
    "description": {"@container": "@language"},
    "equivalentProperty": "cr:equivalentProperty",
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "extract": "cr:extract",
    "field": "cr:field",
    "fileObject": "cr:fileObject",
    "fileProperty": "cr:fileProperty",
    "fileSet": "cr:fileSet",
    "format": "cr:format",
    "includes": "cr:includes",
    "isArray": "cr:isArray",
    "isLiveDataset": "cr:isLiveDataset",
    "jsonPath": "cr:jsonPath",
    "key": "cr:key",
    "md5": "cr:md5",
    "name": {"@container": "@language"},
    "parentField": "cr:parentField",
    "path": "cr:path",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "recordSet": "cr:recordSet",
    "references": "cr:references",
    "regex": "cr:regex",
    "repeated": "cr:repeated",
    "replace": "cr:replace",
    "samplingRate": "cr:samplingRate",
    "sc": "https://schema.org/",
    "separator": "cr:separator",
    "source": "cr:source",
    "subField": "cr:subField",
    "transform": "cr:transform",
}
"""The `@context` that the specification prescribes."""


def render(data: DataSet) -> dict[str, str]:
    """The text of each file, by its name."""
    card = {
        "@context": _CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": "http://mlcommons.org/croissant/1.1",
        "name": data.subject.name,
        "description": data.subject.made,
        "license": data.terms.stated,
        "version": VERSION,
        "distribution": [*map(_file_object, data.files), *_file_sets(data)],
        "recordSet": [_splits(data), _records(data)],
    }
    return {CROISSANT: json.dumps(card, indent=2, ensure_ascii=False) + "\n"}


def _file_object(file: File) -> dict[str, Any]:
    return {
        "@type": "cr:FileObject",
        "@id": file.name,
        "name": file.name,
        "contentUrl": file.name,
        "contentSize": f"{file.size} B",
        "encodingFormat": _MEDIA_TYPES[PurePosixPath(file.name).suffix],
        "sha256": file.sha256,
    }


def _file_sets(data: DataSet) -> list[dict[str, Any]]:
    sets: list[tuple[str, str, str | list[str]]] = [(SHARDS, ".parquet", "parquet/*.parquet")]
    if data.pictures:
        # Where `*` matches a `/`, as in mlcroissant, the first pattern names all pictures; elsewhere, the second.
        sets.insert(0, (IMAGES, ".png", [f"{PICTURES}/*.png", f"{PICTURES}/**/*.png"]))
    return [
        {
            "@type": "cr:FileSet",
            "@id": name,
            "name": name,
            "encodingFormat": _MEDIA_TYPES[ending],
            "includes": includes,
        }
        for name, ending, includes in sets
    ]


def _splits(data: DataSet) -> dict[str, Any]:
    rows: list[dict[str, Any]] = [{"name": split.name, "rows": split.rows} for split in data.splits]
    fields = {"name": "sc:Text", "rows": "sc:Integer"}
    if all(split.name in _SPLIT_ADDRESSES for split in data.splits):
        rows = [row | {"url": _SPLIT_ADDRESSES[row["name"]]} for row in rows]
        fields["url"] = "sc:URL"
    return {
        "@type": "cr:RecordSet",
        "@id": SPLITS,
        "name": SPLITS,
        "dataType": "cr:Split",
        "key": {"@id": f"{SPLITS}/name"},
        "field": [
            {"@type": "cr:Field", "@id": f"{SPLITS}/{name}", "name": name, "dataType": kind}
            for name, kind in fields.items()
        ],
        "data": [{f"{SPLITS}/{name}": value for name, value in row.items()} for row in rows],
    }


def _records(data: DataSet) -> dict[str, Any]:
    names = "|".join(split.name for split in data.splits)
    split = {
        "@type": "cr:Field",
        "@id": f"{RECORDS}/split",
        "name": "split",
        "dataType": "sc:Text",
        "source": {
            "fileSet": {"@id": SHARDS},
            "extract": {"fileProperty": "fullpath"},
            "transform": {"regex": rf"(?:parquet/)?({names})\b.*"},  # mlcroissant also applies it to its own result
        },
        "references": {"field": {"@id": f"{SPLITS}/name"}},
    }
    meanings = FIELDS[data.subject.kind]
    return {
        "@type": "cr:RecordSet",
        "@id": RECORDS,
        "name": RECORDS,
        "description": f"{data.rows} samples in {len(data.splits)} splits",
        "field": [split, *(_field(name, feature, meanings[name]) for name, feature in data.features.items())],
    }


def _field(name: str, feature: dict[str, Any], meaning: str) -> dict[str, Any]:
    source: dict[str, Any] = {"fileSet": {"@id": SHARDS}, "extract": {"column": name}}
    if feature["_type"] == "Image":
        source["transform"] = {"jsonPath": "bytes"}
    array = {"isArray": True, "arrayShape": _SHAPES.get(name, "-1")} if feature["_type"] == "Sequence" else {}
    return {
        "@type": "cr:Field",
        "@id": f"{RECORDS}/{name}",
        "name": name,
        "description": meaning,
        "dataType": _data_type(feature),
        "source": source,
        **array,
    }


def _data_type(feature: dict[str, Any]) -> str:
    """The type of a feature, or of the innermost values of its lists."""
    kind = feature["_type"]
    if kind == "Sequence":
        return _data_type(feature["feature"])
    if kind == "Image":
        return "sc:ImageObject"
    if kind == "ClassLabel" or feature["dtype"].startswith("int"):
        return "sc:Integer"
    return "sc:Text" if feature["dtype"] == "string" else "sc:Float"
