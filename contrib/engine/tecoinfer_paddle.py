"""The engine for networks that come from PaddlePaddle."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from .errors import InputError
from .lenient import LenientEngine
from .spec import TensorSpec

__all__ = ["TecoInferEngine"]


class TecoInferEngine(LenientEngine):
    """The engine as existing scripts call it, with a way in for a `paddle.nn.Layer`."""

    @classmethod
    def from_layer(
        cls,
        paddle_layer: Any,
        input_spec: Sequence[Any],
        target: str = "onnx",
        *,
        opset: int = 17,
        **engine_options: Any,
    ) -> TecoInferEngine:
        """A trained layer on `target`, in one call.

        The layer is put in eval mode.

        Args:
            paddle_layer: a paddle.nn.Layer.
            input_spec: a list of paddle.static.InputSpec, one an input, -1 where a dimension is dynamic.
            target: "paddle" runs the layer itself; any other gets an ONNX file, exported to a temporary folder.
            opset: of that file.
            engine_options: those of the constructor.

        Raises:
            ExportError: it cannot be exported, or the exported network does not give what the layer gives.
            EngineError: the target cannot open it.
        """
        from .backends.paddle import PaddleSession, paddle_spec
        from .frontends.paddle_onnx import export_layer
        from .frontends.proof import require_equal

        paddle_layer.eval()
        if target == "paddle":
            return cls._around(paddle_layer, input_spec, engine_options)
        with tempfile.TemporaryDirectory(prefix="from-layer-") as folder:
            path = Path(folder) / "layer.onnx"
            export_layer(paddle_layer, input_spec, path, opset=opset)
            specs = [paddle_spec(spec.name, spec, index) for index, spec in enumerate(input_spec)]
            session = PaddleSession(paddle_layer, specs, ())
            require_equal(session.run, path, specs, [_example(spec) for spec in specs])
            if any(spec.shape[:1] == ("batch",) for spec in specs):
                engine_options.setdefault("batch_first", True)  # paddle2onnx gives dimensions names of its own
            return cls(path, target=target, **engine_options)

    @classmethod
    def _around(cls, layer: Any, input_spec: Sequence[Any], engine_options: dict[str, Any]) -> TecoInferEngine:
        from .backends.paddle import PaddleSession, import_paddle, paddle_spec

        known = {name: engine_options.pop(name) for name in ("dtype", "check_finite") if name in engine_options}
        if engine_options:
            raise InputError(f"target 'paddle' from a layer takes no {', '.join(engine_options)}")
        # traced only to learn what comes out; what runs is the layer as it is
        traced = (
            import_paddle().jit.to_static(layer.forward, input_spec=list(input_spec), full_graph=True).concrete_program
        )
        inputs = [paddle_spec(spec.name, spec, index) for index, spec in enumerate(input_spec)]
        outputs = [paddle_spec(None, value, index, "output") for index, value in enumerate(traced.outputs)]
        return cls.from_session(PaddleSession(layer, inputs, outputs), "paddle", "paddle", **known)  # type: ignore[return-value]


def _example(spec: TensorSpec) -> np.ndarray:
    """Something that the layer takes: ones, of two rows, and of 32 in other open dimensions, as pictures may need."""
    shape = [size if isinstance(size, int) else 2 if axis == 0 else 32 for axis, size in enumerate(spec.shape)]
    return np.ones(shape, spec.dtype)
