"""Graphs that ONNX Runtime takes and onnx's checker does not: put right, so that whoever compiles them has them too."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import Any

from .graph import inner_graphs

_LISTING = 4  # the first IR version in which weights need not stand among the inputs


def mended(model: Any) -> bool:
    """Put right in place what onnx's checker refuses and the graph leaves no doubt of.

    That is: the order of its nodes, weights that an old file does not list among its inputs, and outputs that say
    nothing of their shape, which follows from the nodes.

    Returns:
        Whether anything was changed.
    """
    changed = _put_in_order(model.graph)
    listed = {value.name for value in model.graph.input}
    if model.ir_version < _LISTING and any(tensor.name not in listed for tensor in model.graph.initializer):
        model.ir_version = _LISTING
        changed = True
    return _give_shapes(model) or changed


def _put_in_order(graph: Any) -> bool:
    """Nodes behind those whose outputs they take, in branches and loop bodies too; as they are where they run in a
    circle."""
    inner = [one for node in graph.node for attribute in node.attribute for one in inner_graphs(attribute)]
    changed = sum(map(_put_in_order, inner)) > 0
    maker = {name: number for number, node in enumerate(graph.node) for name in node.output if name}
    needs = [{maker[name] for name in _used(node) if name in maker} for node in graph.node]
    if all(one < number for number, needed in enumerate(needs) for one in needed):
        return changed
    users: list[list[int]] = [[] for _ in needs]
    for number, needed in enumerate(needs):
        for one in needed:
            users[one].append(number)
    ready, order = deque(number for number, needed in enumerate(needs) if not needed), []
    while ready:
        order.append(ready.popleft())
        for user in users[order[-1]]:
            needs[user].discard(order[-1])
            if not needs[user]:
                ready.append(user)
    if len(order) < len(needs):
        return changed
    nodes = [graph.node[number] for number in order]
    copies = [type(node).FromString(node.SerializeToString()) for node in nodes]
    del graph.node[:]
    graph.node.extend(copies)
    return True


def _used(node: Any) -> Iterator[str]:
    """The names of the tensors that a node takes, those in its branches and loop bodies too."""
    yield from node.input
    for attribute in node.attribute:
        for graph in inner_graphs(attribute):
            yield from (value.name for value in graph.output)
            for one in graph.node:
                yield from _used(one)


def _give_shapes(model: Any) -> bool:
    import onnx

    open_ones = [value for value in model.graph.output if _lacks_shape(value)]
    if not open_ones:
        return False
    inferred = {value.name: value for value in onnx.shape_inference.infer_shapes(model).graph.output}
    told = [value for value in open_ones if not _lacks_shape(inferred[value.name])]
    for value in told:
        value.type.CopyFrom(inferred[value.name].type)
    return bool(told)


def _lacks_shape(value: Any) -> bool:
    return value.type.WhichOneof("value") == "tensor_type" and not value.type.tensor_type.HasField("shape")
