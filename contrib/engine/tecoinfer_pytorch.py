"""The engine for networks that come from PyTorch."""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from .errors import InputError
from .lenient import LenientEngine
from .spec import TensorSpec, takes_rows

__all__ = ["TecoInferEngine"]

_log = logging.getLogger(__name__)


class TecoInferEngine(LenientEngine):
    """The engine as existing scripts call it, with a way in for a `torch.nn.Module`."""

    @classmethod
    def from_module(
        cls,
        torch_module: Any,
        example_inputs: Any,
        target: str = "onnx",
        *,
        input_names: Sequence[str] | None = None,
        output_names: Sequence[str] | None = None,
        dynamic_axes: Mapping[str, Mapping[int, str]] | None = None,
        opset: int = 17,
        **engine_options: Any,
    ) -> TecoInferEngine:
        """A trained module on `target`, in one call.

        The module is put in eval mode.

        Args:
            torch_module: a torch.nn.Module.
            example_inputs: a tensor or a tuple of them, as the module takes them.
            target: "torch" runs the module itself; any other gets an ONNX file, exported to a temporary folder.
            input_names, output_names: of the file; "input" and "output" by default, numbered where there are several.
            dynamic_axes: {input name: {axis: dimension name}}; by default dimension 0 of every input is the batch, and
                dynamic.
            opset: of the file.
            engine_options: those of the constructor.

        Raises:
            ExportError: it cannot be exported, or the exported network does not give what the module gives, for other
                values, another batch and other open sizes too.
            EngineError: the target cannot open it.
        """
        import torch

        from .backends.torch import TorchSession, flat_tensors, tensor_spec

        examples = tuple(example_inputs) if isinstance(example_inputs, (tuple, list)) else (example_inputs,)
        if not all(isinstance(example, torch.Tensor) for example in examples):
            raise InputError(
                f"example_inputs takes tensors, got {', '.join(type(example).__name__ for example in examples)}"
            )
        names = list(input_names or _numbered("input", len(examples)))
        axes = (
            {name: {0: "batch"} for name in names}
            if dynamic_axes is None
            else {k: dict(v) for k, v in dynamic_axes.items()}
        )
        torch_module.eval()
        with torch.inference_mode():
            results = flat_tensors(torch_module(*examples))
        out_names = list(output_names or _numbered("output", len(results)))
        batched = any(0 in axes.get(name, {}) for name in names)
        out_axes = {
            name: {0: "batch"} for name, result in zip(out_names, results, strict=True) if batched and result.ndim
        }
        inputs = [tensor_spec(name, example, axes.get(name)) for name, example in zip(names, examples, strict=True)]
        outputs = [
            tensor_spec(name, result, out_axes.get(name)) for name, result in zip(out_names, results, strict=True)
        ]
        if target == "torch":
            session = TorchSession(torch_module, inputs, outputs)
            session.takes_rows = takes_rows(inputs)
            return cls._around(session, engine_options)
        return cls._exported(torch_module, examples, target, inputs, outputs, axes | out_axes, opset, engine_options)

    @classmethod
    def _around(cls, session: Any, engine_options: dict[str, Any]) -> TecoInferEngine:
        known = {name: engine_options.pop(name) for name in ("dtype", "check_finite") if name in engine_options}
        if engine_options:
            raise InputError(f"target 'torch' from a module takes no {', '.join(engine_options)}")
        return cls.from_session(session, "torch", "torch", **known)  # type: ignore[return-value]

    @classmethod
    def _exported(
        cls,
        module: Any,
        examples: tuple[Any, ...],
        target: str,
        inputs: list[TensorSpec],
        outputs: list[TensorSpec],
        axes: Mapping[str, Mapping[int, str]],
        opset: int,
        engine_options: dict[str, Any],
    ) -> TecoInferEngine:
        from .frontends.proof import require_equal
        from .frontends.torch_onnx import export_module

        with tempfile.TemporaryDirectory(prefix="from-module-") as folder:
            path = Path(folder) / "module.onnx"
            done = export_module(
                module,
                examples,
                path,
                input_names=[spec.name for spec in inputs],
                output_names=[spec.name for spec in outputs],
                dynamic_axes=axes,
                opset=opset,
            )
            for text in done.warnings:
                _log.warning("the tracer warns: %s", text)
            arrays = [example.detach().cpu().numpy() for example in examples]
            require_equal(_called(module), path, inputs, arrays, "; ".join(done.warnings))
            return cls(path, target=target, **engine_options)


def _called(module: Any) -> Callable[[list[np.ndarray]], list[np.ndarray]]:
    """The module on arrays."""
    import torch

    from .backends.torch import flat_tensors

    def call(arrays: list[np.ndarray]) -> list[np.ndarray]:
        with torch.inference_mode():
            return [one.numpy() for one in flat_tensors(module(*[torch.tensor(array) for array in arrays]))]

    return call


def _numbered(name: str, count: int) -> list[str]:
    """Names of tensors; a single one has no number."""
    return [f"{name}{number}" for number in range(count)] if count > 1 else [name]
