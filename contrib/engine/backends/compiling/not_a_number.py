"""Weights that hold NaN or infinity: a runtime that takes NaN for a number gives answers of them that look sound."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from .graph import inner_graphs
from .onnx_file import read_onnx

_log = logging.getLogger(__name__)
_NAMED = 3
_HOLD = "NaN or infinity"
# Operators whose weights are numbers; elsewhere infinity may be meant, as in a mask
_WEIGHED = (
    *("BatchNormalization", "Conv", "ConvTranspose", "Gemm", "GRU", "InstanceNormalization", "LayerNormalization"),
    *("LSTM", "MatMul", "PRelu", "RNN"),
)


def unsound_weights(ckpt: Path) -> list[str]:
    """The names of the weights in a network's file that hold NaN, or infinity where that can be no mask.

    Args:
        ckpt: an ONNX file, or OpenVINO's .xml, where infinity is passed over; of others nothing is known.

    Raises:
        ModelFileError: it is no usable model.
    """
    if ckpt.suffix == ".xml":
        return _of_openvino(ckpt)
    if ckpt.suffix != ".onnx":
        return []
    model = read_onnx(ckpt, weights=False)
    found: list[str] = []
    for graph in (model.graph, *model.functions):
        found += _of_graph(graph, ckpt.parent)
    return found


def say_unsound(ckpt: Path, target: str, names: list[str]) -> None:
    """Warn of weights that `unsound_weights` has found; of none, nothing is said."""
    if names:
        some = ", ".join(names[:_NAMED]) + (f" and {len(names) - _NAMED} more" if len(names) > _NAMED else "")
        _log.warning(
            "%s: weights hold %s (%s): target '%s' may take NaN for a number, so that its answers may look sound, and "
            "mean nothing",
            *(ckpt.name, _HOLD, some, target),
        )


def _of_graph(graph: Any, folder: Path) -> Iterator[str]:
    """Of a graph or a function, with the branches and loops in it."""
    import onnx

    weighed = {name for node in graph.node if node.op_type in _WEIGHED for name in node.input}
    for tensor in getattr(graph, "initializer", ()):
        if _is_unsound(tensor, folder, tensor.name in weighed):
            yield tensor.name
    for node in graph.node:
        for attribute in node.attribute:
            if attribute.type == onnx.AttributeProto.TENSOR:
                name = node.output[0] if node.output else node.name
                if _is_unsound(attribute.t, folder, name in weighed):
                    yield name
            for inner in inner_graphs(attribute):
                yield from _of_graph(inner, folder)


def _is_unsound(tensor: Any, folder: Path, weighed: bool) -> bool:
    """Whether a tensor, which may lie in another file of the folder, holds NaN, or infinity if it is `weighed`."""
    import onnx

    if tensor.data_type not in (getattr(onnx.TensorProto, name) for name in ("FLOAT", "FLOAT16", "BFLOAT16", "DOUBLE")):
        return False
    held = onnx.TensorProto()
    held.CopyFrom(tensor)  # which is read here, and let go of again
    return _holds(onnx.numpy_helper.to_array(held, base_dir=str(folder)).astype(np.float64, copy=False), weighed)


def _holds(values: np.ndarray, weighed: bool) -> bool:
    return not np.isfinite(values).all() if weighed else bool(np.isnan(values).any())


def _of_openvino(ckpt: Path) -> list[str]:
    import openvino

    floats = ("f16", "f32", "f64", "bf16")
    model = openvino.Core().read_model(str(ckpt))
    constants = [one for one in model.get_ops() if one.get_type_name() == "Constant"]
    return [
        one.get_friendly_name()
        for one in constants
        if one.get_element_type().get_type_name() in floats and _holds(np.asarray(one.get_data(), np.float32), False)
    ]
