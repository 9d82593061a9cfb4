"""Nodes that no range describes, so that int8 leaves them in float32: masks, and what never moved in calibration."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

# What a mask of attention adds to what nobody may look at: "minus infinity", however it is written
_LEAST_OF_A_MASK, _LEAST_OF_A_WEIGHT = 1e4, 1e30
# What these give is bounded, whatever they take
_BOUNDING = frozenset({"Softmax", "Sigmoid", "HardSigmoid", "Tanh", "Clip", "Equal", "Less", "Greater", "Not", "Shape"})


def unbounded(model: Any, ranges: Any) -> set[str]:
    """The names of nodes that take or give a tensor without a usable range.

    A sample alone has no padding, so that a mask that is calibrated on is 0 throughout: its range would wipe out the
    mask of a padded batch. With its true range, everything that it is added to would be rounded to 0.

    Args:
        model: the graph, whose nodes are in order and have names.
        ranges: of its tensors, as ONNX Runtime's calibration gives them.
    """
    endless = {name for name, values in _constants(model.graph) if _is_mask(values)}
    found = set()
    for node in model.graph.node:
        if endless & {*node.input}:
            found.add(node.name)
            if node.op_type not in _BOUNDING:
                endless |= {*node.output}
    still = {name for name, one in ranges.items() if _width(one) == 0}
    return found | {node.name for node in model.graph.node if still & {*node.input, *node.output}}


def _constants(graph: Any) -> Iterator[tuple[str, np.ndarray]]:
    from onnx import numpy_helper

    for tensor in graph.initializer:
        yield tensor.name, numpy_helper.to_array(tensor)
    for node in graph.node:
        for attribute in node.attribute if node.op_type in ("Constant", "ConstantOfShape") else ():
            if attribute.name == "value":
                yield node.output[0], numpy_helper.to_array(attribute.t)


def _is_mask(values: np.ndarray) -> bool:
    if values.dtype.kind != "f" or not values.size:
        return False
    return bool(np.abs(values).max() >= (_LEAST_OF_A_MASK if values.size == 1 else _LEAST_OF_A_WEIGHT))


def _width(found: Any) -> float:
    low, high = found.range_value
    return float(np.max(high) - np.min(low)) if np.size(high) else 0.0
