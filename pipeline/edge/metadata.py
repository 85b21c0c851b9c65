"""Writes and reads TFLite metadata and associated files in a .tflite file.

    data = describe(data, class_list, normalisation, "Inception-GAP")     # as the quantize stages do
    read(data).labels[probabilities.argmax()]

The file contains all that an app needs to use the model: the class list (`labels.txt`, one label per line), the sizes
for making inputs (`normalisation.json`), and the meaning of each tensor. The metadata are a flatbuffer in one of the
model's buffers. The associated files are a zip archive at the end of the file, which `unzip` can also list. The format:
https://ai.google.dev/edge/litert/models/metadata.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as tflite

from pipeline.edge import flatbuffer_tables
from pipeline.edge.graph import IDENTIFIER, Graph, Signature, read_graph
from pipeline.edge.metadata_schema import AssociatedFileType, BoundingBoxType, ColorSpaceType, CoordinateType
from pipeline.edge.signatures import OUTPUTS, Kind
from pipeline.errors import InkError
from pipeline.formats.zip_member import ZIP_ERRORS, open_member

LABELS = "labels.txt"
NORMALISATION = "normalisation.json"
CALIBRATION = "calibration.json"  # only of a calibrated model
THRESHOLD = "threshold"  # its entry for `Description.threshold`
MAX_BYTES = 1 << 20  # per associated file
BUFFER = b"TFLITE_METADATA"
PARSER = "1.0.0"  # oldest version of the schema that has all tables in use
ALIGNMENT = 16  # bytes; TFLite's schema requires it for constants
UNIX = 3  # system recorded in zip members on every platform, so that the bytes are the same

_NAMES: Mapping[Kind, tuple[str, str, str]] = {  # name and purpose of the model, description of its input
    "characters": (
        "Handwritten Chinese characters",
        "Reads one handwritten character.",
        "A character: grey levels 0 to 255, ink bright on black, cropped, scaled and centred.",
    ),
    "formulas": (
        "Symbols of formulas",
        "Finds and names every symbol of a handwritten or printed formula.",
        "A formula: grey levels 0 to 255, ink bright on black, scaled and centred.",
    ),
}
_TENSORS: Mapping[str, dict[str, Any]] = {
    "probabilities": {"description": "Probability of each class."},
    "boxes": {
        "description": "Top, left, bottom and right of each symbol, in pixels of the input.",
        "content": {
            "content_properties": {
                "BoundingBoxProperties": {
                    "index": [1, 0, 3, 2],
                    "type": BoundingBoxType.BOUNDARIES,
                    "coordinate_type": CoordinateType.PIXEL,
                }
            },
            "range": {"min": 2, "max": 2},
        },
    },
    "scores": {"description": "Score of each symbol, from 0 to 1, in descending order."},
    "classes": {"description": "Class of each symbol."},
    "count": {"description": "Number of symbols found: as many leading rows of the other outputs are valid."},
}
_LABELLED = {
    "probabilities": AssociatedFileType.TENSOR_AXIS_LABELS,
    "classes": AssociatedFileType.TENSOR_VALUE_LABELS,
}


class Description(NamedTuple):
    """Description of a model, from its metadata and associated files.

    Attributes:
        kind: kind of input that the model reads.
        labels: labels of its classes.
        normalisation: sizes in pixels for making inputs: `side` and `margin` of `pipeline.ink.normalise`, or `margin`
            and the fields of `pipeline.ink.canvas.Frame`.
        meanings: description of each tensor of the signature, by name.
        name, purpose: texts for people.
        network: architecture, for people; "" if the file does not name it.
        threshold: least confidence of an answer; below it, the picture is most likely none of the labels. None if the
            model was not calibrated.
    """

    kind: Kind
    labels: tuple[str, ...]
    normalisation: dict[str, float]
    meanings: dict[str, str]
    name: str
    purpose: str
    network: str = ""
    threshold: float | None = None


def kind_of(graph: Graph) -> Kind:
    """Derives from its signature what a model reads.

    Raises:
        InkError: the signature fits neither characters nor formulas, or the image has a dynamic size.
    """
    found = graph.signature or Signature("", {}, {})
    for kind, outputs in OUTPUTS.items():
        shape = graph.inputs[0].shape or () if set(found.inputs) == {"image"} else ()
        if set(found.outputs) == outputs and len(shape) == 4:
            if min(shape) < 1:
                raise InkError(f"expected an image of a fixed size [1, height, width, 1], found {list(shape)}")
            return kind
    expected = " or ".join(
        f"image [1, height, width, 1] -> {', '.join(sorted(outputs))} ({kind})" for kind, outputs in OUTPUTS.items()
    )
    shown = f"{', '.join(found.inputs)} -> {', '.join(found.outputs)}" if graph.signature else "none"
    raise InkError(f"expected a model with the signature {expected}, found {shown}")


def describe(
    data: bytes,
    labels: Sequence[str],
    normalisation: Mapping[str, float],
    network: str = "",
    calibration: Mapping[str, float] | None = None,
) -> bytes:
    """Adds metadata and associated files to a model, or replaces existing ones.

    The computation stays the same; constants are aligned as TFLite's schema requires.

    Args:
        data: the flatbuffer.
        labels: labels of the classes.
        normalisation, network: see `Description`.
        calibration: what the model applies to its logits, and its threshold; None if not calibrated.

    Returns:
        The new flatbuffer, followed by the zip archive of the associated files.

    Raises:
        InkError: the signature is unknown, the number of labels differs from the number of classes, or existing
            metadata are broken.
    """
    graph = read_graph(data)
    _check_labels(graph, labels)
    content = np.frombuffer(flatbuffer_tables.encode("ModelMetadata", _content(graph, network)), np.uint8)
    model = tflite.ModelT.InitFromPackedBuf(data, 0)
    known = [entry for entry in model.metadata or [] if entry.name == BUFFER]
    if known:
        _check_buffer(known[0].buffer, len(model.buffers))
        model.buffers[known[0].buffer].data = content
    else:
        model.metadata = [*(model.metadata or []), tflite.MetadataT(BUFFER, len(model.buffers))]
        model.buffers.append(tflite.BufferT(content))
    builder = _Builder(len(data))
    builder.Finish(model.Pack(builder), IDENTIFIER)
    files = {
        LABELS: "".join(f"{label}\n" for label in labels),
        NORMALISATION: json.dumps(dict(normalisation), indent=2) + "\n",
    }
    if calibration is not None:
        files[CALIBRATION] = json.dumps(dict(calibration), indent=2) + "\n"
    return _with_files(bytes(builder.Output()), files)


def read(data: bytes) -> Description:
    """Reads the description of a model.

    Raises:
        InkError: the model is not one of this project, or its metadata are missing or broken.
    """
    graph = read_graph(data)
    kind = kind_of(graph)
    model = tflite.Model.GetRootAs(data, 0)
    buffers = {entry.Name(): entry.Buffer() for entry in map(model.Metadata, range(model.MetadataLength()))}
    if BUFFER not in buffers:
        raise InkError(
            "expected metadata with a class list in the model, found none; run `dvc repro` to export it again"
        )
    _check_buffer(buffers[BUFFER], model.BuffersLength())
    try:
        content = flatbuffer_tables.decode("ModelMetadata", model.Buffers(buffers[BUFFER]).DataAsNumpy().tobytes())
        main = content["subgraph_metadata"][0]
        tensors = [*main["input_tensor_metadata"], *main["output_tensor_metadata"]]
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            labels, sizes = (_member(archive, name) for name in (LABELS, NORMALISATION))
            threshold = _threshold(archive)
        normalisation = {str(name): float(value) for name, value in json.loads(sizes).items()}
        meanings = {tensor["name"]: tensor["description"] for tensor in tensors}
        about = content["name"], content["description"], main.get("name", "")
    except (*ZIP_ERRORS, AttributeError, IndexError, KeyError, TypeError) as error:
        raise InkError(f"broken metadata in the model ({error}): run `dvc repro` to export it again") from error
    classes = tuple(labels.removesuffix("\n").split("\n"))
    description = Description(kind, classes, normalisation, meanings, *about, threshold)
    _check_labels(graph, description.labels)
    return description


class _Builder(flatbuffers.Builder):
    """Aligns constants as the schema requires; Python's generated code does not."""

    def StartVector(self, elemSize: int, numElems: int, alignment: int) -> int:
        """Starts a vector like the base class, but aligns vectors of bytes to `ALIGNMENT`."""
        return super().StartVector(elemSize, numElems, ALIGNMENT if elemSize == 1 else alignment)


def _check_buffer(index: int, count: int) -> None:
    """Checks the index of a buffer, because generated code would read beyond the last one."""
    if index >= count:
        raise InkError(f"broken metadata in the model (buffer {index} of {count}): run `dvc repro` to export it again")


def _check_labels(graph: Graph, labels: Sequence[str]) -> None:
    """Checks the number of labels of a classifier; a detector's outputs do not show its number of classes."""
    if kind_of(graph) == "characters":
        classes = (graph.outputs[0].shape or (0,))[-1]
        if len(labels) != classes:
            raise InkError(f"expected a label for each of the model's {classes} classes, found {len(labels)} labels")


def _content(graph: Graph, network: str) -> dict[str, Any]:
    """Metadata of a model with a signature, see `metadata_schema.fbs`."""
    assert graph.signature is not None
    name, purpose, picture = _NAMES[kind_of(graph)]
    (image,) = graph.inputs
    _, height, width, _ = image.shape or ()
    properties = {
        "ImageProperties": {"color_space": ColorSpaceType.GRAYSCALE, "default_size": {"width": width, "height": height}}
    }
    as_it_is = {"mean": [0.0], "std": [1.0]}  # the network divides by 255 itself
    main: dict[str, Any] = {"name": network} if network else {}
    main |= {
        "description": purpose,
        "input_tensor_metadata": [
            {
                "name": "image",
                "description": picture,
                "content": {"content_properties": properties},
                "process_units": [{"options": {"NormalizationOptions": as_it_is}}],
                "stats": {"max": [255.0], "min": [0.0]},
                "associated_files": [
                    _file(NORMALISATION, "Sizes that the input is made by.", AssociatedFileType.DESCRIPTIONS)
                ],
            }
        ],
        "output_tensor_metadata": [_output(name) for name in graph.signature.outputs],
    }
    return {"name": name, "description": purpose, "subgraph_metadata": [main], "min_parser_version": PARSER}


def _output(name: str) -> dict[str, Any]:
    labels = [_file(LABELS, "Labels of the classes, one a line.", _LABELLED[name])] if name in _LABELLED else []
    features: dict[str, Any] = {"content": {"content_properties": {"FeatureProperties": {}}}}
    return {"name": name, "associated_files": labels} | features | _TENSORS[name]


def _file(name: str, description: str, kind: int) -> dict[str, Any]:
    return {"name": name, "description": description, "type": kind}


def _with_files(data: bytes, files: Mapping[str, str]) -> bytes:
    """Appends an uncompressed zip archive of files; readers of flatbuffers ignore it."""
    packed = io.BytesIO()
    packed.write(data)
    with zipfile.ZipFile(packed, "w") as archive:  # mode "a" could mistake weights for an existing archive
        for name, text in files.items():
            member = zipfile.ZipInfo(name)  # with the constant date 1 January 1980
            member.create_system, member.external_attr = UNIX, 0o644 << 16
            archive.writestr(member, text)
    return packed.getvalue()


def _threshold(archive: zipfile.ZipFile) -> float | None:
    if CALIBRATION not in archive.namelist():
        return None
    threshold = float(json.loads(_member(archive, CALIBRATION))[THRESHOLD])
    if not 0 <= threshold <= 1:
        raise ValueError(f"{CALIBRATION}: expected a {THRESHOLD} from 0 to 1, found {threshold:g}")
    return threshold


def _member(archive: zipfile.ZipFile, name: str) -> str:
    with open_member(archive, name) as file:
        content = file.read(MAX_BYTES + 1)
    if len(content) > MAX_BYTES:
        raise ValueError(f"{name}: more than {MAX_BYTES} bytes")
    return content.decode("utf-8")
