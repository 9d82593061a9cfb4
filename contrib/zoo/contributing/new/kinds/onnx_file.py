"""An ONNX file as the source of a new folder: what it declares is kept, or refused with a sentence."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from engine.backends.compiling.older import open_negative
from engine.backends.compiling.onnx_file import LARGEST, files_of, read_onnx
from engine.errors import EngineError
from zoo.contributing.new.asked import NORMALISED, PICTURES, Asked
from zoo.contributing.new.source import BY_HAND, Said, Source, need
from zoo.errors import ZooError
from zoo.frameworks import onnx as graphs

MAX_SAMPLE_BYTES = 1_900_000  # weights below this are shipped with the model
_TO_CHANNELS_FIRST = [0, 3, 1, 2]
# Operators at the beginning of a graph that move and scale pixels, and those that may stand before
_NORMALISING = frozenset({"Sub", "Add", "Mul", "Div", "BatchNormalization"})
_PASSING = frozenset({"Identity", "Cast", "Transpose"})


def source(path: Path, asked: Asked) -> Source:
    """The folder gets the graph without its large weights, and those beside it where they are small enough.

    Raises:
        ZooError: it cannot be read, is too large, takes for a task of pictures none [N, C, H, W] that are float32, or
            says otherwise than what is asked for.
    """
    graph = _read(path)
    said = _said(path, graph, asked) if asked.task in PICTURES else Said()
    files = _files(graph)
    has_weights = "sample.safetensors" in files or not graphs.without_weights(graph)[1]
    return Source(
        text=str(path),
        variant=re.sub(r"\W", "_", path.stem),
        framework="onnx",
        code=('read(__file__, "network.graph")',),
        network=lambda: graph,
        origin=path.name,
        imports=(("zoo.frameworks.onnx", "read"),),
        said=said,
        files=files,
        left=() if has_weights else (_left(path),),
    )


def _said(path: Path, graph: Any, asked: Asked) -> Said:
    dims = _picture(path, graph)
    channels = _channels(path, graph, dims, asked.channels)
    _require_colours(path, graph, asked)
    height, width = dims[2:]
    if height is None and width is None:
        return Said(channels=channels)
    if None in (height, width):
        if asked.width is None:
            given = f"{height or 'H'}x{width or 'W'}"
            raise ZooError(f"--from {path} fixes one side of its pictures, {given}: give both, as --size {given}")
        height, width = height or asked.size, width or asked.width
    return Said(side=height, width=width, fixed=True, channels=channels)


def _left(path: Path) -> str:
    return (
        f"the weights of {path.name} are too large for the folder: give --weights FILE.onnx to zoo export, or say "
        "in model.py where they can be fetched (pretrained); zoo check runs with random ones until then"
    )


def _read(path: Path) -> Any:
    """The graph, whose inputs are those that a call gives: files of before 2019 list every weight among them."""
    need("onnx", "onnx")
    try:
        size = sum(file.stat().st_size for file in files_of(path))
        if size > LARGEST:
            raise ZooError(
                f"--from {path} has {size / 1e9:.1f} GB of weights, which is too large: graph and weights must fit "
                "into one message of 2.1 GB; write model.py by hand, with the network in its own framework"
            )
        graph = read_onnx(path)
    except (OSError, EngineError) as error:
        raise ZooError(f"--from {path} is not an ONNX file that can be read: {error}") from error
    open_negative(graph.graph)
    weights = {tensor.name for tensor in graph.graph.initializer}
    given = [value for value in graph.graph.input if value.name not in weights]
    del graph.graph.input[:]
    graph.graph.input.extend(given)
    graph.ir_version = max(graph.ir_version, 4)  # from which on weights need not be inputs
    return graph


def _picture(path: Path, graph: Any) -> list[int | None]:
    """The dimensions of the only input, None where they are open."""
    from onnx import TensorProto

    values = graph.graph.input
    types = [value.type.tensor_type for value in values]
    dims = [dim.dim_value or None for dim in types[0].shape.dim] if len(types) == 1 else []
    if len(dims) != 4 or types[0].elem_type != TensorProto.FLOAT:
        found = ", ".join(
            f"{value.name} {TensorProto.DataType.Name(kind.elem_type).lower()}{_shown(kind.shape.dim)}"
            for value, kind in zip(values, types, strict=True)
        )
        raise ZooError(
            f"--from {path} takes {found or 'nothing'}; zoo new knows graphs with one float32 input [N, C, H, W]. "
            f"{BY_HAND}"
        )
    return dims


def _shown(dims: Any) -> str:
    return f"[{', '.join(str(dim.dim_value or dim.dim_param or '?') for dim in dims)}]"


def _channels(path: Path, graph: Any, dims: list[int | None], asked: int | None) -> int:
    name = graph.graph.input[0].name
    shown = _shown(graph.graph.input[0].type.tensor_type.shape.dim)
    users = [node for node in graph.graph.node if name in node.input]
    turned = _is_turned(graph, name)
    if (dims[1] not in (1, 3) and dims[3] in (1, 3)) or (turned and dims[1] not in (1, 3)):
        raise ZooError(
            f"--from {path} takes '{name}' {shown}, with the channels last (NHWC); zoo new writes preprocessing to "
            f"[N, C, H, W]. Export it channels first (tf2onnx: --inputs-as-nchw {name}), or write model.py by hand"
        )
    kernels = {tensor.name: tensor.dims for tensor in graph.graph.initializer}
    seen = [kernels[node.input[1]][1] for node in users if node.op_type == "Conv" and node.input[1] in kernels]
    declared = dims[1] or next(iter(seen), None)
    if declared is None and asked is None:
        raise ZooError(f"--from {path} takes '{name}' {shown}: how many channels is not said; give --channels 1 or 3")
    if declared is not None and (declared not in (1, 3) or asked not in (None, declared)):
        wanted = f"--channels is {asked}" if declared in (1, 3) else "zoo new writes preprocessing to 1 or 3"
        raise ZooError(f"--from {path} takes '{name}' {shown}, with {declared} channels, and {wanted}")
    return declared or asked or 3


def _is_turned(graph: Any, name: str) -> bool:
    """Whether the first that is done to pictures, but for casts and normalising, is to put their channels first."""
    for node in graph.graph.node:
        if name in node.input and node.op_type == "Transpose":
            return [list(one.ints) for one in node.attribute] == [_TO_CHANNELS_FIRST]
        if name in node.input and node.op_type in _NORMALISING | _PASSING:
            name = node.output[0]
    return False


def _require_colours(path: Path, graph: Any, asked: Asked) -> None:
    """Raise ZooError where the graph normalises its pictures itself, and nobody says what it is given."""
    if asked.task not in NORMALISED or None not in (asked.mean, asked.std):
        return
    constants = {tensor.name for tensor in graph.graph.initializer}
    constants |= {node.output[0] for node in graph.graph.node if node.op_type == "Constant"}
    name = graph.graph.input[0].name
    for node in graph.graph.node:
        if node.op_type in _PASSING and node.input[0] == name:
            name = node.output[0]
        elif name in node.input:
            if node.op_type in _NORMALISING and {*node.input} - {name} <= constants:
                raise ZooError(
                    f"--from {path} begins with {node.op_type}, and so normalises pictures itself: give --mean 0 --std "
                    f"1 where it takes pixels from 0 to 1, or --mean 0 --std {1 / 255:.9f} where from 0 to 255"
                )
            return


def _files(graph: Any) -> dict[str, bytes]:
    from safetensors.numpy import save

    skeleton, taken = graphs.without_weights(graph)
    files = {"network.graph": skeleton.SerializeToString()}
    if 0 < sum(array.nbytes for array in taken.values()) <= MAX_SAMPLE_BYTES:
        files["sample.safetensors"] = save(taken)
    return files
