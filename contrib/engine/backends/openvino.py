"""Target `openvino`: OpenVINO on a CPU, GPU or NPU; the device stands after a colon (`openvino:GPU`)."""

from __future__ import annotations

import queue
from pathlib import Path
from typing import Any

import numpy as np

from .. import cache
from ..errors import ModelFileError, OptionError
from ..graph import fixed_inputs
from ..spec import TensorSpec
from . import register
from .base import UNTOLD, Availability, Backend, Options, Session, Timings, package_availability

_OPTIONS = ("hint", "threads", "streams", "requests", "cache", "static")
_HINTS = {"latency": "LATENCY", "throughput": "THROUGHPUT"}
_PRECISIONS = {"float32": "f32", "float16": "f16", "bfloat16": "bf16", "int8": "f32"}  # of what is not quantised
_CAPABILITIES = {"float16": "FP16", "bfloat16": "BF16"}


class OpenVinoSession(Session):
    """A compiled model with a queue of infer requests: as many calls run at once as there are requests."""

    def __init__(self, compiled: Any, requests: int, on_cpu: bool = True):
        self.inputs = tuple(_spec(port, index) for index, port in enumerate(compiled.inputs))
        self.outputs = tuple(_spec(port, index, "output") for index, port in enumerate(compiled.outputs))
        self.parallel = requests
        self._compiled = compiled
        self._on_cpu = on_cpu
        self._requests: queue.LifoQueue[Any] = queue.LifoQueue()
        for _ in range(requests):
            self._requests.put(compiled.create_infer_request())

    def run(self, arrays: list[np.ndarray]) -> list[np.ndarray]:
        return self.run_timed(arrays)[0]

    def run_timed(self, arrays: list[np.ndarray]) -> tuple[list[np.ndarray], Timings]:
        """On a CPU, a request's latency is what the network took: the inputs are read where they are."""
        request = self._requests.get()
        try:
            request.infer(dict(enumerate(arrays)), share_inputs=True)
            # the request overwrites its own tensors when it is used again
            outputs = [request.get_output_tensor(index).data.copy() for index in range(len(self.outputs))]
            return outputs, Timings(compute=request.latency / 1e3) if self._on_cpu else UNTOLD
        finally:
            self._requests.put(request)

    def close(self) -> None:
        del self._requests, self._compiled


class OpenVinoBackend(Backend):
    """Opens ONNX files and OpenVINO's own IR (.xml), int8 models (with QuantizeLinear nodes) included."""

    target = "openvino"
    name = "openvino"
    summary = "OpenVINO, CPU, GPU or NPU"
    dtypes = ("float32", "float16", "bfloat16", "int8")
    takes_threads = True
    device_kind = "OpenVINO's device names, such as CPU and GPU"

    def availability(self) -> Availability:
        return package_availability("openvino", "openvino", "pip install openvino")

    def open(self, ckpt: Path, options: Options) -> Session:
        """options: hint ("latency", the default, or "throughput"), threads (of each of the engine's streams), streams
        (on a CPU, where the engine has several, those by default), requests (infer requests, by default what OpenVINO
        finds optimal), cache (False compiles anew), static (True compiles for exactly batch_size rows of input_size,
        which is quicker than for any number)."""
        import openvino

        extra = options.checked_extra(self.target, _OPTIONS)
        core = openvino.Core()
        device = _device(core, options.device or "CPU")
        config = _config(core, device, options, extra)
        static = bool(extra.get("static", False))
        facts = {
            "target": self.target,
            "runtime": openvino.__version__,
            "model": cache.model_digest(ckpt),
            # OpenVINO itself looks for a compiled model under its path and time, and writes over one of another time
            "path": [str(ckpt.absolute()), ckpt.stat().st_mtime_ns],
            "device": device,
            "dtype": options.dtype,
            "options": config,
            "shapes": [options.batch_size, options.input_size] if static else None,
        }

        model = _reshaped(core, ckpt, options) if static else str(ckpt)

        def compile_into(folder: Path) -> Any:
            return _compile(core, model, ckpt, device, config | {"CACHE_DIR": str(folder)})

        if extra.get("cache", True):
            compiled = cache.compiled(facts, compile_into, compile_into)
        else:
            compiled = _compile(core, model, ckpt, device, config)
        return OpenVinoSession(compiled, _positive(extra, "requests") or _optimal(compiled), device == "CPU")


def _device(core: Any, device: str) -> str:
    known = core.available_devices
    if device.partition(".")[0] not in {name.partition(".")[0] for name in known} and device != "AUTO":
        raise OptionError(f"OpenVINO has no device '{device}' here; it has: {', '.join(known)}")
    return device


def _config(core: Any, device: str, options: Options, extra: dict[str, Any]) -> dict[str, Any]:
    """OpenVINO's properties. Without a dtype, what is computed in is float32, not what the library likes best."""
    hint = extra.get("hint", "latency")
    if hint not in _HINTS:
        raise OptionError(f"hint is one of {', '.join(_HINTS)}, got {hint!r}")
    config = {"PERFORMANCE_HINT": _HINTS[hint], "INFERENCE_PRECISION_HINT": _precision(core, device, options.dtype)}
    if device == "CPU":
        threads = _positive(extra, "threads") * options.streams
        config["INFERENCE_NUM_THREADS"] = str(threads or options.threads())
    streams = _positive(extra, "streams")
    if not streams and device == "CPU" and options.streams > 1:
        # a stream whose threads wait for nobody else's leaves no core idle while samples are preprocessed beside it
        streams = options.streams
    if streams:
        config["NUM_STREAMS"] = str(streams)
    return config


def _precision(core: Any, device: str, dtype: str | None) -> str:
    """A float16 file runs in float32 where the device has no float16; bfloat16 was asked for, so that it must exist."""
    needed = _CAPABILITIES.get(dtype or "")
    if needed is None or needed in core.get_property(device, "OPTIMIZATION_CAPABILITIES"):
        return _PRECISIONS[dtype or "float32"]
    if dtype == "bfloat16":
        raise OptionError(f"OpenVINO's device '{device}' cannot compute in bfloat16 here; use float32")
    return _PRECISIONS["float32"]


def _compile(core: Any, model: Any, ckpt: Path, device: str, config: dict[str, Any]) -> Any:
    """model: the path of `ckpt`, or what was read from it."""
    try:
        return core.compile_model(model, device, config)
    except RuntimeError as error:
        raise _refused(ckpt, f"compiles for {device}", error) from error


def _reshaped(core: Any, ckpt: Path, options: Options) -> Any:
    """The model in `ckpt` with every dimension of its inputs fixed."""
    try:
        model = core.read_model(str(ckpt))
    except RuntimeError as error:
        raise _refused(ckpt, "reads", error) from error
    rows = options.batch_size or (options.input_size[0][0] if options.input_size else 1)
    specs = [_spec(port, index) for index, port in enumerate(model.inputs)]
    shapes = [list(spec.shape) for spec in fixed_inputs(specs, rows, options.input_size)]
    model.reshape(dict(enumerate(shapes)))
    return model


def _refused(ckpt: Path, does: str, error: RuntimeError) -> ModelFileError:
    said = str(error).strip().splitlines()[-1]
    return ModelFileError(f"{ckpt} ({ckpt.stat().st_size} bytes) is not a model that OpenVINO {does}: {said}")


def _positive(extra: dict[str, Any], name: str) -> int:
    """The option `name`, 0 where it is not given."""
    value = extra.get(name, 0)
    if not isinstance(value, int) or isinstance(value, bool) or value < 0 or (name in extra and value == 0):
        raise OptionError(f"option {name} is a number of at least 1, got {value!r}")
    return value


def _optimal(compiled: Any) -> int:
    return int(compiled.get_property("OPTIMAL_NUMBER_OF_INFER_REQUESTS"))


def _spec(port: Any, index: int, kind: str = "input") -> TensorSpec:
    """OpenVINO does not keep the names of dimensions: a dynamic first one is taken for the batch."""
    name = port.get_any_name() if port.get_names() else f"{kind}{index}"
    shape: list[int | str] = [
        "batch" if size.is_dynamic and axis == 0 else f"{name}_{axis}" if size.is_dynamic else size.get_length()
        for axis, size in enumerate(port.partial_shape)
    ]
    return TensorSpec(name, np.dtype(port.element_type.to_dtype()).name, tuple(shape))


register(OpenVinoBackend())
