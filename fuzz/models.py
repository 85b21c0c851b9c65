"""`.tflite` files: the reader returns a description that survives writing and reading, or raises an `InkError`.

The bytes are read unchanged. If they are metadata, they also replace the metadata of a valid model, because mutation
rarely leaves a whole model intact.
"""

from __future__ import annotations

import io
import zipfile
from functools import cache

import numpy as np
from ai_edge_litert import schema_py_generated as tflite
from flatbuffers import Builder

from pipeline.edge import metadata, metadata_schema
from pipeline.edge.graph import IDENTIFIER
from pipeline.errors import InkError

CLASSES = 3
_SIZES = {"side": 5, "margin": 1}


def check(data: bytes) -> None:
    """Reads `data` as a model and, if it is metadata, within a valid model."""
    _check(data)
    if data[4:8] == metadata_schema.IDENTIFIER:
        _check(_with_metadata(data))


def _check(data: bytes) -> None:
    try:
        found = metadata.read(data)
    except InkError as error:
        str(error).encode()
        return
    again = metadata.read(metadata.describe(data, found.labels, found.normalisation))
    assert (again.kind, again.labels) == (found.kind, found.labels)


def seeds() -> list[bytes]:
    """A classifier, a detector, and the metadata of each."""
    models = [metadata.describe(model, ["a", "b", "c"], _SIZES) for model in (_model(_ONE), _model(_FOUR))]
    return [*models, *(_metadata(model) for model in models)]


# Outputs: name, dtype, shape.
_ONE = [("probabilities", tflite.TensorType.FLOAT32, [1, CLASSES])]
_FOUR = [
    ("boxes", tflite.TensorType.FLOAT32, [1, 2, 4]),
    ("scores", tflite.TensorType.FLOAT32, [1, 2]),
    ("classes", tflite.TensorType.INT32, [1, 2]),
    ("count", tflite.TensorType.INT32, [1]),
]


def _model(outputs: list[tuple[str, int, list[int]]]) -> bytes:
    """A model without operators: the reader only uses its signature."""
    model, graph, signature = tflite.ModelT(), tflite.SubGraphT(), tflite.SignatureDefT()
    for name, dtype, shape in [("image", tflite.TensorType.FLOAT32, [1, 5, 5, 1]), *outputs]:
        tensor = tflite.TensorT()
        tensor.name, tensor.type, tensor.shape = name.encode(), dtype, np.array(shape, np.int32)
        graph.tensors = [*(graph.tensors or []), tensor]
    graph.inputs, graph.outputs = np.zeros(1, np.int32), np.arange(1, len(graph.tensors), dtype=np.int32)
    signature.signatureKey = b"serving_default"
    signature.inputs = [_named(b"image", 0)]
    signature.outputs = [_named(name.encode(), index) for index, (name, _, _) in enumerate(outputs, start=1)]
    model.version, model.operatorCodes, model.subgraphs, model.buffers = 3, [], [graph], [tflite.BufferT()]
    model.signatureDefs = [signature]
    return _packed(model)


def _named(name: bytes, index: int) -> tflite.TensorMapT:
    named = tflite.TensorMapT()
    named.name, named.tensorIndex = name, index
    return named


def _metadata(model: bytes) -> bytes:
    return tflite.ModelT.InitFromPackedBuf(model, 0).buffers[-1].data.tobytes()


@cache
def _valid() -> tuple[bytes, dict[str, bytes]]:
    """A model with metadata, and the files in the zip archive at its end."""
    data = metadata.describe(_model(_ONE), ["a", "b", "c"], _SIZES)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return data, {name: archive.read(name) for name in archive.namelist()}


def _with_metadata(content: bytes) -> bytes:
    data, files = _valid()
    model = tflite.ModelT.InitFromPackedBuf(data, 0)
    model.buffers[-1].data = np.frombuffer(content, np.uint8)
    packed = io.BytesIO(_packed(model))
    packed.seek(0, io.SEEK_END)
    with zipfile.ZipFile(packed, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return packed.getvalue()


def _packed(model: tflite.ModelT) -> bytes:
    builder = Builder()
    builder.Finish(model.Pack(builder), IDENTIFIER)
    return bytes(builder.Output())
