"""The weight files of darknet: a header, and then the numbers of each layer, one layer after the other."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from zoo_core.errors import DataError, UnreadableError

_LONG_COUNT = 2  # from this version on, the number of pictures seen in training has 8 bytes


class Layer(NamedTuple):
    """A convolution.

    Attributes:
        name: of its weight, without ".weight".
        shape: (out, in, rows, columns).
        norm: name of the batch norm behind it; "" where there is none, and the convolution has a bias.
    """

    name: str
    shape: tuple[int, int, int, int]
    norm: str = ""


def read_darknet(path: str | Path, layers: Sequence[Layer]) -> dict[str, np.ndarray]:
    """The tensors of a .weights file by name, as PyTorch calls them.

    Args:
        path: the file.
        layers: of the network, in the order of its cfg file.

    Returns:
        float32: weight of each convolution, and its bias; or weight, bias, running_mean and running_var of its norm.

    Raises:
        UnreadableError: the file cannot be read, or its header is none.
        DataError: it holds fewer or more numbers than the layers have, or NaN or infinity.
    """
    path = Path(path)
    try:
        content = path.read_bytes()
    except OSError as error:
        raise UnreadableError(f"{path}: {error.strerror or error}") from error
    if len(content) < 16:
        raise UnreadableError(f"{path}: {len(content)} bytes are too few for the weights of a darknet network.")
    major, minor, _ = (int(value) for value in np.frombuffer(content, "<i4", 3))
    if not (0 <= major < 10 and 0 <= minor < 100):
        raise UnreadableError(f"{path}: this is no weight file of darknet; its header says version {major}.{minor}.")
    begin = 20 if major * 10 + minor >= _LONG_COUNT else 16
    body = content[begin:]
    wanted = sum(_count(layer) for layer in layers)
    if len(body) != 4 * wanted:
        raise DataError(
            f"{path}: it holds {len(body) / 4:g} numbers behind its header, and the network has {wanted}. Is this the "
            "file of another network, or was it cut off?"
        )
    values = np.frombuffer(body, "<f4").astype(np.float32)
    if not np.isfinite(values).all():
        raise DataError(f"{path}: it holds NaN or infinity.")
    return _parted(values, layers)


def _count(layer: Layer) -> int:
    return layer.shape[0] * (4 if layer.norm else 1) + int(np.prod(layer.shape))


def _parted(values: np.ndarray, layers: Sequence[Layer]) -> dict[str, np.ndarray]:
    found: dict[str, np.ndarray] = {}
    place = 0
    for layer in layers:
        names = [f"{layer.norm}.{kind}" for kind in ("bias", "weight", "running_mean", "running_var")]
        for name in names if layer.norm else [f"{layer.name}.bias"]:
            found[name] = values[place : place + layer.shape[0]]
            place += layer.shape[0]
        size = int(np.prod(layer.shape))
        found[f"{layer.name}.weight"] = values[place : place + size].reshape(layer.shape)
        place += size
    return found


def state_from_darknet(path: str | Path, network: Any) -> dict[str, np.ndarray]:
    """A state dict of a torch network out of a .weights file.

    Args:
        path: the file.
        network: its convolutions are defined in the order of the cfg file. A batch norm behind one is a sibling that is
            called "norm", and the convolution "conv" then.

    Raises:
        UnreadableError, DataError: as `read_darknet`.
    """
    return read_darknet(path, layers_of(network))


def layers_of(network: Any) -> list[Layer]:
    """The convolutions of a torch network in the order in which they are defined, see `state_from_darknet`."""
    modules = dict(network.named_modules())
    found = []
    for name, module in modules.items():
        if type(module).__name__ == "Conv2d":
            norm = name.removesuffix("conv") + "norm"
            found.append(Layer(name, tuple(module.weight.shape), norm if norm in modules and norm != name else ""))
    return found
