"""What each node of a network takes, where the runtime tells."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from zoo_core.machine import cores

from . import backends
from .backends.compiling.onnx_file import files_and_operators_of, require_no_other_file
from .errors import ModelFileError, OptionError, RunError

_ROOM = 64 << 10  # bytes; more than the runtime holds back before it writes


@dataclass(frozen=True)
class NodeTime:
    """A node as the runtime runs it, which may stand for several of the file.

    seconds: of a call, the median; in the body of a loop, of all rounds together.
    """

    name: str
    operator: str
    seconds: float


def profile(
    ckpt: Path, target: str, arrays: Sequence[np.ndarray], times: int, dtype: str = "float32"
) -> list[NodeTime]:
    """Run a file, and tell what its nodes take, in the order in which they run.

    Args:
        ckpt: an ONNX file.
        target: "onnx" or "openvino".
        arrays: what it is given, one array an input; float32 is rounded where the file takes float16.
        times: calls that are counted; one more goes before them.
        dtype: what is computed in, as the engine takes it.

    Raises:
        OptionError: the target does not tell what its nodes take, or does not compute in this dtype.
        ModelFileError: the runtime does not open or run the file.
        RunError: what the runtime wrote of its nodes cannot be read.
        OSError: there is no room for what it writes.
    """
    known: dict[str, Callable[[Path, list[np.ndarray], int, str], list[NodeTime]]] = {
        "onnx": _onnxruntime,
        "openvino": _openvino,
    }
    if target not in known:
        raise OptionError(f"target '{target}' does not tell what its nodes take; {' and '.join(known)} do")
    dtypes = backends.find(target).dtypes
    if dtype not in dtypes:
        raise OptionError(f"with target '{target}', dtype is one of {', '.join(dtypes)}, got '{dtype}'")
    require_no_other_file(ckpt)
    files_and_operators_of(ckpt)  # refuses weights from elsewhere
    try:
        return known[target](ckpt, list(arrays), times, dtype)
    except (RuntimeError, ValueError) as error:
        raise ModelFileError(f"{ckpt} does not run on {target}: {error}") from error
    except Exception as error:
        if type(error).__module__.startswith("onnxruntime"):  # a class an error kind, without a common base
            raise ModelFileError(f"{ckpt} does not run on {target}: {error}") from error
        raise


def _require_as_many(names: Sequence[str], arrays: Sequence[np.ndarray]) -> None:
    if len(names) != len(arrays):
        inputs = "1 input" if len(names) == 1 else f"{len(names)} inputs"
        raise ValueError(f"it takes {inputs} ({', '.join(names)}), and this network has {len(arrays)}")


def _onnxruntime(ckpt: Path, arrays: list[np.ndarray], times: int, dtype: str) -> list[NodeTime]:
    import onnxruntime

    with tempfile.TemporaryDirectory(prefix="zoo-profile-") as folder:
        options = onnxruntime.SessionOptions()
        options.enable_profiling = True
        options.profile_file_prefix = str(Path(folder, "profile"))
        options.intra_op_num_threads = cores()
        options.log_severity_level = 3
        session = onnxruntime.InferenceSession(str(ckpt), options, providers=["CPUExecutionProvider"])
        _require_as_many([one.name for one in session.get_inputs()], arrays)
        given = {
            one.name: array.astype(np.float16) if one.type == "tensor(float16)" else array
            for one, array in zip(session.get_inputs(), arrays, strict=True)
        }
        for _ in range(times + 1):
            session.run(None, given)
        return _nodes(_events(Path(session.end_profiling())))


def _events(path: Path) -> list[dict[str, Any]]:
    """What ONNX Runtime wrote of its calls. It says nothing where there was no room for all of it.

    Raises:
        OSError: the disk takes no more.
        RunError: this is no JSON, for another reason.
    """
    try:
        events: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:  # no JSON, or no UTF-8
        _require_room(path)
        raise RunError(
            f"ONNX Runtime's profile {path} cannot be read ({error}), though its disk takes more; profile again, "
            "set TMPDIR to a folder on another disk, or take target openvino"
        ) from error
    return events


def _require_room(path: Path) -> None:
    """The system says by an OSError why a file cannot grow: a full disk, a quota, the largest file that is allowed."""
    try:
        with path.open("ab") as file:
            file.write(bytes(_ROOM))
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise OSError(error.errno, f"ONNX Runtime's profile is cut off: {error.strerror}", str(path.parent)) from error


def _nodes(events: Sequence[dict[str, Any]]) -> list[NodeTime]:
    """The nodes in what ONNX Runtime writes of several calls, of which the first one does not count."""
    calls: list[dict[tuple[str, str], float]] = [{}]
    for event in events:
        name, _, kind = event["name"].rpartition("_kernel_")
        if event.get("cat") == "Node" and kind == "time":
            node = (name, event["args"]["op_name"])
            calls[-1][node] = calls[-1].get(node, 0.0) + event["dur"] * 1e-6
        elif event["name"] == "model_run":  # which ends a call
            calls.append({})
    nodes = dict.fromkeys(node for call in calls for node in call)
    return [NodeTime(*node, median(call.get(node, 0.0) for call in calls[1:-1])) for node in nodes]


def _openvino(ckpt: Path, arrays: list[np.ndarray], times: int, dtype: str) -> list[NodeTime]:
    import openvino

    from .backends.openvino import precision

    core = openvino.Core()
    config = {"PERF_COUNT": True, "INFERENCE_PRECISION_HINT": precision(core, "CPU", dtype)}
    compiled = core.compile_model(str(ckpt), "CPU", config)
    request = compiled.create_infer_request()
    _require_as_many([one.any_name for one in compiled.inputs], arrays)
    given = [array.astype(one.element_type.to_dtype()) for one, array in zip(compiled.inputs, arrays, strict=True)]
    for one, array in zip(compiled.inputs, given, strict=True):
        if not one.partial_shape.compatible(openvino.PartialShape(list(array.shape))):
            raise ValueError(f"'{one.any_name}' is {one.partial_shape}, got {list(array.shape)}")
    taken: dict[tuple[str, str], list[float]] = {}
    for number in range(times + 1):
        request.infer(given)
        if number:
            for one in request.get_profiling_info():
                if one.status == openvino.ProfilingInfo.Status.EXECUTED:
                    key = (one.node_name, _kind(one))
                    taken.setdefault(key, []).append(one.real_time.total_seconds())
    return [NodeTime(*node, median(seconds)) for node, seconds in taken.items()]


def _kind(info: Any) -> str:
    """The operator, and how it is computed ("Convolution jit_avx512_F32")."""
    return f"{info.node_type} {info.exec_type}".strip()
