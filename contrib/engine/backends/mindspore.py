"""Target `mindspore`: a .mindir on CPU, GPU or Ascend.

MindSpore runs in a worker process: its libraries and PaddlePaddle's cannot be loaded into the same one. The worker's
Python is this one, or that of TECO_MINDSPORE_PYTHON where MindSpore has an environment of its own.
"""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import ModelFileError, OptionError
from ..spec import TensorSpec
from ..worker import WorkerSession
from . import register
from .base import Availability, Backend, Options, Session, package_availability

_DEVICES = ("CPU", "GPU", "Ascend")

# element types of MindIR, which are ONNX's
_DTYPES = {
    1: "float32", 2: "uint8", 3: "int8", 4: "uint16", 5: "int16", 6: "int32", 7: "int64", 9: "bool", 10: "float16",
    11: "float64", 12: "uint32", 13: "uint64",
}  # fmt: skip


def python() -> str:
    """The interpreter that has MindSpore."""
    return os.environ.get("TECO_MINDSPORE_PYTHON", sys.executable)


class MindSporeSession(Session):
    """A graph cell. Lives in the worker process."""

    def __init__(self, ckpt: Path, device: str):
        import mindspore
        from mindspore.train.mind_ir_pb2 import ModelProto

        said = ModelProto()
        said.ParseFromString(ckpt.read_bytes())
        # an input is named "<graph>:<name>"; an output has only a node's number
        self.inputs = tuple(_spec(value.name.rpartition(":")[2], value.tensor[0]) for value in said.graph.input)
        results = [tensor for value in said.graph.output for tensor in _tensors(value)]
        self.outputs = tuple(_spec(f"output{index}", tensor) for index, tensor in enumerate(results))
        mindspore.set_context(mode=mindspore.GRAPH_MODE)
        mindspore.set_device(device)
        self._tensor = mindspore.Tensor
        self._cell = mindspore.nn.GraphCell(mindspore.load(str(ckpt)))

    def run(self, arrays: list[np.ndarray]) -> list[np.ndarray]:
        result = self._cell(*[self._tensor(array) for array in arrays])
        return [tensor.asnumpy() for tensor in (result if isinstance(result, (tuple, list)) else [result])]

    def close(self) -> None:
        del self._cell


def open_here(ckpt: str, device: str) -> Session:
    """A session in this process: what the worker is asked for."""
    try:
        return MindSporeSession(Path(ckpt), device)
    except Exception as error:
        # protobuf's and MindSpore's own errors alike mean that the file is not a usable model
        said = str(error).strip().splitlines() or [type(error).__name__]
        raise ModelFileError(f"{ckpt} is not a MindIR that MindSpore loads: {said[0]}") from error


def _tensors(value: Any) -> list[Any]:
    """The tensors of an output, which may be a tuple of them."""
    return list(value.tensor) or [tensor for one in value.attr_info.values for tensor in one.tensors]


def _spec(name: str, tensor: Any) -> TensorSpec:
    shape = [size if size >= 0 else "batch" if axis == 0 else f"{name}_{axis}" for axis, size in enumerate(tensor.dims)]
    return TensorSpec(name, _DTYPES.get(tensor.data_type, "object"), tuple(shape))


class MindSporeBackend(Backend):
    """Opens MindIR files."""

    target = "mindspore"
    name = "mindspore"
    summary = "MindSpore, in a process of its own"
    device_kind = "CPU, GPU or Ascend"
    suffix = ".mindir"

    def availability(self) -> Availability:
        if python() == sys.executable:
            return package_availability("mindspore", "mindspore", "pip install mindspore")
        if shutil.which(python()) is None:
            return Availability(False, f"TECO_MINDSPORE_PYTHON names no program: {python()}")
        return Availability(True, f"mindspore of {python()}")

    def open(self, ckpt: Path, options: Options) -> Session:
        options.checked_extra(self.target, ())
        device = options.device or "CPU"
        if device not in _DEVICES:
            raise OptionError(f"target 'mindspore' runs on {', '.join(_DEVICES)}, got '{device}'")
        if ckpt.suffix != ".mindir":
            raise ModelFileError(f"target 'mindspore' opens MindIR files (.mindir), got {ckpt}")
        return WorkerSession(python(), __name__, "open_here", str(ckpt.absolute()), device)


register(MindSporeBackend())
