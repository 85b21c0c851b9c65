"""The gate: what every model must be before it is handed out.

A model passes if any TFLite runtime, LiteRT.js in a browser included, can run it as it is: built-in operators only,
every shape in the file, and float32 or int32 at its inputs and outputs (LiteRT.js refuses int64 tensors).
"""

from __future__ import annotations

from pipeline.edge.graph import Graph, Tensor, read_graph
from pipeline.errors import InkError

PORTABLE = {"float32", "int32"}


def check(data: bytes) -> Graph:
    """Returns the graph of a flatbuffer that passes.

    Raises:
        InkError: listing every reason why it does not.
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
