"""The gate that every model must pass before it is published.

A model passes if every TFLite runtime, including LiteRT.js in a browser, can run it unchanged: it uses built-in
operators only, all shapes are static, and inputs and outputs are float32 or int32 (LiteRT.js rejects int64 tensors).
"""

from __future__ import annotations

from pipeline.edge.graph import Graph, Tensor, read_graph
from pipeline.errors import InkError

PORTABLE = {"float32", "int32"}


def check(data: bytes) -> Graph:
    """Checks a flatbuffer and returns its graph.

    Raises:
        InkError: the model does not pass; the message lists every reason.
    """
    graph = read_graph(data)
    reasons = [*_operators(graph), *_shapes(graph), *_dtypes(graph)]
    if reasons:
        raise InkError("the model cannot run on every device:\n" + "\n".join(f"  {reason}" for reason in reasons))
    return graph


def _operators(graph: Graph) -> list[str]:
    return [
        f"{'Flex' if name.startswith('Flex') else 'custom'} operator {name} ({count}x): use built-in operators"
        for name, count in sorted(graph.custom.items())
    ]


def _shapes(graph: Graph) -> list[str]:
    return [
        f"dynamic shape {_shown(tensor)} of tensor {tensor.name}: fix every size in the exported function"
        for tensor in graph.activations
        if not tensor.is_static
    ]


def _dtypes(graph: Graph) -> list[str]:
    return [
        f"{tensor.dtype} {kind} {tensor.name}: cast to {'int32' if tensor.dtype == 'int64' else 'float32 or int32'}"
        for kind, tensors in (("input", graph.inputs), ("output", graph.outputs))
        for tensor in tensors
        if tensor.dtype not in PORTABLE
    ]


def _shown(tensor: Tensor) -> str:
    return "of unknown rank" if tensor.shape is None else str(list(tensor.shape)).replace("-1", "?")
