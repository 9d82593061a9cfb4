"""Networks that come as an ONNX file: the folder holds the graph without its large weights.

The reference is ONNX Runtime on the graph as it came, without optimisation.
"""

from __future__ import annotations

import importlib.metadata
import math
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from engine.backends.compiling.onnx_file import files_of
from engine.base import Engine
from zoo.difference import is_alive
from zoo.errors import ZooError
from zoo.frameworks.checkpoints import misfits, unwrapped, way_on, with_names_of
from zoo.frameworks.onnx_settings import computed_with
from zoo.frameworks.weight_files import is_safetensors, require_checkpoint, safetensors_arrays
from zoo.model import Model
from zoo.part import Part
from zoo.weights import Weights, random_weights, require_match
from zoo_core.errors import first_line

_LARGE = 1024
_RESERVED = "__metadata__"  # in a .safetensors file no tensor can have this name
# The element types of weights, by ONNX's numbers: float, uint8, int8, int32, float16, double, bfloat16; whole numbers
# are those of quantised weights and their biases. The others are sizes and conditions.
_TRAINED = frozenset({1, 2, 3, 6, 10, 11, 16})
# Of random weights, beside He's: norms that stay as training made them do not take back what grows from layer to layer,
# and what He's weights make of seventy layers overflows float16. Without norms the same takes the samples' differences
# away, of which a softmax leaves nothing: then they are He's own.
_GAINS = (math.sqrt(0.5), 1.0)


def read(file: str, name: str) -> Any:
    """The graph `name` in the folder of `file`, as an onnx.ModelProto; its large weights may be missing."""
    import onnx

    return onnx.load_model(str(Path(file).resolve().with_name(name)), format="protobuf")


def hoisted(graph: Any) -> Any:
    """A copy of `graph` whose constants that are tensors are weights: some exporters write weights as nodes."""
    import onnx

    made = onnx.ModelProto()
    made.CopyFrom(graph)
    del made.graph.node[:]
    for node in graph.graph.node:
        values = [one.t for one in node.attribute if node.op_type == "Constant" and one.name == "value"]
        if values:
            made.graph.initializer.add().CopyFrom(values[0])
            made.graph.initializer[-1].name = node.output[0]
        else:
            made.graph.node.add().CopyFrom(node)
    return made


def without_weights(graph: Any) -> tuple[Any, dict[str, np.ndarray]]:
    """A copy of `graph` whose large weights have only a shape, and those weights by name.

    Vectors stay, small as they are: norms and biases keep what training made of them, and random matrices go with them.
    """
    import onnx

    stripped = hoisted(graph)
    taken = {}
    for tensor in stripped.graph.initializer:
        if _is_matrix(tensor) and math.prod(tensor.dims) * 4 > _LARGE and tensor.name != _RESERVED:
            taken[tensor.name] = onnx.numpy_helper.to_array(tensor)
            tensor.ClearField("raw_data")
            tensor.ClearField("float_data")
    return stripped, taken


def load(model: Model, weights: Weights, batch: list[np.ndarray]) -> Any:
    """The graph with `weights`: an ONNX file of the same graph, a .safetensors file, a seed, or as it is.

    Where `Model.build` gives a dict of graphs, one a part, so does this; there is a file for each, in this order.
    """
    built = model.build()
    if not isinstance(built, dict):
        return (
            _lively(model, built, weights, batch) if weights.kind == "random" else _with_weights(model, built, weights)
        )
    paths = [weights.path, *weights.beside] if weights.path else [None] * len(built)
    if len(paths) != len(built):
        raise ZooError(
            f"{model.id} {model.variant} consists of {len(built)} graphs ({', '.join(built)}), and {weights.path} is "
            "one file: use --weights pretrained or random"
        )
    return {
        name: _with_weights(model, graph, replace(weights, path=path))
        for (name, graph), path in zip(built.items(), paths, strict=True)
    }


def _lively(model: Model, graph: Any, weights: Weights, batch: list[np.ndarray]) -> Any:
    """The graph with random weights, of the first gain with which what it says differs from sample to sample."""
    import onnx

    for gain in _GAINS:
        made = onnx.ModelProto()
        made.CopyFrom(graph)
        made = _with_weights(model, made, weights, gain)
        with engine(model.entry, made) as runner:
            if is_alive(model.task.run({model.entry.name: runner}, batch)):
                break
    return made


def _with_weights(model: Model, graph: Any, weights: Weights, gain: float = _GAINS[0]) -> Any:
    """The graph itself, filled. gain: of random weights."""
    import onnx

    missing = {tensor.name: tuple(tensor.dims) for tensor in graph.graph.initializer if _is_missing(tensor)}
    if weights.kind == "random" and model.built:
        missing = {tensor.name: tuple(tensor.dims) for tensor in graph.graph.initializer if _is_matrix(tensor)}
    if weights.kind == "built" and missing:
        raise ZooError(
            f"the graph of {model.id} has no large weights, and so none for --weights built: name the ONNX file "
            "that has them, or use --weights random"
        )
    if weights.path is None:
        found = {name: value * np.float32(gain) for name, value in random_weights(missing).items()}
    else:
        found = _of_file(graph, missing, weights.path, weights.key)
    for tensor in graph.graph.initializer:
        if tensor.name in found:
            dtype = onnx.helper.tensor_dtype_to_np_dtype(tensor.data_type)
            value = np.ascontiguousarray(found[tensor.name], dtype).reshape(tuple(tensor.dims))
            tensor.CopyFrom(onnx.numpy_helper.from_array(value, tensor.name))
    return graph


def _of_file(graph: Any, missing: Mapping[str, Any], path: Path, key: str) -> dict[str, np.ndarray]:
    """The weights of `graph` in a file of its own, vectors too: training changes them as well.

    Raises:
        ZooError: the file is of another graph. A .safetensors file may have only the weights that are `missing`, as a
            sample has; an ONNX file has all vectors too, but for sizes and scales, whose names are other ones in every
            export, and may have constants with names of their own.
    """
    import onnx

    whole = not is_safetensors(path)
    own = {tensor.name: tensor for tensor in graph.graph.initializer if tensor.data_type in _TRAINED}
    content = unwrapped(_from_file(path), path, key, lambda value: isinstance(value, np.ndarray), lambda value: "none")
    state = with_names_of(content, own)
    vectors = {name for name, tensor in own.items() if tensor.dims and math.prod(tensor.dims) > 1}
    needed = {*missing, *(vectors & computed_with(graph))} if whole else missing
    large = [name for name, value in state.items() if not whole or (value.ndim > 1 and value.size * 4 > _LARGE)]
    kinds = {
        name: (tuple(tensor.dims), np.dtype(onnx.helper.tensor_dtype_to_np_dtype(tensor.data_type)).name)
        for name, tensor in own.items()
    }
    require_match(
        str(path),
        missing=[name for name in own if name in needed and name not in state],
        unexpected=[name for name in large if name not in own],
        mismatched=misfits(state, kinds),
        way_on=way_on(state, needed),
    )
    return {name: value for name, value in state.items() if name in own}


def _is_matrix(tensor: Any) -> bool:
    """Whether it is a matrix or a kernel, and no vector: norms and biases stay as they are under random weights."""
    import onnx

    return bool(tensor.data_type == onnx.TensorProto.FLOAT) and len(tensor.dims) > 1


def _is_missing(tensor: Any) -> bool:
    return not tensor.raw_data and not tensor.float_data and math.prod(tensor.dims) * 4 > _LARGE


def _from_file(path: Path) -> dict[str, np.ndarray]:
    require_checkpoint(path)
    if is_safetensors(path):
        return safetensors_arrays(path)
    import onnx

    initializers = hoisted(read_graph(path)).graph.initializer
    trained = [tensor for tensor in initializers if tensor.data_type in _TRAINED]
    try:
        return {tensor.name: onnx.numpy_helper.to_array(tensor) for tensor in trained}
    except ValueError as error:
        raise ZooError(f"{path} has a weight that is no array of its shape: {first_line(error)}") from error


def read_graph(path: Path) -> Any:
    """An ONNX file as an onnx.ModelProto, with its weights, which lie in it or in its folder.

    Raises:
        ZooError: it is none.
        ModelFileError: its weights are elsewhere.
    """
    import onnx

    files_of(path)  # refuses weights from elsewhere
    try:
        return onnx.load_model(str(path), format="protobuf")
    except Exception as error:
        # protobuf's errors, and those of weights that lie in other files, have no common base
        raise ZooError(f"{path} is neither an ONNX file nor a .safetensors file ({first_line(error)})") from error


def export(
    model: Model, part: Part, network: Any, path: Path, opset: int, shapes: list[list[int]], dynamic: bool
) -> str:
    """Write the graph with the dimensions that are asked for; returns a note where its opset was kept."""
    import onnx

    graph, note = converted(part.of(network), opset)
    named = [list(spec.shape) for spec in part.inputs]
    onnx.save(with_shapes(graph, named if dynamic else [list(shape) for shape in shapes]), path)
    return note


def converted(graph: Any, opset: int) -> tuple[Any, str]:
    """`graph` in this opset; as it is, with a note, where onnx cannot convert it."""
    import onnx

    own = next(entry.version for entry in graph.opset_import if entry.domain in ("", "ai.onnx"))
    if own == opset:
        return graph, ""
    try:
        return onnx.version_converter.convert_version(graph, opset), ""
    except RuntimeError as error:
        return graph, f"opset {own} kept: {str(error).strip().splitlines()[0]}"


def with_shapes(graph: Any, sizes: list[list[int | str]]) -> Any:
    """A copy whose inputs have these dimensions (a str names a dynamic one); other shapes are inferred anew."""
    import onnx

    made = onnx.ModelProto()
    made.CopyFrom(graph)
    del made.graph.value_info[:]
    weights = {tensor.name for tensor in made.graph.initializer}
    inputs = [value for value in made.graph.input if value.name not in weights]
    for value, shape in zip(inputs, sizes, strict=True):
        _set_dims(value, shape)
    for value in made.graph.output:
        _set_dims(value, [sizes[0][0], *_fixed(value)[1:]])
    return made


def _set_dims(value: Any, shape: list[int | str]) -> None:
    dims = value.type.tensor_type.shape.dim
    del dims[:]
    for size in shape:
        if isinstance(size, str):
            dims.add().dim_param = size
        else:
            dims.add().dim_value = size


def _fixed(value: Any) -> list[int | str]:
    return [dim.dim_value or dim.dim_param or "size" for dim in value.type.tensor_type.shape.dim]


def session(graph: Any) -> Any:
    """ONNX Runtime on a graph in memory, every operator as it stands."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.log_severity_level = 4  # what goes wrong is raised
    return onnxruntime.InferenceSession(graph.SerializeToString(), options, providers=["CPUExecutionProvider"])


def engine(part: Part, network: Any) -> Engine:
    """The graph as it came, behind the engine's interface."""
    from engine.backends.onnxruntime import OnnxRuntimeSession

    graph = with_shapes(part.of(network), [list(spec.shape) for spec in part.inputs])
    return Engine.from_session(OnnxRuntimeSession(session(graph)), "source", "source", dtype="float32")


def versions() -> dict[str, str]:
    """What the manifest says of the framework."""
    return {"onnx": importlib.metadata.version("onnx")}
