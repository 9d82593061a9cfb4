"""The weights of a published ONNX file for the same network in PyTorch, whose batch norms the file may have folded.

Exporters fold a batch norm into the convolution before it, and give what is left names of their own. What stays is the
order in which the layers run: by that, and by their shapes, the weights find their places.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from zoo.errors import ZooError
from zoo.frameworks.onnx import read_graph

_WEIGHTED = {"Conv": "Conv2d", "ConvTranspose": "ConvTranspose2d", "BatchNormalization": "BatchNorm2d"}
_FIELDS = {"BatchNorm2d": ("weight", "bias", "running_mean", "running_var")}


@dataclass(frozen=True)
class _Layer:
    """A layer of the file: what PyTorch calls its kind, its tensors as they stand behind its input, and what a batch
    norm adds to the variance."""

    kind: str
    tensors: tuple[np.ndarray, ...]
    epsilon: float


def state_from_onnx(
    path: Path, build: Callable[[], Any], shape: Sequence[int] = (1, 3, 64, 64)
) -> dict[str, np.ndarray]:
    """A state dict out of an ONNX file.

    Args:
        path: the file.
        build: gives the network; its convolutions and batch norms run in the order of the file's.
        shape: of an input that the network takes; its values do not matter.

    Raises:
        ZooError: the file is no ONNX file, or its layers are not those of the network; the message says which.
    """
    network = build().eval()
    layers = _layers(path)
    state: dict[str, np.ndarray] = {}
    before = ""
    for name, module in _in_order(network, shape):
        kind = type(module).__name__
        if kind == "BatchNorm2d" and (not layers or layers[0].kind != kind):
            if not before:
                raise ZooError(f"{path} has no batch norm for {name}, nor a convolution that could hold it")
            state |= _unfolded(state, before, name, module)
            before = ""
            continue
        if not layers or layers[0].kind != kind:
            raise ZooError(f"{path}: {name} is a {kind}, and the file has {layers[0].kind if layers else 'no more'}")
        layer = layers.pop(0)
        state |= _named(path, name, module, layer)
        before = "" if kind == "BatchNorm2d" else name
    if layers:
        raise ZooError(f"{path} has {len(layers)} layers more than the network. Is it of another variant?")
    return state


def _layers(path: Path) -> list[_Layer]:
    """The layers of the file that have weights, in the order of its nodes, which is that of their running."""
    import onnx

    graph = read_graph(path).graph
    tensors = {tensor.name: tensor for tensor in graph.initializer}
    found = []
    for node in graph.node:
        if node.op_type in _WEIGHTED:
            missing = [name for name in node.input[1:] if name not in tensors]
            if missing:
                raise ZooError(f"{path}: {node.op_type} takes {missing[0]}, which is no weight of the file")
            arrays = tuple(np.array(onnx.numpy_helper.to_array(tensors[name])) for name in node.input[1:])
            epsilon = next((one.f for one in node.attribute if one.name == "epsilon"), 1e-5)
            found.append(_Layer(_WEIGHTED[node.op_type], arrays, epsilon))
    return found


def _in_order(network: Any, shape: Sequence[int]) -> list[tuple[str, Any]]:
    """Every convolution and batch norm of a network with its name, in the order in which they run."""
    import torch

    ran: list[tuple[str, Any]] = []
    hooks = [
        module.register_forward_pre_hook(lambda module, given, name=name: ran.append((name, module)))
        for name, module in network.named_modules()
        if type(module).__name__ in _WEIGHTED.values()
    ]
    with torch.inference_mode():
        network(torch.zeros(*shape))
    for hook in hooks:
        hook.remove()
    return ran


def _named(path: Path, name: str, module: Any, layer: _Layer) -> dict[str, np.ndarray]:
    """The tensors of a layer under the names that the network has for them."""
    own = module.state_dict()
    fields = _FIELDS.get(layer.kind, ("weight", "bias"))
    if layer.tensors[0].shape != tuple(own["weight"].shape):
        raise ZooError(
            f"{path}: {name} has a weight of {list(own['weight'].shape)}, the file's layer there one of "
            f"{list(layer.tensors[0].shape)}. Is it of another variant?"
        )
    found = {f"{name}.{field}": array for field, array in zip(fields, layer.tensors, strict=False)}
    if layer.kind == "BatchNorm2d":
        found[f"{name}.running_var"] = found[f"{name}.running_var"] + np.float32(layer.epsilon - module.eps)
    return found


def _unfolded(state: dict[str, np.ndarray], convolution: str, norm: str, module: Any) -> dict[str, np.ndarray]:
    """A batch norm that does nothing but add what the convolution before it adds in the file, which it takes over.

    Args:
        state: what has been found; the convolution's bias is taken out of it.
    """
    width = module.num_features
    return {
        f"{norm}.weight": np.ones(width, np.float32),
        f"{norm}.bias": state.pop(f"{convolution}.bias", np.zeros(width, np.float32)),
        f"{norm}.running_mean": np.zeros(width, np.float32),
        f"{norm}.running_var": np.full(width, 1 - module.eps, np.float32),
    }
