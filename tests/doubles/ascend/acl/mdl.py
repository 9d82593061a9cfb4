"""acl.mdl: offline models."""

from __future__ import annotations

import ctypes
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime

from . import _state

MARK = b"DOUBLE-OF-AN-OM"
_NUMBERS = {"tensor(float)": 0, "tensor(float16)": 1, "tensor(int64)": 9}
_TYPES: dict[str, Any] = {"tensor(float)": np.float32, "tensor(float16)": np.float16, "tensor(int64)": np.int64}


def load_from_file(path: str) -> tuple[int, int]:
    content = Path(path).read_bytes()
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 4
    try:
        if not content.startswith(MARK):
            return 0, _state.FAILED
        session = onnxruntime.InferenceSession(content[len(MARK) :], options, providers=["CPUExecutionProvider"])
    except Exception:  # pyACL raises nothing: every failure is an error code
        return 0, _state.FAILED
    number = next(_state.counter)
    _state.models[number] = session
    return number, 0


def unload(model: int) -> int:
    return 0 if _state.models.pop(model, None) is not None else _state.FAILED


def create_desc() -> dict[str, Any]:
    return {}


def get_desc(desc: dict[str, Any], model: int) -> int:
    session = _state.models[model]
    desc["inputs"], desc["outputs"] = session.get_inputs(), session.get_outputs()
    return 0


def destroy_desc(desc: dict[str, Any]) -> int:
    desc.clear()
    return 0


def get_num_inputs(desc: dict[str, Any]) -> int:
    return len(desc["inputs"])


def get_num_outputs(desc: dict[str, Any]) -> int:
    return len(desc["outputs"])


def _dims(node: Any) -> tuple[dict[str, Any], int]:
    sizes = [size if isinstance(size, int) else -1 for size in node.shape]
    return {"name": node.name, "dimCount": len(sizes), "dims": sizes}, 0


def get_input_dims(desc: dict[str, Any], index: int) -> tuple[dict[str, Any], int]:
    return _dims(desc["inputs"][index])


def get_output_dims(desc: dict[str, Any], index: int) -> tuple[dict[str, Any], int]:
    return _dims(desc["outputs"][index])


def get_input_data_type(desc: dict[str, Any], index: int) -> int:
    return _NUMBERS[desc["inputs"][index].type]


def get_output_data_type(desc: dict[str, Any], index: int) -> int:
    return _NUMBERS[desc["outputs"][index].type]


def _size(node: Any) -> int:
    return int(np.prod(node.shape)) * np.dtype(_TYPES[node.type]).itemsize


def get_input_size_by_index(desc: dict[str, Any], index: int) -> int:
    return _size(desc["inputs"][index])


def get_output_size_by_index(desc: dict[str, Any], index: int) -> int:
    return _size(desc["outputs"][index])


def create_dataset() -> list[Any]:
    return []


def add_dataset_buffer(dataset: list[Any], buffer: Any) -> tuple[list[Any], int]:
    dataset.append(buffer)
    return dataset, 0


def destroy_dataset(dataset: list[Any]) -> int:
    dataset.clear()
    return 0


def execute(model: int, given: list[Any], made: list[Any]) -> int:
    session = _state.models[model]
    feeds = {}
    for node, buffer in zip(session.get_inputs(), given, strict=True):
        array = np.empty(node.shape, _TYPES[node.type])
        ctypes.memmove(array.ctypes.data, buffer["pointer"], array.nbytes)
        feeds[node.name] = array
    for output, buffer in zip(session.run(None, feeds), made, strict=True):
        ctypes.memmove(buffer["pointer"], np.ascontiguousarray(output).ctypes.data, output.nbytes)
    return 0
