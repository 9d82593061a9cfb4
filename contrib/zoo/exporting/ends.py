"""The end of an int8 network: what it gives is not rounded where nothing is won by it.

Rounded to 256 steps, scores would be equal that are not; and where a detector puts boxes and scores into one tensor,
the steps would be those of the boxes.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

# What integers make faster; tables that rows are taken from, they make smaller. Some of it has integer kernels only
# where what it gives is rounded too
_HEAVY = ("Conv", "ConvTranspose", "Gemm", "MatMul")
_CONVOLUTIONS = ("Conv", "ConvTranspose")
_NEED_IT = (*_CONVOLUTIONS, "Gather")
_FUSED = ("Relu", "Clip")  # computed along with a convolution, of whose range they take away what is cut off


def tail(graph: Any) -> set[str]:
    """The names of the nodes behind the last heavy ones: what they give goes to no heavy one, on no way.

    Args:
        graph: whose nodes are in order and have names.
    """
    makers = {name: node.op_type for node in graph.node for name in node.output}
    tables = {tensor.name for tensor in graph.initializer if len(tensor.dims) > 1}
    leading: set[str] = set()  # tensors that a heavy node depends on
    found = set()
    for node in reversed(graph.node):
        heavy = node.op_type in _HEAVY or (node.op_type == "Gather" and node.input[0] in tables)
        fused = node.op_type in _FUSED and makers.get(node.input[0]) in _CONVOLUTIONS
        if heavy or fused or leading & {*node.output}:
            leading |= {*node.input}
        else:
            found.add(node.name)
    return found


def leave_end(graph: Any, behind: Iterable[str]) -> None:
    """Take the rounding of what only the end of a quantised graph takes out of it, in place, where no integer kernel
    depends on it.

    Args:
        graph: with QuantizeLinear and DequantizeLinear nodes.
        behind: `tail` of it.
    """
    makers = {name: node for node in graph.node for name in node.output}
    takers: dict[str, list[Any]] = {}
    for node in graph.node:
        for name in node.input:
            takers.setdefault(name, []).append(node)
    ends, given = {*behind}, {output.name for output in graph.output}
    for restored in [node for node in graph.node if node.op_type == "DequantizeLinear"]:
        rounded = makers.get(restored.input[0])
        source = makers.get(rounded.input[0]) if rounded is not None and rounded.op_type == "QuantizeLinear" else None
        if rounded is None or source is None or source.op_type in _NEED_IT:
            continue
        name, own = restored.output[0], rounded.input[0]
        after = takers.get(name, [])
        alone = len(takers[rounded.output[0]]) == len(takers[own]) == 1
        if not alone or any(node.name not in ends for node in after):
            continue
        if name in given:
            source.output[:] = [name if one == own else one for one in source.output]
        for node in after if name not in given else ():
            node.input[:] = [own if one == name else one for one in node.input]
        graph.node.remove(rounded)
        graph.node.remove(restored)
