"""Target `tensorrt`: NVIDIA TensorRT 10 or newer, memory and streams by cuda-python."""

from __future__ import annotations

import importlib.util
import threading
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import ModelFileError, RunError
from ..spec import TensorSpec
from . import register
from .base import Availability, Session, Timings, package_availability
from .compiling.base import TENSORS, CompilingBackend, Job, Tensors, device_number
from .compiling.graph import input_specs
from .compiling.onnx_file import read_onnx


class Cuda:
    """The few calls of the CUDA runtime that are needed, with errors as exceptions."""

    def __init__(self, device: int):
        from cuda.bindings import runtime

        self._runtime = runtime
        self._device = device
        self.use()
        self.stream = self._call(runtime.cudaStreamCreate)

    def use(self) -> None:
        """Make the device this thread's own."""
        self._call(self._runtime.cudaSetDevice, self._device)

    def allocate(self, size: int) -> int:
        return int(self._call(self._runtime.cudaMalloc, max(size, 1)))

    def free(self, pointer: int) -> None:
        self._call(self._runtime.cudaFree, pointer)

    def upload(self, pointer: int, array: np.ndarray) -> None:
        kind = self._runtime.cudaMemcpyKind.cudaMemcpyHostToDevice
        self._call(self._runtime.cudaMemcpyAsync, pointer, array.ctypes.data, array.nbytes, kind, self.stream)

    def download(self, array: np.ndarray, pointer: int) -> None:
        kind = self._runtime.cudaMemcpyKind.cudaMemcpyDeviceToHost
        self._call(self._runtime.cudaMemcpyAsync, array.ctypes.data, pointer, array.nbytes, kind, self.stream)

    def wait(self) -> None:
        self._call(self._runtime.cudaStreamSynchronize, self.stream)

    def event(self) -> Any:
        """A point in the stream, set by `record`."""
        return self._call(self._runtime.cudaEventCreate)

    def record(self, event: Any) -> None:
        self._call(self._runtime.cudaEventRecord, event, self.stream)

    def seconds(self, start: Any, end: Any) -> float:
        """Between two recorded events that have passed, by the device's clock."""
        return float(self._call(self._runtime.cudaEventElapsedTime, start, end)) / 1e3

    def forget(self, event: Any) -> None:
        self._call(self._runtime.cudaEventDestroy, event)

    def close(self) -> None:
        self._call(self._runtime.cudaStreamDestroy, self.stream)

    def _call(self, function: Any, *arguments: Any) -> Any:
        """cuda-python returns (error, value) or (error,)."""
        error, *values = function(*arguments)
        if error != self._runtime.cudaError_t.cudaSuccess:
            raise RunError(f"{function.__name__}: {error}")
        return values[0] if values else None


class TensorRtSession(Session):
    """A deserialised engine with one execution context; calls take turns."""

    def __init__(self, trt: Any, plan: bytes, device: int):
        self._trt = trt
        self._cuda = Cuda(device)
        self._runtime = trt.Runtime(trt.Logger(trt.Logger.ERROR))
        self._engine = self._runtime.deserialize_cuda_engine(plan)
        if self._engine is None:
            raise ModelFileError("TensorRT does not accept the engine: made by another version, or for another GPU")
        self._context = self._engine.create_execution_context()
        names = [self._engine.get_tensor_name(index) for index in range(self._engine.num_io_tensors)]
        is_input = {name: self._engine.get_tensor_mode(name) == trt.TensorIOMode.INPUT for name in names}
        self.inputs = tuple(self._spec(name, largest=True) for name in names if is_input[name])
        self.outputs = tuple(self._spec(name) for name in names if not is_input[name])
        first = self._engine.get_tensor_shape(self.inputs[0].name)[:1]
        self.fewer_rows = tuple(first) == (-1,)
        self._buffers: dict[str, tuple[int, int]] = {}
        # before and after the copies to the device, after the network, after the copies back
        self._events = [self._cuda.event() for _ in range(4)]
        self._turn = threading.Lock()

    def _spec(self, name: str, largest: bool = False) -> TensorSpec:
        """Of an input, the largest shape of its optimisation profile: fewer rows are taken as they come."""
        dtype = np.dtype(self._trt.nptype(self._engine.get_tensor_dtype(name))).name
        shape = [
            size if size >= 0 else f"{name}_{axis}" for axis, size in enumerate(self._engine.get_tensor_shape(name))
        ]
        if largest and any(isinstance(size, str) for size in shape):
            shape = list(self._engine.get_tensor_profile_shape(name, 0)[2])
        return TensorSpec(name, dtype, tuple(shape))

    def run(self, arrays: list[np.ndarray]) -> list[np.ndarray]:
        return self.run_timed(arrays)[0]

    def run_timed(self, arrays: list[np.ndarray]) -> tuple[list[np.ndarray], Timings]:
        with self._turn:
            self._cuda.use()
            for spec, array in zip(self.inputs, arrays, strict=True):
                self._context.set_input_shape(spec.name, array.shape)
            given = [self._buffer(spec.name, array.nbytes) for spec, array in zip(self.inputs, arrays, strict=True)]
            outputs = [np.empty(tuple(self._context.get_tensor_shape(spec.name)), spec.dtype) for spec in self.outputs]
            pointers = [self._buffer(spec.name, out.nbytes) for spec, out in zip(self.outputs, outputs, strict=True)]
            before, uploaded, computed, after = self._events
            self._cuda.record(before)
            for array, pointer in zip(arrays, given, strict=True):
                self._cuda.upload(pointer, array)
            self._cuda.record(uploaded)
            if not self._context.execute_async_v3(self._cuda.stream):
                raise RunError("TensorRT could not start the network")
            self._cuda.record(computed)
            for output, pointer in zip(outputs, pointers, strict=True):
                self._cuda.download(output, pointer)
            self._cuda.record(after)
            self._cuda.wait()
            parts = [self._cuda.seconds(start, end) for start, end in pairwise(self._events)]
        return outputs, Timings(*parts)

    def _buffer(self, name: str, size: int) -> int:
        """Device memory of the tensor `name`, of at least `size` bytes; the context is told where it is."""
        pointer, have = self._buffers.get(name, (0, -1))
        if have < size:
            if have >= 0:
                self._cuda.free(pointer)
            pointer, have = self._cuda.allocate(size), size
            self._buffers[name] = (pointer, have)
        self._context.set_tensor_address(name, pointer)
        return pointer

    def close(self) -> None:
        self._cuda.use()
        for pointer, _ in self._buffers.values():
            self._cuda.free(pointer)
        for event in self._events:
            self._cuda.forget(event)
        del self._context, self._engine, self._runtime
        self._cuda.close()


class TensorRtBackend(CompilingBackend):
    """Builds engines from ONNX files, and opens serialised ones (.plan, .trt).

    An engine takes 1 to batch_size rows, tuned for batch_size. Option workspace_mib: memory for building, default 1024.
    """

    target = "tensorrt"
    name = "trt"
    summary = "NVIDIA TensorRT"
    device_kind = "GPU numbers"
    unproved = "an NVIDIA GPU"
    one_shape = True
    result = "model.plan"
    saved_as = (".plan", ".trt")
    own_options = ("workspace_mib",)

    def availability(self) -> Availability:
        if importlib.util.find_spec("tensorrt") is None:
            return Availability(False, "needs tensorrt 10 or newer: pip install tensorrt cuda-python")
        if importlib.util.find_spec("cuda") is None:
            return Availability(False, "needs cuda-python: pip install cuda-python")
        return package_availability("tensorrt", "tensorrt", "pip install tensorrt")

    def identity(self, job: Job) -> dict[str, Any]:
        import tensorrt as trt

        device = device_number(self.target, job.options, "a GPU")
        Cuda(device).close()  # a GPU that is not there is said before anything is built
        return {
            "runtime": f"tensorrt {trt.__version__}",
            "options": {"workspace_mib": _workspace(job), "device": device},
        }

    def build(self, job: Job, folder: Path) -> None:
        import tensorrt as trt

        inputs = input_specs(read_onnx(job.ckpt, weights=False))
        (folder / self.result).write_bytes(_build(trt, job, inputs))
        Tensors(job.fixed(inputs), (), job.takes_rows(inputs)).write(folder / TENSORS)

    def load(self, job: Job, compiled: Path, tensors: Path) -> Session:
        import tensorrt as trt

        session = TensorRtSession(trt, compiled.read_bytes(), device_number(self.target, job.options, "a GPU"))
        if tensors.is_file():
            session.takes_rows = Tensors.read(tensors).takes_rows
        return session


def _workspace(job: Job) -> int:
    return int(job.extra.get("workspace_mib", 1024))


def _build(trt: Any, job: Job, inputs: Sequence[TensorSpec]) -> bytes:
    logger = trt.Logger(trt.Logger.ERROR)
    builder = trt.Builder(logger)
    network = builder.create_network(0)
    parser = trt.OnnxParser(network, logger)
    if not parser.parse_from_file(str(job.ckpt)):
        said = "; ".join(str(parser.get_error(index)) for index in range(parser.num_errors))
        raise ModelFileError(f"TensorRT cannot read {job.ckpt}: {said}")
    config = builder.create_builder_config()
    config.set_memory_pool_limit(trt.MemoryPoolType.WORKSPACE, _workspace(job) << 20)
    if job.options.dtype == "float16":
        config.set_flag(trt.BuilderFlag.FP16)
    profile = builder.create_optimization_profile()
    for spec, largest in zip(inputs, job.fixed(inputs), strict=True):
        if any(isinstance(size, str) for size in spec.shape):
            profile.set_shape(spec.name, _smallest(spec, largest), largest.shape, largest.shape)
    config.add_optimization_profile(profile)
    plan = builder.build_serialized_network(network, config)
    if plan is None:
        raise ModelFileError(f"TensorRT cannot build {job.ckpt}; its log on stderr says why")
    return bytes(plan)


def _smallest(spec: TensorSpec, largest: TensorSpec) -> Sequence[int | str]:
    """One row, where the batch is dynamic."""
    first = 1 if spec.shape and isinstance(spec.shape[0], str) else largest.shape[0]
    return (first, *largest.shape[1:])


register(TensorRtBackend())
