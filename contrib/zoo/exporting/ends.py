"""What an int8 network gives: rounded to 256 steps, scores would be equal that are not."""

from __future__ import annotations

from typing import Any

# These have integer kernels only where what they give is rounded too
_NEED_IT = ("Conv", "ConvTranspose")


def leave_outputs(graph: Any) -> None:
    """Take the rounding of outputs out of a quantised graph, in place, where no integer kernel depends on it.

    An output that other nodes take too stays rounded: it is one of the network's inner tensors.
    """
    makers = {name: node for node in graph.node for name in node.output}
    takers: dict[str, list[Any]] = {}
    for node in graph.node:
        for name in node.input:
            takers.setdefault(name, []).append(node)
    for output in graph.output:
        restored = makers.get(output.name)
        rounded = makers.get(restored.input[0]) if restored is not None else None
        source = makers.get(rounded.input[0]) if rounded is not None else None
        if restored is None or rounded is None or source is None:
            continue
        pair = (rounded.op_type, restored.op_type) == ("QuantizeLinear", "DequantizeLinear")
        alone = not takers.get(output.name) and all(len(takers[one.input[0]]) == 1 for one in (rounded, restored))
        if not pair or not alone or source.op_type in _NEED_IT:
            continue
        source.output[:] = [output.name if name == rounded.input[0] else name for name in source.output]
        graph.node.remove(rounded)
        graph.node.remove(restored)
