"""TFLite's metadata: tables of the format, as data.

Generated from metadata_schema.fbs by `python -m pipeline.edge.schema_compiler`: do not edit.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum

IDENTIFIER = b"M001"

TABLES: Mapping[str, Mapping[str, str]] = {
    "AssociatedFile": {
        "name": "string",
        "description": "string",
        "type": "byte",
    },
    "FeatureProperties": {},
    "ImageProperties": {
        "color_space": "byte",
        "default_size": "ImageSize",
    },
    "ImageSize": {
        "width": "uint",
        "height": "uint",
    },
    "BoundingBoxProperties": {
        "index": "[uint]",
        "type": "byte",
        "coordinate_type": "byte",
    },
    "Content": {
        "content_properties": "ContentProperties",
        "range": "ValueRange",
    },
    "ValueRange": {
        "min": "int",
        "max": "int",
    },
    "ProcessUnit": {
        "options": "ProcessUnitOptions",
    },
    "NormalizationOptions": {
        "mean": "[float]",
        "std": "[float]",
    },
    "Stats": {
        "max": "[float]",
        "min": "[float]",
    },
    "TensorMetadata": {
        "name": "string",
        "description": "string",
        "dimension_names": "[string]",
        "content": "Content",
        "process_units": "[ProcessUnit]",
        "stats": "Stats",
        "associated_files": "[AssociatedFile]",
    },
    "SubGraphMetadata": {
        "name": "string",
        "description": "string",
        "input_tensor_metadata": "[TensorMetadata]",
        "output_tensor_metadata": "[TensorMetadata]",
        "associated_files": "[AssociatedFile]",
    },
    "ModelMetadata": {
        "name": "string",
        "description": "string",
        "version": "string",
        "subgraph_metadata": "[SubGraphMetadata]",
        "author": "string",
        "license": "string",
        "associated_files": "[AssociatedFile]",
        "min_parser_version": "string",
    },
}
UNIONS: Mapping[str, tuple[str, ...]] = {
    "ContentProperties": (
        "FeatureProperties",
        "ImageProperties",
        "BoundingBoxProperties",
    ),
    "ProcessUnitOptions": ("NormalizationOptions",),
}


class AssociatedFileType(IntEnum):
    """Values of the schema's AssociatedFileType."""

    UNKNOWN = 0
    DESCRIPTIONS = 1
    TENSOR_AXIS_LABELS = 2
    TENSOR_VALUE_LABELS = 3


class ColorSpaceType(IntEnum):
    """Values of the schema's ColorSpaceType."""

    UNKNOWN = 0
    RGB = 1
    GRAYSCALE = 2


class BoundingBoxType(IntEnum):
    """Values of the schema's BoundingBoxType."""

    UNKNOWN = 0
    BOUNDARIES = 1


class CoordinateType(IntEnum):
    """Values of the schema's CoordinateType."""

    RATIO = 0
    PIXEL = 1
