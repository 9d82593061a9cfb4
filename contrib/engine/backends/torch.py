"""Target `torch`: the framework itself, the reference that every export is compared with."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import ModelFileError, RunError
from ..spec import TensorSpec
from ..torch_archive import load_program
from . import register
from .base import Availability, Backend, Options, Session, package_availability


class TorchSession(Session):
    """A `torch.nn.Module` in eval mode, run without gradients.

    Not in inference mode: a network that keeps a tensor of its forward (the positions of a size that it has seen)
    would keep one that no later export can trace.
    """

    reference = True

    def __init__(self, module: Any, inputs: Sequence[TensorSpec], outputs: Sequence[TensorSpec]):
        import torch

        self.inputs = tuple(inputs)
        self.outputs = tuple(outputs)
        self._torch = torch
        self._module = module

    def run(self, arrays: list[np.ndarray]) -> list[np.ndarray]:
        torch = self._torch
        # copied, because a network may work in place and the array is the caller's
        tensors = [torch.tensor(array) for array in arrays]
        with torch.no_grad():
            return [tensor.numpy() for tensor in flat_tensors(self._module(*tensors))]

    def close(self) -> None:
        del self._module


class TorchBackend(Backend):
    """Opens exported programs."""

    target = "torch"
    name = "torch"
    summary = "PyTorch itself, CPU (reference)"

    def availability(self) -> Availability:
        return package_availability("torch", "torch", "pip install torch")

    def open(self, ckpt: Path, options: Options) -> Session:
        """Opens an exported program (.pt2, by torch.export.save), which holds network and weights.

        Args:
            ckpt: the file.
            options: compile (True puts torch.compile in front, which needs a C++ compiler and some time at the first
                call).
        """
        extra = options.checked_extra(self.target, ("compile",))
        if ckpt.suffix == ".pt2":
            return _exported_program(ckpt, bool(extra.get("compile", False)))
        raise ModelFileError(
            f"target 'torch' opens exported programs (.pt2, by torch.export.save), got {ckpt}; for a network in "
            "memory use TecoInferEngine.from_module(module, example_inputs, target='torch')"
        )


def _exported_program(ckpt: Path, compiled: bool) -> Session:
    import torch

    program = load_program(ckpt)
    nodes = {node.name: node.meta["val"] for node in program.graph.nodes if "val" in node.meta}
    signature = program.graph_signature
    inputs = [tensor_spec(name, nodes[name]) for name in signature.user_inputs]
    outputs = [tensor_spec(name, nodes[name]) for name in signature.user_outputs]
    module = program.module()
    return TorchSession(torch.compile(module, dynamic=True) if compiled else module, inputs, outputs)


def tensor_spec(name: str, tensor: Any, dynamic: dict[int, str] | None = None) -> TensorSpec:
    """The spec of a tensor; `dynamic` names the dimensions that may differ."""
    shape = [
        (dynamic or {}).get(axis) or (size if isinstance(size, int) else str(size))
        for axis, size in enumerate(tensor.shape)
    ]
    return TensorSpec(name, str(tensor.dtype).removeprefix("torch."), tuple(shape))


def flat_tensors(value: Any) -> list[Any]:
    """The tensors of a module's result in order: a tensor, or tuples, lists and dicts of them.

    Raises:
        RunError: it holds something else.
    """
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, (tuple, list)):
        return [tensor for item in value for tensor in flat_tensors(item)]
    if value is not None and not hasattr(value, "detach"):
        raise RunError(
            f"the network gives a {type(value).__name__}, and tensors are expected, or tuples, lists and dicts of them"
        )
    return [] if value is None else [value]


register(TorchBackend())
