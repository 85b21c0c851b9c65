"""Analyses a TFLite flatbuffer: operators, tensors, parameters, multiply-accumulates. Runs without TensorFlow.

    graph = read_graph(Path("models/hccr/dynamic.tflite").read_bytes())
    graph.macs, graph.parameters, graph.operators["CONV_2D"], graph.signature.outputs["probabilities"].shape

Uses the schema that LiteRT ships (https://github.com/google-ai-edge/LiteRT, tflite/schema/schema.fbs).
"""

from __future__ import annotations

import math
import struct
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from ai_edge_litert import schema_py_generated as schema

from pipeline.errors import InkError

IDENTIFIER = b"TFL3"  # at byte 4 of every TFLite flatbuffer

_OPERATORS: dict[int, str] = {
    code: name for name, code in vars(schema.BuiltinOperator).items() if not name.startswith("_")
}
OPERATORS = frozenset(_OPERATORS.values())
"""Names of all built-in operators."""

# Errors of the generated reader if an offset, a length or a code is invalid.
_BROKEN = (IndexError, KeyError, TypeError, ValueError, AttributeError, OverflowError, MemoryError, struct.error)

_DTYPES = {code: name.lower() for name, code in vars(schema.TensorType).items() if not name.startswith("_")}
_WEIGHT_DTYPES = {"float16", "float32", "bfloat16", "int2", "int4", "int8", "uint8", "int16"}
_WITH_BIAS = {"CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED"}  # input 2 is the bias, int32 in an int8 model
_WEIGHED = _WITH_BIAS | {"TRANSPOSE_CONV", "BATCH_MATMUL"}  # operators whose constant inputs are weights


@dataclass(frozen=True)
class Tensor:
    """A tensor. `shape` has -1 for a size that is known only at run time; it is None if the rank is unknown."""

    name: str
    dtype: str
    shape: tuple[int, ...] | None

    @property
    def is_static(self) -> bool:
        """True if the file fixes every size."""
        return self.shape is not None and -1 not in self.shape


@dataclass(frozen=True)
class Signature:
    """Named inputs and outputs for calling a model, both in the order of the main subgraph."""

    key: str
    inputs: Mapping[str, Tensor]
    outputs: Mapping[str, Tensor]


@dataclass(frozen=True)
class Graph:
    """Contents of a flatbuffer, summed over all subgraphs (the body of a loop counts once).

    Attributes:
        operators: number of occurrences of each built-in operator, by its name in the schema.
        custom: number of occurrences of each other operator; TensorFlow's operators begin with "Flex".
        inputs, outputs: tensors of the main subgraph.
        signature: signature of the main subgraph; None for a model without one.
        runtime: oldest TensorFlow Lite version that has all operators, as the converter states; empty if unstated.
        activations: all tensors except constants.
        weights: number of parameters (elements of weights and biases) per dtype. A folded batch norm adds none. Lookup
            tables and masks, such as a detector's anchors, are not parameters.
        macs: multiply-accumulates of one run in convolutions, matrix products and fully connected layers.
    """

    operators: Counter[str]
    custom: Counter[str]
    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]
    signature: Signature | None
    runtime: str
    activations: tuple[Tensor, ...]
    weights: Counter[str]
    macs: int

    @property
    def parameters(self) -> int:
        """Total number of parameters."""
        return self.weights.total()


class _Step(NamedTuple):
    """One operator call: `inputs` and `outputs` are schema tensors, None for an omitted optional input."""

    name: str
    options: Any  # an instance of the operator's options class
    inputs: list[Any]
    outputs: list[Any]


def read_graph(data: bytes) -> Graph:
    """Reads a TFLite flatbuffer.

    Raises:
        InkError: the data is not a TFLite flatbuffer, or is broken.
    """
    if data[4:8] != IDENTIFIER:
        size = f"{len(data):,} bytes"
        raise InkError(f"not a TFLite model ({size}): expected {IDENTIFIER!r} at byte 4, found {data[4:8]!r}")
    try:
        return _graph(schema.ModelT.InitFromPackedBuf(data, 0))
    except _BROKEN as error:
        raise InkError(f"broken TFLite model of {len(data):,} bytes ({error}): write it again") from error


def _graph(model: schema.ModelT) -> Graph:
    steps = _steps(model)
    main = model.subgraphs[0]
    constant = {index for index, buffer in enumerate(model.buffers) if buffer.data is not None}
    tensors = [tensor for subgraph in model.subgraphs for tensor in subgraph.tensors]
    custom = {_text(code.customCode) for code in model.operatorCodes if code.customCode is not None}
    names = Counter(step.name for step in steps)
    return Graph(
        operators=Counter({name: count for name, count in names.items() if name not in custom}),
        custom=Counter({name: count for name, count in names.items() if name in custom}),
        inputs=tuple(_tensor(main.tensors[index]) for index in main.inputs),
        outputs=tuple(_tensor(main.tensors[index]) for index in main.outputs),
        signature=next((_signature(one, main) for one in model.signatureDefs or [] if one.subgraphIndex == 0), None),
        runtime=_runtime(model),
        activations=tuple(_tensor(tensor) for tensor in tensors if tensor.buffer not in constant),
        weights=_weights(steps, [tensor for tensor in tensors if tensor.buffer in constant]),
        macs=sum(_macs(step) for step in steps),
    )


def _steps(model: schema.ModelT) -> list[_Step]:
    names = []
    for code in model.operatorCodes:
        # The deprecated one-byte field holds codes below 127, the new field the others.
        builtin = max(code.builtinCode, code.deprecatedBuiltinCode)
        names.append(_OPERATORS.get(builtin, str(builtin)) if code.customCode is None else _text(code.customCode))
    steps = []
    for subgraph in model.subgraphs:
        for operator in subgraph.operators or []:
            inputs = [subgraph.tensors[index] if index >= 0 else None for index in operator.inputs]
            outputs = [subgraph.tensors[index] for index in operator.outputs]
            steps.append(_Step(names[operator.opcodeIndex], operator.builtinOptions, inputs, outputs))
    return steps


def _tensor(tensor: schema.TensorT) -> Tensor:
    # For a size that is known only at run time, `shapeSignature` has -1 and `shape` has 1.
    sizes = tensor.shapeSignature if tensor.shapeSignature is not None else tensor.shape
    shape = () if sizes is None else tuple(int(size) for size in sizes)
    return Tensor(_text(tensor.name), _DTYPES[tensor.type], shape if shape or tensor.hasRank else None)


def _signature(signature: schema.SignatureDefT, main: schema.SubGraphT) -> Signature:
    def named(mapping: list[schema.TensorMapT] | None, order: Sequence[int]) -> dict[str, Tensor]:
        names = {one.tensorIndex: _text(one.name) for one in mapping or []}
        return {names[index]: _tensor(main.tensors[index]) for index in order if index in names}

    key = _text(signature.signatureKey)
    return Signature(key, named(signature.inputs, main.inputs), named(signature.outputs, main.outputs))


def _runtime(model: schema.ModelT) -> str:
    for entry in model.metadata or []:
        if entry.name == b"min_runtime_version":
            return bytes(model.buffers[entry.buffer].data).rstrip(b"\0").decode("ascii")
    return ""


def _weights(steps: list[_Step], constants: list[schema.TensorT]) -> Counter[str]:
    """Counts parameters by dtype: weights, biases, and scales or offsets per channel.

    Other int32 and int64 constants are axes, shapes and paddings. A constant with several dimensions counts only if an
    operator in `_WEIGHED` uses it.
    """
    biases = {tensor.buffer for step in steps if step.name in _WITH_BIAS for tensor in step.inputs[2:3] if tensor}
    # DEQUANTIZE converts float16 weights before their use.
    widened = {id(step.outputs[0]): step.inputs[0] for step in steps if step.name == "DEQUANTIZE"}
    weighed = {
        widened.get(id(tensor), tensor).buffer
        for step in steps
        if step.name in _WEIGHED
        for tensor in step.inputs
        if tensor is not None
    }
    weights: Counter[str] = Counter()
    seen = set()
    for tensor in constants:
        dtype = _DTYPES[tensor.type]
        is_number = dtype in _WEIGHT_DTYPES and (tensor.buffer in weighed or _is_vector(tensor))
        if tensor.buffer not in seen and (is_number or tensor.buffer in biases):
            seen.add(tensor.buffer)
            weights[dtype] += _size(tensor)
    return weights


def _macs(step: _Step) -> int:
    match step.name:
        case "CONV_2D":  # filter [out, height, width, in / groups]
            return _size(step.outputs[0]) * math.prod(_shape(step.inputs[1])[1:])
        case "DEPTHWISE_CONV_2D":  # filter [1, height, width, out]
            return _size(step.outputs[0]) * math.prod(_shape(step.inputs[1])[1:3])
        case "TRANSPOSE_CONV":  # inputs: output shape, filter [out, height, width, in], image
            return _size(step.inputs[2]) * math.prod(_shape(step.inputs[1])[:3])
        case "FULLY_CONNECTED":  # weights [out, in]
            return _size(step.outputs[0]) * _shape(step.inputs[1])[1]
        case "BATCH_MATMUL":  # [..., rows, inner] x [..., inner, columns]
            return _size(step.outputs[0]) * _shape(step.inputs[0])[-2 if step.options.adjX else -1]
        case _:
            return 0


def _shape(tensor: schema.TensorT) -> list[int]:
    return [int(size) for size in tensor.shape]


def _is_vector(tensor: schema.TensorT) -> bool:
    return tensor.shape is None or _size(tensor) == max(_shape(tensor), default=1)


def _size(tensor: schema.TensorT) -> int:
    return 1 if tensor.shape is None else math.prod(_shape(tensor))


def _text(name: bytes) -> str:
    return name.decode("utf-8", errors="replace")
