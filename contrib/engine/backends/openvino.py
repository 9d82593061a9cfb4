"""Target `openvino`: OpenVINO on a CPU, GPU or NPU; the device stands after a colon (`openvino:GPU`)."""

from __future__ import annotations

import logging
import queue
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import ModelFileError, OptionError
from ..openvino_proof import same
from ..spec import ANY_RANK, TensorSpec
from . import register
from .base import UNTOLD, Availability, Options, Session, Timings, package_availability
from .compiling.base import TENSORS, CompilingBackend, Job, Tensors, last_line
from .compiling.graph import input_specs, output_specs
from .compiling.known import require_supported
from .compiling.narrow import require_32_bits
from .compiling.older import misread, understood
from .compiling.onnx_file import read_onnx

_log = logging.getLogger(__name__)

_ANEW = "compile_at_each_start"  # stands in the place of a blob that does not compute what the network does
_CLOSE_IN = {"bfloat16": 5e-2, "float16": 1e-2}  # of the largest value
_PREPARED = 2  # goes up with each change of what is done to a graph, and of what is refused, before it is compiled
_HINTS = {"latency": "LATENCY", "throughput": "THROUGHPUT"}
_PRECISIONS = {"float32": "f32", "float16": "f16", "bfloat16": "bf16", "int8": "f32"}  # of what is not quantised
_ELEMENTS = {"f16": "float16", "f32": "float32", "f64": "float64", "boolean": "bool"} | {
    f"{short}{bits}": f"{long}{bits}" for short, long in (("i", "int"), ("u", "uint")) for bits in (8, 16, 32, 64)
}
_CAPABILITIES = {"float16": "FP16", "bfloat16": "BF16"}


class OpenVinoSession(Session):
    """A compiled model with a queue of infer requests: as many calls run at once as there are requests."""

    def __init__(self, compiled: Any, requests: int, on_cpu: bool = True, said: Tensors | None = None):
        """said: what the file says of its tensors, whose dimensions OpenVINO leaves without names."""
        self.inputs = _specs(compiled.inputs, "input", said.inputs if said else ())
        self.outputs = _specs(compiled.outputs, "output", said.outputs if said else ())
        self.takes_rows = said.takes_rows if said else None
        self._places = list(enumerate(_places(compiled.inputs, self.inputs)))
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
            for _, index in self._places if self._on_cpu else ():
                require_32_bits(arrays[index], self.inputs[index].name, "openvino")
            given = {place: _writeable(arrays[index]) for place, index in self._places}
            request.infer(given, share_inputs=True)
            # the request overwrites its own tensors when it is used again
            outputs = [request.get_output_tensor(index).data.copy() for index in range(len(self.outputs))]
            return outputs, Timings(compute=request.latency / 1e3) if self._on_cpu else UNTOLD
        finally:
            self._requests.put(request)

    def close(self) -> None:
        del self._requests, self._compiled


class OpenVinoBackend(CompilingBackend):
    """Opens ONNX files and OpenVINO's own IR (.xml), int8 models (with QuantizeLinear nodes) included.

    Options: hint ("latency", the default, or "throughput"), threads (of each of the engine's streams), streams (on a
    CPU, where the engine has several, those by default), requests (infer requests, by default what OpenVINO finds
    optimal), cache (False compiles anew), static (True compiles for exactly batch_size rows of input_size, which is
    quicker than for any number).
    """

    target = "openvino"
    name = "openvino"
    summary = "OpenVINO, CPU, GPU or NPU"
    dtypes = ("float32", "float16", "bfloat16", "int8")
    takes_threads = True
    device_kind = "OpenVINO's device names, such as CPU and GPU"
    result = "model.blob"
    own_options = ("hint", "threads", "streams", "requests", "static")

    def availability(self) -> Availability:
        return package_availability("openvino", "openvino", "pip install openvino")

    def open(self, ckpt: Path, options: Options) -> Session:
        core, device = _core(options)
        exports = "EXPORT_IMPORT" in core.get_property(device, "OPTIMIZATION_CAPABILITIES")
        if exports and options.extra.get("cache", True):
            return super().open(ckpt, options)
        job = Job(ckpt, options, options.checked_extra(self.target, (*self.own_options, "cache")))
        return _session(job, _compiled(job), _said(job))

    def identity(self, job: Job) -> dict[str, Any]:
        import openvino

        core, device = _core(job.options)
        options = job.options
        return {
            "runtime": openvino.__version__,
            "device": device,
            "options": _config(core, device, options, dict(job.extra)) | {"prepared": _PREPARED},
            "shapes": [options.batch_size, options.input_size, options.batch_first] if _static(job) else None,
        }

    def build(self, job: Job, folder: Path) -> None:
        said = _said(job)
        if said:
            said.write(folder / TENSORS)
        network = _compiled(job)
        blob = network.export_model().getvalue()
        close = _CLOSE_IN.get(job.options.dtype or "float32", 1e-3)
        if same(network, _imported(job, blob), job.options.input_size, close):
            (folder / self.result).write_bytes(blob)
        else:
            (folder / _ANEW).touch()
            _log.warning(
                "%s: what OpenVINO writes of this network cannot be relied on; it is compiled at each start",
                job.ckpt.name,
            )

    def load(self, job: Job, compiled: Path, tensors: Path) -> Session:
        anew = compiled.with_name(_ANEW).is_file()
        network = _compiled(job) if anew else _imported(job, compiled.read_bytes())
        return _session(job, network, Tensors.read(tensors) if tensors.is_file() else None)


def _imported(job: Job, blob: bytes) -> Any:
    """What was written out, as a network again."""
    core, device = _core(job.options)
    return core.import_model(blob, device, _config(core, device, job.options, dict(job.extra)))


def _core(options: Options) -> tuple[Any, str]:
    """OpenVINO, and the name of the device."""
    import openvino

    core = openvino.Core()
    return core, _device(core, options.device or "CPU")


def _session(job: Job, network: Any, said: Tensors | None) -> OpenVinoSession:
    requests = _positive(job.extra, "requests") or int(network.get_property("OPTIMAL_NUMBER_OF_INFER_REQUESTS"))
    return OpenVinoSession(network, requests, (job.options.device or "CPU") == "CPU", said)


def _static(job: Job) -> bool:
    return bool(job.extra.get("static", False))


def _said(job: Job) -> Tensors | None:
    """What an ONNX file says of its tensors."""
    if job.ckpt.suffix != ".onnx":
        return None
    model = read_onnx(job.ckpt, weights=False)
    inputs = input_specs(model)
    if not _static(job):
        return Tensors(inputs, output_specs(model))  # the names of the dimensions stay, and say what is the batch
    return Tensors(job.fixed(inputs), output_specs(model), job.takes_rows(inputs))


def _compiled(job: Job) -> Any:
    """The network, compiled."""
    core, device = _core(job.options)
    model = _read(job, core)
    if _static(job):
        said = _said(job)
        specs = said.inputs if said else job.fixed(_specs(model.inputs, "input", ()))
        model.reshape(dict(enumerate(list(spec.shape) for spec in specs)))
    try:
        return core.compile_model(model, device, _config(core, device, job.options, dict(job.extra)))
    except RuntimeError as error:
        raise _refused(job.ckpt, f"compiles for {device}", error) from error


def _read(job: Job, core: Any) -> Any:
    """OpenVINO's own form of the network, from a file that has been looked at before."""
    source: Any = str(job.ckpt)
    if job.ckpt.suffix == ".onnx":
        model = read_onnx(job.ckpt, weights=False)
        require_supported(job.ckpt, model, "openvino")
        if misread(model):
            source = understood(read_onnx(job.ckpt)).SerializeToString()
    try:
        return core.read_model(source)
    except RuntimeError as error:
        raise _refused(job.ckpt, "reads", error) from error


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
    config = {"PERFORMANCE_HINT": _HINTS[hint], "INFERENCE_PRECISION_HINT": precision(core, device, options.dtype)}
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


def precision(core: Any, device: str, dtype: str | None) -> str:
    """A float16 file runs in float32 where the device has no float16; bfloat16 was asked for, so that it must exist."""
    needed = _CAPABILITIES.get(dtype or "")
    if needed is None or needed in core.get_property(device, "OPTIMIZATION_CAPABILITIES"):
        return _PRECISIONS[dtype or "float32"]
    if dtype == "bfloat16":
        raise OptionError(f"OpenVINO's device '{device}' cannot compute in bfloat16 here; use float32")
    return _PRECISIONS["float32"]


def _refused(ckpt: Path, does: str, error: RuntimeError) -> ModelFileError:
    return ModelFileError(
        f"{ckpt} ({ckpt.stat().st_size} bytes) is not a model that OpenVINO {does}: {last_line(error)}"
    )


def _positive(extra: Mapping[str, Any], name: str) -> int:
    """The option `name`, 0 where it is not given."""
    value = extra.get(name, 0)
    if not isinstance(value, int) or isinstance(value, bool) or value < 0 or (name in extra and value == 0):
        raise OptionError(f"option {name} is a number of at least 1, got {value!r}")
    return value


def _places(ports: Sequence[Any], inputs: Sequence[TensorSpec]) -> list[int]:
    """Which of `inputs` each port takes: OpenVINO leaves out those that change nothing."""
    names = [spec.name for spec in inputs]
    if len(ports) == len(names):
        return list(range(len(names)))
    found = [next((names.index(name) for name in port.get_names() if name in names), None) for port in ports]
    if None in found:
        raise ModelFileError(f"OpenVINO has renamed the network's inputs ({', '.join(names)}); use target onnx")
    return [place for place in found if place is not None]


def _writeable(array: np.ndarray) -> np.ndarray:
    """OpenVINO reads an array where it is only if it might write there too."""
    return array if array.flags.writeable else array.copy()


def _specs(ports: Sequence[Any], kind: str, said: Sequence[TensorSpec]) -> tuple[TensorSpec, ...]:
    """Of a network's inputs or outputs, as the file says them: OpenVINO keeps no names of dimensions.

    What the file leaves open and OpenVINO knows is added; of a file that says nothing, OpenVINO's word is taken.
    """
    if not said:
        names = [port.get_any_name() if port.get_names() else f"{kind}{index}" for index, port in enumerate(ports)]
        return tuple(_spec(port, name) for port, name in zip(ports, names, strict=True))
    if len(ports) != len(said):
        return tuple(said)
    return tuple(_filled(spec, _spec(port, spec.name)) for spec, port in zip(said, ports, strict=True))


def _filled(said: TensorSpec, found: TensorSpec) -> TensorSpec:
    if len(said.shape) != len(found.shape) or said.shape == (ANY_RANK,):
        return said
    sizes = zip(said.shape, found.shape, strict=True)
    return replace(
        said, shape=tuple(have if isinstance(have, int) and isinstance(want, str) else want for want, have in sizes)
    )


def _spec(port: Any, name: str) -> TensorSpec:
    element = port.element_type.get_type_name()
    if element not in _ELEMENTS:
        raise ModelFileError(
            f"tensor '{name}' holds {element}, which no numpy array does; export the network with float32 or float16"
        )
    if port.partial_shape.rank.is_dynamic:
        return TensorSpec(name, _ELEMENTS[element], (ANY_RANK,))
    shape = [f"{name}_{axis}" if size.is_dynamic else size.get_length() for axis, size in enumerate(port.partial_shape)]
    return TensorSpec(name, _ELEMENTS[element], tuple(shape))


register(OpenVinoBackend())
