"""Trying a network: what it takes, and what it gives."""

from __future__ import annotations

import importlib
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from engine.backends.compiling.onnx_file import LARGEST
from zoo.contributing.new.source import BY_HAND, Source
from zoo.errors import ZooError
from zoo_core.errors import first_line, told

_VIEWS = ("View", "UnsafeView", "Reshape", "Squeeze", "Unsqueeze", "Clone", "Alias", "ToCopy", "Slice", "Flatten")
_VIEWS_IN_GRAPH = ("Identity", "Flatten", "Reshape", "Squeeze", "Unsqueeze", "Cast")
_SIGMOIDS = ("Sigmoid", "HardSigmoid")
_SIGMOIDS_OF_AUTOGRAD = ("Sigmoid", "Hardsigmoid")
_log = logging.getLogger(__name__)
Run = Callable[[list[np.ndarray]], Any]


class Trial:
    """A network that runs on whatever a task wants to know of it. Raises ZooError for one that cannot be exported.

    Attributes:
        source: where it comes from; after a run with `taken`, if one of its outputs is meant.
        network: the framework's own.
    """

    def __init__(self, source: Source) -> None:
        self.source = source
        self.network = _made(source)
        if source.framework != "onnx":
            _require_small(source, self.network)
        self._run: Run | None = None

    def source_with(self, *packages: str) -> Source:
        """The source, which needs these packages too."""
        return replace(self.source, packages=(*self.source.packages, *packages))

    def run(self, arrays: Sequence[np.ndarray]) -> list[np.ndarray] | Exception:
        """The outputs, or what the network raised."""
        self._run = self._run or self._runner(arrays)
        try:
            return self._tensors(self._run(list(arrays)))
        except Exception as error:
            # a class an error kind and a framework each: all of them mean that it does not take these arrays
            return error

    def require(self, arrays: Sequence[np.ndarray], hint: str) -> list[np.ndarray]:
        """The outputs. Raises ZooError with `hint` where the network does not take these arrays."""
        found = self.run(arrays)
        if isinstance(found, Exception):
            shapes = " and ".join(str(list(one.shape)) for one in arrays)
            if not isinstance(self.run([one[:1] for one in arrays]), Exception):
                raise ZooError(
                    f"{self.source.variant} takes one sample, and fails with {len(arrays[0])}: their number is fixed "
                    "within it, as by a reshape to [1, …]. Let it take any number, and export it with a dynamic batch "
                    f"({first_line(found)})"
                )
            raise ZooError(f"{self.source.variant} does not run on {shapes}: {first_line(found)}; {hint}")
        return found

    def gives(self, arrays: Sequence[np.ndarray], *shapes: tuple[int, ...]) -> bool:
        """Whether the network takes these arrays and gives outputs of these shapes."""
        found = self.run(arrays)
        return not isinstance(found, Exception) and [one.shape for one in found] == list(shapes)

    def _tensors(self, found: Any) -> list[np.ndarray]:
        if self.source.framework == "pytorch" and not self.source.taken:
            self.source = replace(self.source, taken=_meant(found))
        if self.source.taken:
            found = _at(found, self.source.taken)
        given = found if isinstance(found, (list, tuple)) else [found]
        tensor = np.ndarray if self.source.framework == "onnx" else _package(self.source).Tensor
        if not all(isinstance(one, tensor) for one in given):
            kinds = ", ".join(type(one).__name__ for one in given)
            raise TypeError(f"it gives {kinds}, and tensors are expected; let the function give the scores alone")
        return [np.asarray(one) for one in given]

    def _runner(self, arrays: Sequence[np.ndarray]) -> Run:
        """The network as a function of a list of arrays, whose shapes these ones show."""
        if self.source.framework == "onnx":
            return self._session(arrays)
        network = self.network
        network.eval()
        package = _package(self.source)
        to_tensor = package.from_numpy if self.source.framework == "pytorch" else package.to_tensor

        def run(given: list[np.ndarray]) -> Any:
            with package.no_grad():
                return network(*(to_tensor(one) for one in given))

        return run

    def _session(self, arrays: Sequence[np.ndarray]) -> Run:
        from zoo.frameworks import onnx as graphs

        declared = [[dim.dim_value for dim in one.type.tensor_type.shape.dim] for one in self.network.graph.input]
        if len(declared) != len(arrays):
            raise ZooError(
                f"--from {self.source.text} has {len(declared)} inputs, and the task {len(arrays)}. {BY_HAND}"
            )
        free: list[list[int | str]] = [
            ["batch", *(size or f"open_{axis}" for axis, size in enumerate(dims[1:]))] for dims in declared
        ]
        try:
            session = graphs.session(graphs.with_shapes(self.network, free))
        except Exception as error:
            # ONNX Runtime has a class an error kind; all of them mean that it does not run this graph
            raise ZooError(f"{self.source.variant}: ONNX Runtime refuses the graph: {first_line(error)}") from error
        names = [one.name for one in session.get_inputs()]
        return lambda given: session.run(None, dict(zip(names, given, strict=True)))

    def require_no_sigmoid(self, shape: tuple[int, ...]) -> None:
        """Raise ZooError where the outputs are scores that are independent of each other, and so are no ranking.

        A softmax over them would say something else.
        """
        last = self.sigmoid_at_the_end([np.zeros(shape, np.float32)])
        if last:
            raise ZooError(
                f"--from {self.source.text} ends with {last}: each class has a score of its own (multi-label), and "
                f"zoo new writes networks that choose one class. {BY_HAND}"
            )

    def sigmoid_at_the_end(self, arrays: Sequence[np.ndarray]) -> str:
        """What makes each output a number from 0 to 1 by itself, where the network is given these; "" for nothing."""
        return self._last_in_graph() if self.source.framework == "onnx" else self._last_of_autograd(arrays)

    def _last_in_graph(self) -> str:
        graph = self.network.graph
        made_by = {name: node for node in graph.node for name in node.output}
        for value in graph.output:
            node = made_by.get(value.name)
            while node is not None and node.op_type in _VIEWS_IN_GRAPH:
                node = made_by.get(node.input[0])
            if node is not None and node.op_type in _SIGMOIDS:
                return str(node.op_type)
        return ""

    def _last_of_autograd(self, arrays: Sequence[np.ndarray]) -> str:
        """What autograd has noted of the output tells which operator was the last; views of it are passed over."""
        package = _package(self.source)
        try:
            with package.enable_grad():
                found = self.network(*(self._followed(array) for array in arrays))
        except Exception as error:
            # a class an error kind: it has run without gradients, and only this question stays open
            _log.warning("whether %s ends with a sigmoid cannot be told: %s", self.source.text, first_line(error))
            return ""
        step = getattr(_at(found, self.source.taken) if self.source.taken else found, "grad_fn", None)
        while step is not None and step.name().startswith(_VIEWS) and step.next_functions:
            step = step.next_functions[0]
            step = step[0] if isinstance(step, tuple) else step  # of PyTorch, with the number of the output
        return "a sigmoid" if step is not None and step.name().startswith(_SIGMOIDS_OF_AUTOGRAD) else ""

    def _followed(self, array: np.ndarray) -> Any:
        """A tensor that autograd follows: a copy, since a network may change what it is given, which is allowed of no
        leaf."""
        package = _package(self.source)
        if self.source.framework != "pytorch":
            return package.to_tensor(array, stop_gradient=array.dtype.kind != "f")
        tensor = package.from_numpy(array)
        return tensor.requires_grad_().clone() if array.dtype.kind == "f" else tensor

    def is_built(self) -> bool:
        """Whether the network comes with its weights: a graph has them, or no seed changes what it is built with."""
        if self.source.framework == "onnx":
            from zoo.frameworks.onnx import without_weights

            return not without_weights(self.network)[1]
        if self.source.weights is not None:
            return False
        package = _package(self.source)
        seed = package.manual_seed if self.source.framework == "pytorch" else package.seed
        states = []
        for number in (0, 1):
            seed(number)
            states.append({name: np.asarray(value) for name, value in self.source.network().state_dict().items()})
        return all(np.array_equal(value, states[1][name]) for name, value in states[0].items())


def _made(source: Source) -> Any:
    """The network. Raises ZooError where it cannot be made as it is."""
    try:
        return source.network()
    except ZooError:
        raise
    except Exception as error:
        # libraries' builders raise what they like: for an argument that is missing, a package that is not there
        raise ZooError(
            f"--from {source.text} cannot be made as it is: {told(error)}. A function of your own that "
            "makes it with what it needs is named as MODULE:FUNCTION"
        ) from error


def _require_small(source: Source, network: Any) -> None:
    size = importlib.import_module(f"zoo.frameworks.{source.framework}").weight_bytes(network.state_dict())
    if size > LARGEST:
        raise ZooError(
            f"--from {source.text} has {size / 1e9:.1f} GB of weights, which is too large: an exported graph and its "
            "weights must fit into one message of 2.1 GB. Of a network that is made of smaller pieces, write model.py "
            "by hand with a Part for each"
        )


def noise(*shape: int) -> np.ndarray:
    """Normal noise, float32."""
    return np.random.default_rng(0).standard_normal(shape).astype(np.float32)


def _package(source: Source) -> Any:
    return importlib.import_module("torch" if source.framework == "pytorch" else "paddle")


def _meant(found: Any) -> str:
    """Which of the outputs is the network's answer, where the libraries' conventions say so."""
    if isinstance(found, Mapping):
        if "out" in found:  # torchvision's segmentation networks; "aux" beside it is for training
            return '["out"]'
        if hasattr(found, "logits"):  # transformers' ModelOutput
            return ".logits"
    return ""


def _at(found: Any, taken: str) -> Any:
    return getattr(found, taken[1:]) if taken.startswith(".") else found[taken.strip('[]"')]
