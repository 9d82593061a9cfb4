"""Writes names/<library>.txt from the libraries that are installed: python -m zoo.libraries.listing

Whether an exported file takes pictures of any size is found out by tracing a network: it does where a larger picture
gives an output of the same shape, the tracer says of no value that it was written into the graph, and nothing in it
pools to a grid of fixed sides, for which ONNX has no operator. Networks of one module, made of the same kinds of
layers, are traced once. That takes an hour or more for all libraries, so that what stands in the file already is kept
where it is of the same version of the library.
"""

from __future__ import annotations

import importlib
import importlib.metadata
import logging
import warnings
from collections.abc import Callable, Iterator
from dataclasses import replace
from types import ModuleType
from typing import Any

from zoo_core.errors import ZooCoreError, first_line
from zoo_core.files import write_text

from .names import Facts, facts, names, path_of, text_of

PACKAGES = {"torchvision": "torchvision", "timm": "timm", "pytorchcv": "pytorchcv", "paddle_vision": "paddlepaddle"}
_SMALL = 128  # a side at which tracing is quick
_MORE = 32
_POOLINGS = ("aten::adaptive_avg_pool2d", "aten::adaptive_max_pool2d")
_log = logging.getLogger(__name__)


def module_of(library: str) -> ModuleType:
    """The zoo's module for a library."""
    return importlib.import_module(f"zoo.libraries.{library}")


def version_of(library: str) -> str:
    """The version of the installed library. Raises importlib.metadata.PackageNotFoundError."""
    return importlib.metadata.version(PACKAGES[library])


def write(library: str) -> int:
    """Write the file of a library; returns how many names it has."""
    module, version = module_of(library), version_of(library)
    known = _known(library, version)
    sizes = _Sizes(module.network)
    found: list[tuple[str, Facts]] = []
    for name, said in module.entries():
        any_size = known[name] if name in known else sizes.any_for(name, said.size)
        found.append((name, replace(said, any_size=any_size)))
    write_text(path_of(library), text_of(library, version, found))
    return len(found)


def _known(library: str, version: str) -> dict[str, bool]:
    """What the file says of sizes, where it is of this version of the library."""
    path = path_of(library)
    if not path.is_file() or not path.read_text(encoding="utf-8").startswith(f"# {library} {version},"):
        return {}
    return {name: facts(library, name).any_size for name in names(library)}


class _Sizes:
    """Finds out which networks take pictures of any size."""

    def __init__(self, network: Callable[[str], Any]):
        self._network = network
        self._found: dict[Any, bool] = {}

    def any_for(self, name: str, size: int) -> bool:
        """Whether the file that is exported of `name` does."""
        try:
            made = self._network(name)
        except Exception as error:
            # a library's builders raise what they like; such a name cannot be exported in any size
            _log.warning("%s cannot be built: %s", name, error)
            return False
        made.eval()
        layers = made.sublayers() if hasattr(made, "sublayers") else made.modules()
        kind = (type(made).__module__, frozenset(type(layer).__qualname__ for layer in layers))
        if kind not in self._found:
            takes = _paddle_takes if hasattr(made, "sublayers") else _torch_takes
            small = _SMALL if size % 32 == 0 else size
            self._found[kind] = any(takes(made, side) for side in dict.fromkeys((small, size)))
        return self._found[kind]


def _torch_takes(network: Any, side: int) -> bool:
    import torch

    pictures = [torch.zeros(1, 3, side + more, side + more) for more in (0, _MORE)]
    try:
        with torch.no_grad(), warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always")
            shapes = {tuple(network(picture).shape) for picture in pictures}
            traced = torch.jit.trace(network, pictures[0], check_trace=False)
    except Exception as error:
        # networks raise what they like at a size that they do not take
        _log.info("%s is taken to need one size: %s", type(network).__name__, first_line(error))
        return False
    fixed = any(issubclass(one.category, torch.jit.TracerWarning) for one in said) or _pools_to_a_grid(traced)
    return len(shapes) == 1 and not fixed


def _pools_to_a_grid(traced: Any) -> bool:
    """Whether a traced network pools maps of any sides to a grid larger than 1 × 1, as AlexNet and VGG do."""
    graph = traced.inlined_graph
    nodes = [node for kind in _POOLINGS for node in graph.findAllNodes(kind)]
    # the sides are a list that another node makes of two values; one that is no constant is no 1 either
    sides = [list(node.inputs())[1].node().inputs() for node in nodes]
    return any(side.toIValue() != 1 for pair in sides for side in pair)


def _paddle_takes(network: Any, side: int) -> bool:
    import paddle

    try:
        given = [network(paddle.zeros([1, 3, side + more, side + more])) for more in (0, _MORE)]
    except Exception as error:
        # as above
        _log.info("%s is taken to need one size: %s", type(network).__name__, first_line(error))
        return False
    first = [one[0] if isinstance(one, (list, tuple)) else one for one in given]
    return first[0].shape == first[1].shape and not _paddle_pools_to_a_grid(network) and _becomes_static(network)


def _paddle_pools_to_a_grid(network: Any) -> bool:
    """As `_pools_to_a_grid`: what is exported of it divides by the grid, and by zero for a map that is smaller."""
    pools = [layer for layer in network.sublayers() if type(layer).__name__.startswith("Adaptive")]
    return any(size not in (1, (1, 1), [1, 1]) for size in (pool._output_size for pool in pools))


def _becomes_static(network: Any) -> bool:
    """Whether Paddle makes a program of it with free sides: ShuffleNet's reshapes name each size that is free."""
    import paddle

    spec = [paddle.static.InputSpec([-1, 3, -1, -1], "float32")]
    try:
        return bool(paddle.jit.to_static(network, input_spec=spec, full_graph=True).forward.concrete_program)
    except Exception as error:
        # the network's own code is run
        _log.info("%s is taken to need one size: %s", type(network).__name__, first_line(error))
        return False


def _lines() -> Iterator[str]:
    for library in PACKAGES:
        try:
            yield f"{path_of(library).name}: {write(library)} names"
        except (importlib.metadata.PackageNotFoundError, ZooCoreError) as error:
            yield f"{path_of(library).name}: left as it is: {error}"


if __name__ == "__main__":
    for line in _lines():
        print(line, flush=True)
