"""Trying a network: what it takes, and what it gives."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from zoo.contributing.new.source import Source
from zoo.errors import ZooError
from zoo_core.errors import first_line

_VIEWS = ("View", "UnsafeView", "Reshape", "Squeeze", "Unsqueeze", "Clone", "Alias", "ToCopy", "Slice")


@dataclass(frozen=True)
class Shape:
    """What trying the network has shown.

    Attributes:
        channels, side: of its input.
        flexible: whether it takes other sides, and its source does not say otherwise.
        classes: how many it tells apart.
        probabilities: whether its outputs are probabilities already, as after a softmax.
        built: whether it comes with its weights: a graph that has them, a function that loads them.
    """

    channels: int
    side: int
    flexible: bool
    classes: int
    probabilities: bool
    built: bool


def tried(source: Source) -> Shape:
    """Run the network on noise to see what it takes. Raises ZooError if it is no image classifier."""
    channels = 1 if source.transform.mode == "L" else 3
    side = source.transform.crop
    run = _runner(source)
    outputs = _outputs(run, (2, channels, side, side))
    if isinstance(outputs, Exception):
        raise ZooError(
            f"{source.variant} does not run on [2, {channels}, {side}, {side}]: {first_line(outputs)}; "
            "name a function as MODULE:FUNCTION, and give --size and --channels"
        )
    shapes = _shapes(outputs)
    if len(shapes) != 1 or len(shapes[0]) != 2 or shapes[0][0] != 2 or shapes[0][1] < 2:
        raise ZooError(
            f"{source.variant} gives {shapes}; zoo new knows image classifiers, with one output [N, classes]. "
            "For others write model.py by hand: doc/Contributing.md says how"
        )
    flexible = side >= 64 and not source.fixed_side and _takes(run, (2, channels, side + 64, side + 64), shapes)
    return Shape(channels, side, flexible, shapes[0][1], _are_probabilities(outputs[0]), _is_built(source))


def _is_built(source: Source) -> bool:
    """Whether no seed changes the weights that the network is built with."""
    if source.framework == "onnx":
        from zoo.frameworks.onnx import without_weights

        return not without_weights(source.network())[1]
    if source.pretrained:
        return False
    package = importlib.import_module("torch" if source.framework == "pytorch" else "paddle")
    seed = package.manual_seed if source.framework == "pytorch" else package.seed
    states = []
    for number in (0, 1):
        seed(number)
        states.append({name: np.asarray(value) for name, value in source.network().state_dict().items()})
    return all(np.array_equal(value, states[1][name]) for name, value in states[0].items())


def _takes(run: Callable[[np.ndarray], Any], shape: tuple[int, ...], shapes: list[tuple[int, ...]]) -> bool:
    outputs = _outputs(run, shape)
    return not isinstance(outputs, Exception) and _shapes(outputs) == shapes


def _shapes(outputs: list[np.ndarray]) -> list[tuple[int, ...]]:
    return [one.shape for one in outputs]


def _are_probabilities(scores: np.ndarray) -> bool:
    """Whether rows lie between 0 and 1 and come to 1, as no logits do by chance."""
    return bool((scores >= 0).all() and np.allclose(scores.sum(axis=1), 1, atol=1e-3))


def _runner(source: Source) -> Callable[[np.ndarray], Any]:
    """The network as a function of one array."""
    network = source.network()
    if source.framework == "onnx":
        from zoo.frameworks import onnx as graphs

        free: list[list[int | str]] = [["batch", 1 if source.transform.mode == "L" else 3, "height", "width"]]
        try:
            session = graphs.session(graphs.with_shapes(network, free))
        except Exception as error:
            # ONNX Runtime has a class an error kind; all of them mean that it does not run this graph
            raise ZooError(f"{source.variant}: ONNX Runtime refuses the graph: {first_line(error)}") from error
        name = session.get_inputs()[0].name
        return lambda array: session.run(None, {name: array})
    network.eval()
    if source.framework == "pytorch":
        _require_no_sigmoid(source, network)
    package = importlib.import_module("torch" if source.framework == "pytorch" else "paddle")
    to_tensor = package.from_numpy if source.framework == "pytorch" else package.to_tensor

    def run(array: np.ndarray) -> Any:
        with package.no_grad():
            return network(to_tensor(array))

    return run


def _require_no_sigmoid(source: Source, network: Any) -> None:
    """Scores that are independent of each other are no ranking: a softmax over them would say something else.

    What autograd has noted of the output tells which operator was the last; views of it are passed over.
    """
    import torch

    channels, side = 1 if source.transform.mode == "L" else 3, source.transform.crop
    try:
        with torch.enable_grad():
            found = network(torch.zeros(2, channels, side, side, requires_grad=True))
    except Exception:
        # a class an error kind: what does not run is said by the trial itself
        return
    step = getattr(found, "grad_fn", None)
    while step is not None and step.name().startswith(_VIEWS) and step.next_functions:
        step = step.next_functions[0][0]
    if step is not None and step.name().startswith(("SigmoidBackward", "HardsigmoidBackward")):
        raise ZooError(
            f"{source.variant} ends with a sigmoid: each class has a score of its own (multi-label), and zoo new "
            "writes classifiers that choose one class. Write model.py by hand: doc/Contributing.md says how"
        )


def _outputs(run: Callable[[np.ndarray], Any], shape: tuple[int, ...]) -> list[np.ndarray] | Exception:
    """The outputs for noise, or what the network raised."""
    try:
        found = run(np.random.default_rng(0).standard_normal(shape).astype(np.float32))
    except Exception as error:
        # a class an error kind and a framework each: all of them mean that it does not take this shape
        return error
    given = found if isinstance(found, (list, tuple)) else [found]
    if any(isinstance(one, Mapping) or not hasattr(one, "shape") for one in given):
        kinds = ", ".join(type(one).__name__ for one in given)
        return TypeError(f"it gives {kinds}, and tensors are expected; let the function give the scores alone")
    return [np.asarray(one) for one in given]
