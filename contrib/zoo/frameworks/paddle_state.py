"""A state dict for a network of Paddle out of the file of the same network in PyTorch.

The layers of both have to have the same names. Paddle keeps the matrix of a linear layer the other way round, and has
other names for what a batch norm has seen; all else is equal, kernels of transposed convolutions too.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from engine.backends.paddle import import_paddle
from zoo.frameworks.weight_files import is_safetensors

_STATISTICS = {"running_mean": "_mean", "running_var": "_variance"}
# PyTorch counts the batches that a norm was trained on; Paddle does not, and no result depends on it
_COUNTER = "num_batches_tracked"


def paddle_state(path: Path, build: Callable[[], Any]) -> dict[str, np.ndarray]:
    """The tensors of a file of PyTorch's, as `Pretrained.convert` gives them, by the names and layouts of Paddle's
    network.

    Args:
        path: a .safetensors file, or a checkpoint that torch.save wrote, for which torch is needed.
        build: gives Paddle's network, which says what each layer is.

    Returns:
        What the network has no place for keeps its name, so that whoever loads the state names it.

    Raises:
        ZooError: the file is no checkpoint; the message says what it is.
    """
    linear, norms = _kinds(build())
    state = {}
    for name, array in _arrays(path).items():
        place, _, field = name.rpartition(".")
        if place in norms:
            field = _STATISTICS.get(field, field)
        if field == _COUNTER:
            continue
        turned = place in linear and field == "weight" and array.ndim == 2
        state[f"{place}.{field}" if place else field] = np.ascontiguousarray(array.T) if turned else array
    return state


def _kinds(network: Any) -> tuple[set[str], set[str]]:
    """The names of the linear layers and of the batch norms."""
    paddle = import_paddle()
    layers = dict(network.named_sublayers())
    return (
        {name for name, layer in layers.items() if isinstance(layer, paddle.nn.Linear)},
        {name for name, layer in layers.items() if isinstance(layer, paddle.nn.layer.norm._BatchNormBase)},
    )


def _arrays(path: Path) -> dict[str, np.ndarray]:
    if is_safetensors(path):
        from zoo.frameworks.paddle import read_state

        return read_state(path)
    from zoo.frameworks.torch_file import read_state as read_torch

    state = read_torch(path)
    return {name: (one.float() if one.is_floating_point() else one).numpy() for name, one in state.items()}
