"""Target `paddle`: the framework itself, the reference for networks that come from PaddlePaddle."""

from __future__ import annotations

import os
import threading
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from zoo_core.errors import first_line

from ..errors import ModelFileError
from ..spec import TensorSpec
from . import register
from .base import Availability, Backend, Options, Session, package_availability


def import_paddle() -> Any:
    """The paddle module, without what it says while it is imported and traced (its log, and a hint about ccache)."""
    os.environ.setdefault("GLOG_minloglevel", "2")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import paddle
    return paddle


class PaddleSession(Session):
    """A `paddle.nn.Layer` in eval mode, run without gradients."""

    reference = True

    def __init__(self, layer: Any, inputs: Sequence[TensorSpec], outputs: Sequence[TensorSpec]):
        self.inputs = tuple(inputs)
        self.outputs = tuple(outputs)
        self._paddle = import_paddle()
        self._layer = layer

    def run(self, arrays: list[np.ndarray]) -> list[np.ndarray]:
        paddle = self._paddle
        with paddle.no_grad():
            result = self._layer(*[paddle.to_tensor(array) for array in arrays])
        tensors = result if isinstance(result, (list, tuple)) else [result]
        return [tensor.numpy() for tensor in tensors]

    def close(self) -> None:
        del self._layer


class PaddleInferenceSession(Session):
    """A predictor of Paddle Inference, for a program in a file. One call at a time: its tensors are its own."""

    reference = True

    def __init__(self, predictor: Any, inputs: Sequence[TensorSpec], outputs: Sequence[TensorSpec]):
        self.inputs = tuple(inputs)
        self.outputs = tuple(outputs)
        self._predictor = predictor
        self._feeds = [predictor.get_input_handle(spec.name) for spec in inputs]
        self._fetches = [predictor.get_output_handle(spec.name) for spec in outputs]
        self._lock = threading.Lock()

    def run(self, arrays: list[np.ndarray]) -> list[np.ndarray]:
        with self._lock:
            for feed, array in zip(self._feeds, arrays, strict=True):
                feed.reshape(array.shape)
                feed.copy_from_cpu(array)
            self._predictor.run()
            return [fetch.copy_to_cpu() for fetch in self._fetches]

    def close(self) -> None:
        del self._predictor, self._feeds, self._fetches


class PaddleBackend(Backend):
    """Opens what paddle.jit.save wrote."""

    target = "paddle"
    name = "paddle"
    summary = "PaddlePaddle itself, CPU (reference)"

    def availability(self) -> Availability:
        return package_availability("paddle", "paddlepaddle", "pip install paddlepaddle")

    def open(self, ckpt: Path, options: Options) -> Session:
        """Opens what `paddle.jit.save` wrote: <name>.json or <name>.pdmodel, with <name>.pdiparams beside it."""
        options.checked_extra(self.target, ())
        if ckpt.suffix not in (".json", ".pdmodel"):
            raise ModelFileError(
                f"target 'paddle' opens what paddle.jit.save wrote (.json or .pdmodel), got {ckpt}; "
                "for a network in memory use TecoInferEngine.from_layer(layer, input_spec, target='paddle')"
            )
        paddle = import_paddle()
        opened = _by_inference if ckpt.suffix == ".json" else _by_jit
        try:
            return opened(paddle, ckpt, options)
        except Exception as error:
            # paddle reports a damaged file through many unrelated exception classes
            raise ModelFileError(f"{ckpt} is not a network that PaddlePaddle loads: {first_line(error)}") from error


def _by_inference(paddle: Any, ckpt: Path, options: Options) -> Session:
    """The program in Paddle Inference. paddle.jit.load would leave five threads behind each time."""
    from paddle import inference

    program = paddle.static.Program()
    paddle.base.core.deserialize_pir_program(str(ckpt), program, 1)
    feeds: list[TensorSpec] = []
    fetches: list[TensorSpec] = []
    for op in program.global_block().ops:
        if op.name() in ("pd_op.data", "pd_op.feed"):
            feeds.append(paddle_spec(op.attrs()["name"], op.results()[0], len(feeds)))
        elif op.name() == "pd_op.fetch":
            fetches.append(paddle_spec(op.attrs()["name"], op.results()[0], len(fetches)))
    config = inference.Config(str(ckpt), str(ckpt.with_suffix(".pdiparams")))
    config.disable_glog_info()
    config.set_cpu_math_library_num_threads(options.threads())
    return PaddleInferenceSession(inference.create_predictor(config), feeds, fetches)


def _by_jit(paddle: Any, ckpt: Path, options: Options) -> Session:
    """A program of the older format, as a layer."""
    layer = paddle.jit.load(str(ckpt.with_suffix("")))
    layer.eval()
    inputs = [paddle_spec(value.name, value, index) for index, value in enumerate(layer._input_spec())]
    outputs = [paddle_spec(value.name, value, index, "output") for index, value in enumerate(layer._output_spec())]
    return PaddleSession(layer, inputs, outputs)


def paddle_spec(name: str | None, value: Any, index: int, kind: str = "input") -> TensorSpec:
    """The spec of a paddle InputSpec or value; -1 and None are dynamic, dimension 0 then named 'batch'."""
    name = name or f"{kind}{index}"
    shape = [
        int(size) if size is not None and int(size) >= 0 else "batch" if axis == 0 else f"{name}_{axis}"
        for axis, size in enumerate(value.shape)
    ]
    return TensorSpec(name, str(value.dtype).rpartition(".")[2].lower(), tuple(shape))


register(PaddleBackend())
