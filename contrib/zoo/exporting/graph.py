"""What is done to an exported graph: names, onnxsim and the checker; float16."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from engine.backends.compiling.graph import Names, inner_graphs
from engine.backends.compiling.onnx_file import LARGEST, files_of
from zoo.errors import CheckFailedError, ZooError
from zoo.model import CustomOps, Part
from zoo_core.errors import first_line

_log = logging.getLogger(__name__)


def finish(part: Part, custom_ops: CustomOps | None, path: Path, dynamic: bool) -> None:
    """Names from the part's description, custom operators, onnxsim and the checker, in place.

    Raises:
        ZooError: the graph is too large for them, or a custom operator has the name of a standard one.
        CheckFailedError: the graph is not what the part describes, or onnxsim changed what it computes.
    """
    import onnx

    size = sum(file.stat().st_size for file in files_of(path))
    if size > LARGEST:
        raise ZooError(
            f"{path.name} has {size / 1e9:.1f} GB of weights, which is too large: a graph must fit into one message of "
            "2.1 GB to be simplified and checked here. torch.onnx.export(…, dynamo=True, external_data=True) writes it "
            "without that, and targets onnx and openvino run it"
        )
    graph = onnx.load(path)
    _rename(graph, [*part.inputs, *part.outputs])
    if custom_ops and custom_ops.functions:
        functions = custom_ops.functions()
        for function in functions:
            if onnx.defs.has(function.name):  # ONNX Runtime takes the one for the other, and crashes
                raise ZooError(
                    f"custom operator '{function.domain}::{function.name}' has the name of a standard one; "
                    "call it something else"
                )
        graph.functions.extend(functions)
    onnx.checker.check_model(graph)
    simplified = _simplified(graph, path.name)
    if dynamic:
        _require_dynamic(simplified, [*part.inputs, *part.outputs], path.name)
    onnx.save(simplified, path)


def _simplified(graph: Any, name: str) -> Any:
    """What onnxsim makes of the graph, checked.

    Where its rewriting goes wrong (after it has fused a padding into a convolution it may miscount the sizes behind
    it, and it may put a node before what the node needs), it only folds constants.
    """
    import onnx

    try:
        return _by_onnxsim(graph, name)
    except (RuntimeError, onnx.shape_inference.InferenceError, onnx.checker.ValidationError) as error:
        _log.info("%s: %s; only its constants are folded", name, first_line(error))
        return _by_onnxsim(graph, name, rewriting=False)


def _by_onnxsim(graph: Any, name: str, rewriting: bool = True) -> Any:
    import onnx
    import onnxsim

    simplified, same = onnxsim.simplify(graph, perform_optimization=rewriting)
    if not same:
        raise CheckFailedError(f"onnxsim changed what {name} computes; the network cannot be exported with it")
    onnx.checker.check_model(simplified, full_check=True)
    return simplified


def _require_dynamic(graph: Any, specs: list[Any], name: str) -> None:
    """Raise CheckFailedError if a dimension that the model calls dynamic has become a number on the way."""
    for value, spec in zip([*graph.graph.input, *graph.graph.output], specs, strict=True):
        for axis, (dim, size) in enumerate(zip(value.type.tensor_type.shape.dim, spec.shape, strict=True)):
            if isinstance(size, str) and dim.HasField("dim_value"):
                raise CheckFailedError(
                    f"{name}: dimension {axis} of '{spec}' was exported as {dim.dim_value}. Does the network's forward "
                    "turn a size into a Python number (int(x.shape[0]), len(x))?"
                )


def _rename(graph: Any, specs: list[Any]) -> None:
    """Give inputs, outputs and dynamic dimensions the names of the model's specs, whatever the exporter called them."""
    values = [*graph.graph.input, *graph.graph.output]
    if len(values) != len(specs):
        raise CheckFailedError(
            f"the exported graph has {len(values)} inputs and outputs, the model describes {len(specs)}"
        )
    names = {value.name: spec.name for value, spec in zip(values, specs, strict=True)}
    unused = Names(graph.graph)
    for name in set(names.values()) & unused.taken - names.keys():
        names[name] = unused.unused(name)  # a weight, or a tensor within, that has the name of an input or output
    _rename_tensors(graph.graph, names)
    for value, spec in zip(values, specs, strict=True):
        for dim, size in zip(value.type.tensor_type.shape.dim, spec.shape, strict=True):
            if isinstance(size, int) and not dim.HasField("dim_value"):
                dim.dim_value = size  # fixed, though the exporter lost track of it
            elif isinstance(size, str) and dim.dim_param:
                dim.dim_param = size


def _rename_tensors(graph: Any, names: Mapping[str, str]) -> None:
    """In place, in branches and loop bodies too."""
    for one in (*graph.input, *graph.output, *graph.initializer, *graph.value_info):
        one.name = names.get(one.name, one.name)
    for note in graph.quantization_annotation:
        note.tensor_name = names.get(note.tensor_name, note.tensor_name)
    for node in graph.node:
        node.input[:] = [names.get(name, name) for name in node.input]
        node.output[:] = [names.get(name, name) for name in node.output]
        for attribute in node.attribute:
            for inner in inner_graphs(attribute):
                _rename_tensors(inner, names)


def write_float16(source: Path, path: Path, keep: Sequence[str] = ()) -> None:
    """The graph in `source` with weights, inputs and outputs in float16, but for the nodes in `keep`, by name."""
    import onnx

    onnx.save(in_float16(onnx.load(source), keep), path)


def in_float16(graph: Any, keep: Sequence[str] = ()) -> Any:
    """What `write_float16` writes; `graph` is changed on the way."""
    import onnx
    from onnxconverter_common import float16

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # one line for each weight below float16's smallest number
        for tensor in graph.graph.initializer:
            if tensor.float_data:  # the converter takes a Python loop over these, but not over raw bytes
                tensor.CopyFrom(onnx.numpy_helper.from_array(onnx.numpy_helper.to_array(tensor), tensor.name))
        casts = {node.output[0] for node in _casts_to(graph.graph, onnx.TensorProto.FLOAT) if node.name not in keep}
        made = float16.convert_float_to_float16(graph, node_block_list=[*keep] or None)
        for node in _casts_to(made.graph, onnx.TensorProto.FLOAT):
            if node.output[0] in casts:  # the converter declares their outputs float16, and leaves what they cast to
                next(one for one in node.attribute if one.name == "to").i = onnx.TensorProto.FLOAT16
        return made


def name_nodes(graph: Any) -> None:
    """Give every node a name of its own, in place."""
    names: set[str] = set()
    for number, node in enumerate(graph.node):
        if not node.name or node.name in names:
            node.name = f"{node.op_type}_{number}"
        names.add(node.name)


def _casts_to(graph: Any, kind: int) -> Iterator[Any]:
    """The Cast nodes to this element type, in branches and loop bodies too."""
    for node in graph.node:
        if node.op_type == "Cast" and any(one.name == "to" and one.i == kind for one in node.attribute):
            yield node
        for attribute in node.attribute:
            for inner in inner_graphs(attribute):
                yield from _casts_to(inner, kind)
