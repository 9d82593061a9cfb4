"""What the modules of a network give, under the names of the tensors in its exported graph.

PyTorch's exporter names a node after the modules that it comes from: "/layer1/layer1.0/conv1/Conv" is made by the
module "layer1.0.conv1", whose output is the last tensor of the nodes below it. Nodes that come from PaddlePaddle get
such names where they are exported: "/layer1.0.conv1/Conv". A batch norm that was folded into the
convolution before it has no node: the convolution's tensor is then what the norm gives.
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
        self._modules = self._matched(graph)
        if not self._modules:
            raise ZooError(
                f"no node of {graph.path.name} has the name of a module of the network, as zoo export gives them; "
                "export again, or compare with --against onnx"
            )

    def known(self) -> set[str]:
        return set(self._modules)

    def __call__(self, taps: Sequence[Tap]) -> list[np.ndarray]:
        found: dict[str, np.ndarray] = {}

        def keep(name: str, given: Any, output: Any) -> None:
            # a copy, since the next module may write into its input
            found.setdefault(name, output.detach().cpu().numpy().copy())

        with self._network.watched(keep, {self._modules[tap.tensor] for tap in taps}) as forward:
            forward()
        return [found[self._modules[tap.tensor]] for tap in taps]

    def _matched(self, graph: Graph) -> Mapping[str, str]:
        """The module that gives each tensor."""
        last: dict[str, str] = {}
        for tap in graph.taps:
            scopes = module_of(tap.node).split(".")
            for depth in range(1, len(scopes) + 1):
                last[".".join(scopes[:depth])] = tap.tensor
        given_by: dict[int, str] = {}  # the last module that gave a tensor, by the tensor's id
        called: dict[str, Any] = {}  # what each module gave, kept so that no other tensor gets its id

        def look(name: str, given: Any, output: Any) -> None:
            before = given_by.get(id(given[0])) if len(given) == 1 else None
            if name not in last and before in last:
                last[name] = last.pop(before)
            given_by[id(output)] = name
            called[name] = output

        with self._network.watched(look) as forward:
            forward()
        return {tensor: name for name, tensor in last.items() if name in called}
