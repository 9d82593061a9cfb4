"""What the modules of a network tell while it runs, in each framework that has modules with names."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from engine.backends.paddle import import_paddle

FRAMEWORKS = ("pytorch", "paddle")
Told = Callable[[str, Any, Any], None]


class Hooked:
    """A network whose modules can be watched.

    Args:
        framework: one of FRAMEWORKS.
        network: in eval mode.
        arrays: what it is given, one array an input.
    """

    def __init__(self, framework: str, network: Any, arrays: Sequence[np.ndarray]):
        self._network = network
        if framework == "paddle":
            self._modules = dict(network.named_sublayers())
            self._hook, self._forward, self._floats = "register_forward_post_hook", _paddle_forward, _paddle_floats
        else:
            self._modules = {name: one for name, one in network.named_modules() if name}
            self._hook, self._forward, self._floats = "register_forward_hook", _torch_forward, _torch_floats
        self._arrays = list(arrays)

    def modules(self) -> list[str]:
        """The names of all."""
        return [*self._modules]

    def folds(self, name: str) -> bool:
        """Whether an exporter may make this module a part of the convolution before it, as it does with batch norms,
        PyTorch's, PaddlePaddle's and a network's own: it keeps a mean and a variance of each channel, and no matrix.
        Other norms compute these from what they are given, which no convolution does."""
        module = self._modules[name]
        # PaddlePaddle keeps the statistics among the parameters
        ranks = {own: one.ndim for own, one in (*module.named_parameters(), *module.named_buffers())}
        kept = {own.rpartition("_")[2] for own, rank in ranks.items() if rank == 1}  # "running_mean", "_variance"
        return "mean" in kept and not kept.isdisjoint({"var", "variance"}) and max(ranks.values()) == 1

    @contextmanager
    def watched(self, told: Told, names: set[str] | None = None) -> Iterator[Callable[[], list[np.ndarray]]]:
        """A function that runs the network and gives its outputs, and calls `told(module, inputs, output)` for each of
        these modules (None: for all) that gives one tensor of floating-point numbers."""

        def hook(name: str) -> Callable[[Any, Any, Any], None]:
            def after(_: Any, given: Any, output: Any) -> None:
                if self._floats(output):
                    told(name, given, output)

            return after

        watched = [(name, one) for name, one in self._modules.items() if names is None or name in names]
        handles = [getattr(one, self._hook)(hook(name)) for name, one in watched]
        try:
            yield lambda: self._forward(self._network, self._arrays)
        finally:
            for handle in handles:
                handle.remove()


def _torch_forward(network: Any, arrays: Sequence[np.ndarray]) -> list[np.ndarray]:
    import torch

    from engine.backends.torch import flat_tensors

    with torch.no_grad():
        outputs = network(*(torch.from_numpy(array) for array in arrays))
    return [one.detach().cpu().numpy() for one in flat_tensors(outputs)]


def _torch_floats(output: Any) -> bool:
    import torch

    return isinstance(output, torch.Tensor) and output.is_floating_point()


def _paddle_forward(network: Any, arrays: Sequence[np.ndarray]) -> list[np.ndarray]:
    paddle = import_paddle()
    with paddle.no_grad():
        outputs = network(*(paddle.to_tensor(array) for array in arrays))
    return [one.numpy() for one in paddle.utils.flatten(outputs)]


def _paddle_floats(output: Any) -> bool:
    paddle = import_paddle()
    return isinstance(output, paddle.Tensor) and bool(paddle.is_floating_point(output))
