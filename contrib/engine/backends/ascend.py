"""Target `ascend`: Huawei Ascend through pyACL. Runs offline models (.om), and has `atc` make them from ONNX files."""

from __future__ import annotations

import atexit
import importlib.util
import shutil
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import ModelFileError, OptionError, RunError
from ..spec import TensorSpec
from . import register
from .base import Availability, Session, Timings
from .compiling.base import TENSORS, CompilingBackend, Job, Tensors, device_number
from .compiling.graph import input_specs
from .compiling.onnx_file import read_onnx

_HOST_TO_DEVICE, _DEVICE_TO_HOST, _HUGE_FIRST = 1, 2, 0

# aclDataType, by number
_DTYPES = {
    0: "float32", 1: "float16", 2: "int8", 3: "int32", 4: "uint8", 6: "int16", 7: "uint16", 8: "uint32", 9: "int64",
    10: "uint64", 11: "float64", 12: "bool",
}  # fmt: skip

_start = threading.Lock()
_initialised: list[Any] = []
_used: set[int] = set()


def _acl(device: int) -> Any:
    """The acl module with `device` set up. It is initialised once a process, and finalised when the process ends."""
    import acl

    with _start:
        if acl not in _initialised:
            _require(acl.init(), "acl.init")
            _initialised.append(acl)
            atexit.register(_finalise, acl)
        _require(acl.rt.set_device(device), f"acl.rt.set_device({device})")
        _used.add(device)
    return acl


def _finalise(acl: Any) -> None:
    for device in _used:
        acl.rt.reset_device(device)
    _used.clear()
    acl.finalize()


def _require(code: int, what: str) -> None:
    if code != 0:
        raise RunError(f"{what} failed with code {code}; the Ascend log (~/ascend/log) says more")


def _value(result: tuple[Any, int], what: str) -> Any:
    """pyACL returns (value, code)."""
    value, code = result
    _require(code, what)
    return value


class AscendSession(Session):
    """An offline model on one device, with device memory for one call; calls take turns."""

    def __init__(self, model: Path, device: int):
        self._undo: list[Callable[[], Any]] = []
        self._acl = acl = _acl(device)
        self._turn = threading.Lock()
        try:
            self._context = _value(acl.rt.create_context(device), "acl.rt.create_context")
            self._undo.append(lambda: acl.rt.destroy_context(self._context))
            self._model = _value(acl.mdl.load_from_file(str(model)), f"acl.mdl.load_from_file({model})")
            self._undo.append(lambda: acl.mdl.unload(self._model))
            self._description = acl.mdl.create_desc()
            self._undo.append(lambda: acl.mdl.destroy_desc(self._description))
            _require(acl.mdl.get_desc(self._description, self._model), "acl.mdl.get_desc")
            self.inputs = self._specs(acl.mdl.get_num_inputs, acl.mdl.get_input_dims, acl.mdl.get_input_data_type)
            self.outputs = self._specs(acl.mdl.get_num_outputs, acl.mdl.get_output_dims, acl.mdl.get_output_data_type)
            self._given, self._pointers = self._dataset(len(self.inputs), acl.mdl.get_input_size_by_index)
            self._made, self._results = self._dataset(len(self.outputs), acl.mdl.get_output_size_by_index)
        except BaseException:
            self.close()
            raise

    def _specs(self, count: Any, dims: Any, dtype: Any) -> tuple[TensorSpec, ...]:
        specs = []
        for index in range(count(self._description)):
            said = _value(dims(self._description, index), "the dimensions of a tensor")
            if any(size < 0 for size in said["dims"]):
                raise ModelFileError(
                    f"tensor '{said['name']}' of the model has dynamic dimensions {said['dims']}; convert it with a "
                    "fixed --input_shape, or give the ONNX file and input_size"
                )
            number = dtype(self._description, index)
            specs.append(TensorSpec(said["name"], _DTYPES.get(number, "object"), tuple(said["dims"])))
        return tuple(specs)

    def _dataset(self, count: int, size_of: Any) -> tuple[Any, list[tuple[int, int]]]:
        """A dataset of `count` tensors in device memory, and the (pointer, bytes) of each."""
        acl, pointers = self._acl, []
        dataset = acl.mdl.create_dataset()
        self._undo.append(lambda: acl.mdl.destroy_dataset(dataset))
        for index in range(count):
            size = size_of(self._description, index)
            pointer = _value(acl.rt.malloc(max(size, 1), _HUGE_FIRST), "acl.rt.malloc")
            self._undo.append(lambda pointer=pointer: acl.rt.free(pointer))  # type: ignore[misc]
            buffer = acl.create_data_buffer(pointer, size)
            self._undo.append(lambda buffer=buffer: acl.destroy_data_buffer(buffer))  # type: ignore[misc]
            _value(acl.mdl.add_dataset_buffer(dataset, buffer), "acl.mdl.add_dataset_buffer")
            pointers.append((pointer, size))
        return dataset, pointers

    def run(self, arrays: list[np.ndarray]) -> list[np.ndarray]:
        return self.run_timed(arrays)[0]

    def run_timed(self, arrays: list[np.ndarray]) -> tuple[list[np.ndarray], Timings]:
        """Copies and execution return when they are done, so that the host's clock tells them apart."""
        acl = self._acl
        with self._turn:
            _require(acl.rt.set_context(self._context), "acl.rt.set_context")
            start = time.perf_counter()
            for array, (pointer, size) in zip(arrays, self._pointers, strict=True):
                code = acl.rt.memcpy(pointer, size, array.ctypes.data, array.nbytes, _HOST_TO_DEVICE)
                _require(code, "copying an input to the device")
            copied = time.perf_counter()
            _require(acl.mdl.execute(self._model, self._given, self._made), "acl.mdl.execute")
            computed = time.perf_counter()
            outputs = [np.empty([int(size) for size in spec.shape], spec.dtype) for spec in self.outputs]
            for output, (pointer, _) in zip(outputs, self._results, strict=True):
                code = acl.rt.memcpy(output.ctypes.data, output.nbytes, pointer, output.nbytes, _DEVICE_TO_HOST)
                _require(code, "copying an output from the device")
            end = time.perf_counter()
        return outputs, Timings(copied - start, computed - copied, end - computed)

    def close(self) -> None:
        """Undo what was done, in reverse: pyACL leaves nothing to the garbage collector."""
        if self._undo:
            self._acl.rt.set_context(self._context)
        while self._undo:
            self._undo.pop()()


class AscendBackend(CompilingBackend):
    """Opens offline models (.om); ONNX files go through atc.

    Option soc: what atc compiles for, by default the device's own.
    """

    target = "ascend"
    name = "acl"
    summary = "Huawei Ascend, pyACL"
    device_kind = "NPU numbers"
    unproved = "an Ascend NPU"
    one_shape = True
    result = "model.om"
    saved_as = (".om",)
    own_options = ("soc",)

    def availability(self) -> Availability:
        if importlib.util.find_spec("acl") is None:
            return Availability(False, "needs pyACL, which comes with the CANN toolkit (source its set_env.sh)")
        return Availability(True, "pyACL")

    def identity(self, job: Job) -> dict[str, Any]:
        return {"runtime": _atc_version(), "options": {"soc": self._soc(job)}}

    def build(self, job: Job, folder: Path) -> None:
        _convert(job, folder, self._soc(job))

    def load(self, job: Job, compiled: Path, tensors: Path) -> Session:
        device = self._device(job)
        try:
            session = AscendSession(compiled, device)
        except RunError as error:
            raise ModelFileError(f"{compiled} cannot be loaded on device {device}: {error}") from error
        if tensors.is_file():
            session.takes_rows = Tensors.read(tensors).takes_rows
        return session

    def _device(self, job: Job) -> int:
        return device_number(self.target, job.options, "an NPU")

    def _soc(self, job: Job) -> str:
        return job.extra.get("soc") or _acl(self._device(job)).get_soc_name()


def _atc_version() -> str:
    """Where atc is says which CANN toolkit it belongs to."""
    atc = shutil.which("atc")
    if atc is None:
        raise OptionError("an ONNX file needs atc to become an offline model; source the CANN toolkit's set_env.sh")
    return str(Path(atc).resolve())


def _convert(job: Job, folder: Path, soc: str) -> None:
    """Have atc write the offline model, and describe its tensors."""
    path, inputs = folder / AscendBackend.result, input_specs(read_onnx(job.ckpt, weights=False))
    specs = job.fixed(inputs)
    shapes = ";".join(f"{spec.name}:{','.join(map(str, spec.shape))}" for spec in specs)
    precision = "allow_fp32_to_fp16" if job.options.dtype == "float16" else "must_keep_origin_dtype"
    command = ["atc", "--framework=5", f"--model={job.ckpt}", f"--output={path.with_suffix('')}"]
    command += [f"--input_shape={shapes}", f"--soc_version={soc}", f"--precision_mode={precision}"]
    done = subprocess.run(
        command, stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace", check=False
    )
    if done.returncode != 0 or not path.is_file():
        said = [line for line in (done.stdout + done.stderr).splitlines() if line.strip()]
        raise ModelFileError(f"atc cannot convert {job.ckpt} (code {done.returncode}): " + "\n".join(said[-5:]))
    Tensors(specs, (), job.takes_rows(inputs)).write(folder / TENSORS)


register(AscendBackend())
