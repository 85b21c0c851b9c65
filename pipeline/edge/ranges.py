"""Removes the ranges of activations that must stay in float from a calibrated TFLite flatbuffer.

    data = drop_ranges(calibrated, float_operators=["STRIDED_SLICE", "SOFTMAX"])

TensorFlow's converter does not quantize an operator that its user denies, but the rewrites that follow ignore the list:
they move a quantization past a STRIDED_SLICE. A detector slices the corners of its boxes for non-maximum suppression.
With an offset per class, these span 52,000 pixels, and a step of int8 is 200 pixels: 10 points of AP50
(docs/measured.md). A tensor without a range cannot be quantized by any of them.
"""

from __future__ import annotations

import re
from collections.abc import Collection

import flatbuffers
from ai_edge_litert import schema_py_generated as schema

from pipeline.edge.graph import IDENTIFIER


def drop_ranges(data: bytes, float_operators: Collection[str], scope: str = "") -> bytes:
    """Copies a calibrated flatbuffer; only tensors that an int8 operator reads or writes keep their ranges.

    Args:
        data: flatbuffer with the range of every activation.
        float_operators: names of the built-in operators that stay in float.
        scope: regular expression; an operator also stays in float if it matches nowhere in its output's name.
    """
    model = schema.ModelT.InitFromPackedBuf(data, 0)
    in_float = {getattr(schema.BuiltinOperator, name) for name in float_operators}
    # The deprecated one-byte field holds codes below 127, the new field the others.
    codes = [max(code.builtinCode, code.deprecatedBuiltinCode) for code in model.operatorCodes]
    for subgraph in model.subgraphs:
        kept: set[int] = set()
        for operator in subgraph.operators:
            # A fused operator lists the names of its parts; the first is its output's.
            name = subgraph.tensors[operator.outputs[0]].name.decode().split(";")[0]
            if codes[operator.opcodeIndex] not in in_float and re.search(scope, name):
                kept.update(operator.inputs, operator.outputs)
        for index, tensor in enumerate(subgraph.tensors):
            if index not in kept and tensor.quantization is not None:
                tensor.quantization.min = tensor.quantization.max = None
    builder = flatbuffers.Builder(len(data))
    builder.Finish(model.Pack(builder), IDENTIFIER)
    return bytes(builder.Output())
