"""Which tensors of an ONNX graph its outputs are computed with, and which only say how large something gets."""

from __future__ import annotations

from typing import Any

from engine.backends.compiling.graph import inner_graphs
from engine.backends.compiling.uses import uses

# How many inputs of an operator are numbers to compute with; those behind them are sizes, scales and places
_NUMBERS = {
    **dict.fromkeys(("Expand", "Pad", "Reshape", "Resize", "Slice", "Squeeze", "Tile", "Unsqueeze", "Upsample"), 1),
    **dict.fromkeys(("ConstantOfShape", "Shape", "Size"), 0),
}


def computed_with(model: Any) -> set[str]:
    """The names of all tensors whose numbers go into the outputs, not only into their sizes, on whatever way."""
    nodes = [use.node for use in uses(model)]
    inner = [graph for node in nodes for attribute in node.attribute for graph in inner_graphs(attribute)]
    found = {value.name for graph in (model.graph, *inner) for value in graph.output}
    found |= {name for function in model.functions for name in function.output}
    before = -1
    while len(found) > before:  # twice, unless the nodes are out of order
        before = len(found)
        for node in reversed(nodes):  # from the outputs on: who takes a tensor comes after who makes it
            if not found.isdisjoint(node.output):
                plain = node.domain in ("", "ai.onnx")
                found.update(node.input[: _NUMBERS.get(node.op_type) if plain else None])
    return found
