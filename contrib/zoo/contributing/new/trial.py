"""Trying a network: what it takes, and what it gives."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from zoo.contributing.new.sources import Source
from zoo.errors import ZooError


@dataclass(frozen=True)
class Shape:
    """What trying the network has shown: channels and side of its input, whether it takes other sides, classes."""

    channels: int
    side: int
    flexible: bool
    classes: int


def tried(source: Source) -> Shape:
    """Run the network on zeros to see what it takes. Raises ZooError if it is no image classifier."""
    channels = 1 if source.transform.mode == "L" else 3
    side = source.transform.crop
    run = _runner(source)
    outputs = _outputs(run, (2, channels, side, side))
    if isinstance(outputs, Exception):
        raise ZooError(
            f"{source.variant} does not run on [2, {channels}, {side}, {side}]: {outputs}; "
            "name a function as MODULE:FUNCTION, and give --size and --channels"
        )
    if len(outputs) != 1 or len(outputs[0]) != 2 or outputs[0][0] != 2 or outputs[0][1] < 2:
        raise ZooError(
            f"{source.variant} gives {outputs}; zoo new knows image classifiers, with one output [N, classes]. "
            "For others write model.py by hand: doc/Contributing.md says how"
        )
    other = side + 64
    flexible = side >= 64 and outputs == _outputs(run, (2, channels, other, other))
    return Shape(channels, side, flexible, outputs[0][1])


def _runner(source: Source) -> Callable[[np.ndarray], Any]:
    """The network as a function of one array."""
    network = source.network()
    if source.framework == "onnx":
        from zoo.frameworks import onnx as graphs

        free: list[list[int | str]] = [["batch", 1 if source.transform.mode == "L" else 3, "height", "width"]]
        session = graphs.session(graphs.with_shapes(network, free))
        name = session.get_inputs()[0].name
        return lambda array: session.run(None, {name: array})
    network.eval()
    package = importlib.import_module("torch" if source.framework == "pytorch" else "paddle")
    to_tensor = package.from_numpy if source.framework == "pytorch" else package.to_tensor

    def run(array: np.ndarray) -> Any:
        with package.no_grad():
            return network(to_tensor(array))

    return run


def _outputs(run: Callable[[np.ndarray], Any], shape: tuple[int, ...]) -> list[tuple[int, ...]] | Exception:
    """The shapes of the outputs, or what the network raised."""
    try:
        found = run(np.zeros(shape, np.float32))
    except Exception as error:
        # a class an error kind and a framework each: all of them mean that it does not take this shape
        return error
    return [tuple(one.shape) for one in (found if isinstance(found, (list, tuple)) else [found])]
