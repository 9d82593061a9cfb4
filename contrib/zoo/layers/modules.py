"""What the modules of a network give, under the names of the tensors in its exported graph.

PyTorch's exporter names a node after the modules that it comes from: "/layer1/layer1.0/conv1/Conv" is made by the
module "layer1.0.conv1", whose output is the last tensor of the nodes below it. Nodes that come from PaddlePaddle get
such names where they are exported: "/layer1.0.conv1/Conv". Containers whose children are called one by one have no
place in a name: "/conv0/Conv" may be made by "convolutions.conv0". A batch norm that was folded into the
convolution before it has no node: the convolution's tensor is then what the norm gives. Nor has a layer whose nodes
were joined to one without such a name: neither it is matched, nor a container that ends with it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from zoo.errors import ZooError

from .hooks import Hooked
from .taps import Graph, Tap


def module_of(node: str) -> str:
    """The module that a node of this name comes from; "" for the network itself."""
    path: list[str] = []
    last = ""
    for scope in node.strip("/").split("/")[:-1]:
        if last and scope.startswith(f"{last}."):
            path[-1] = scope  # a member of a container carries the container's name
        else:
            path.append(scope)
        last = scope
    return ".".join(path)


def named(scope: str, modules: Sequence[str]) -> str | None:
    """The module that is meant by a scope, in which containers that were not called themselves are missing."""
    if scope in modules:
        return scope
    first, _, call = scope.rpartition("_")
    if not scope or (call.isdigit() and named(first, modules) is not None):
        return None  # a module's second call
    path = scope.split(".")
    found = [one for one in modules if one.split(".")[-1] == path[-1] and _within(path, one.split("."))]
    return found[0] if len(found) == 1 else None


def _within(path: Sequence[str], whole: Sequence[str]) -> bool:
    """Whether `whole` has the parts of `path` in their order."""
    rest = iter(whole)
    return all(part in rest for part in path)


class ModuleSource:
    """The tensors that modules give.

    Args:
        network: the part's own module, with what it is given.
        graph: of its exported file.

    Raises:
        ZooError: no module has the name of a node.
    """

    name = "framework"
    matched = True

    def __init__(self, network: Hooked, graph: Graph):
        self._network = network
        self._modules, self._outputs = self._matched(graph)
        if not self._modules:
            raise ZooError(
                f"no node of {graph.path.name} has the name of a module of the network, as zoo export gives them; "
                "export again, or compare with --against onnx"
            )

    def known(self) -> set[str]:
        return {*self._modules, *self._outputs}

    def __call__(self, taps: Sequence[Tap]) -> list[np.ndarray]:
        found: dict[str, np.ndarray] = {}

        def keep(name: str, given: Any, output: Any) -> None:
            # a copy, since the next module may write into its input
            found.setdefault(name, output.detach().cpu().numpy().copy())

        names = {self._modules[tap.tensor] for tap in taps if tap.tensor in self._modules}
        with self._network.watched(keep, names) as forward:
            outputs = dict(zip(self._outputs, forward(), strict=False))
        return [outputs[tap.tensor] if tap.tensor in outputs else found[self._modules[tap.tensor]] for tap in taps]

    def _matched(self, graph: Graph) -> tuple[Mapping[str, str], Sequence[str]]:
        """The module that gives each tensor; and the graph's outputs, where the network gives as many."""
        look = _Look(self._network, graph)
        with self._network.watched(look) as forward:
            outputs = forward()
        return look.givers, graph.outputs if len(graph.outputs) == len(outputs) else []


class _Look:
    """Finds out while a network runs which module gives which tensor of its graph.

    Attributes:
        givers: the module, by the tensor.
    """

    def __init__(self, network: Hooked, graph: Graph):
        self.givers: dict[str, str] = {}
        self._network = network
        self._last: dict[str, str] = {}  # the last tensor of a module, by the names of nodes
        self._maker: dict[str, str | None] = {}  # the innermost module that a tensor's node is of
        self._called: dict[str, Any] = {}  # what each module gave first, kept so that no other tensor gets its id
        self._gave: dict[int, str] = {}  # the last module that gave a tensor, by the tensor's id
        modules = network.modules()
        for tap in graph.taps:
            path = module_of(tap.node).split(".")
            scopes = [named(".".join(path[:depth]), modules) for depth in range(1, len(path) + 1)]
            for scope in filter(None, scopes):
                self._last[scope], self._maker[tap.tensor] = tap.tensor, scope

    def __call__(self, name: str, given: Any, output: Any) -> None:
        if name in self._called:
            return
        self._called[name] = output
        before = self._gave.get(id(given[0])) if len(given) == 1 else None
        tensor = self._last.get(name)
        if tensor is None and before is not None and self._network.folds(name):
            tensor = self._last.get(before)
            ours = tensor is not None and self.givers.get(tensor) == before
        else:
            ours = tensor is not None and self._is_its_own(name, tensor, output)
        if tensor is not None and ours:
            self.givers[tensor] = name
        if tensor is not None or not (given and output is given[0]):  # a dropout gives what it is given
            self._gave[id(output)] = name

    def _is_its_own(self, name: str, tensor: str, output: Any) -> bool:
        """Whether the module ends with the node that gives the tensor, and not with one that lost its name."""
        inner = self._gave.get(id(output))
        if inner is not None and inner != name and inner.startswith(f"{name}."):
            return self.givers.get(tensor) == inner
        return self._maker[tensor] == name
