"""Target `onnx`: ONNX Runtime on the CPU, the accuracy baseline of the adaptation guide."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np

from zoo_core.errors import first_line

from ..errors import ModelFileError, OptionError
from ..spec import ANY_RANK, TensorSpec
from . import register
from .base import Availability, Backend, Options, Session, package_availability
from .compiling.known import warn_of_differences
from .compiling.onnx_file import files_and_operators_of, require_no_other_file
from .compiling.overflow import overflows

_OPTIONS = ("threads", "inter_threads", "graph_optimization", "arena", "spinning")
_LEVELS = {
    "none": "ORT_DISABLE_ALL",
    "basic": "ORT_ENABLE_BASIC",
    "extended": "ORT_ENABLE_EXTENDED",
    "all": "ORT_ENABLE_ALL",
}

# ONNX element types by the name that ONNX Runtime gives them
_DTYPES = {
    "tensor(float)": "float32",
    "tensor(double)": "float64",
    "tensor(float16)": "float16",
    "tensor(int8)": "int8",
    "tensor(int16)": "int16",
    "tensor(int32)": "int32",
    "tensor(int64)": "int64",
    "tensor(uint8)": "uint8",
    "tensor(uint16)": "uint16",
    "tensor(uint32)": "uint32",
    "tensor(uint64)": "uint64",
    "tensor(bool)": "bool",
    "tensor(string)": "object",
}


class OnnxRuntimeSession(Session):
    """An `onnxruntime.InferenceSession` with names and specs looked up once."""

    reference = True

    def __init__(self, session: Any, parallel: int = 1):
        self.parallel = parallel
        # with one thread a call, ONNX Runtime takes the caller's; with an execution provider, most is done elsewhere
        one_thread = session.get_session_options().intra_op_num_threads == 1
        self.on_cores = parallel > 1 and one_thread and session.get_providers() == ["CPUExecutionProvider"]
        self.inputs = tuple(_spec(node, "input") for node in session.get_inputs())
        self.outputs = tuple(_spec(node, "output") for node in session.get_outputs())
        self._input_names = [spec.name for spec in self.inputs]
        self._output_names = [spec.name for spec in self.outputs]
        self.native = session

    def run(self, arrays: list[np.ndarray]) -> list[np.ndarray]:
        return self.native.run(self._output_names, dict(zip(self._input_names, arrays, strict=True)))

    def close(self) -> None:
        del self.native


class OnnxRuntimeBackend(Backend):
    """Opens ONNX files."""

    target = "onnx"
    name = "onnxruntime"
    summary = "ONNX Runtime, CPU"
    dtypes: tuple[str, ...] = ("float32", "float16", "int8")
    reads_only = True
    takes_threads = True
    graph_levels = tuple(_LEVELS)
    own_options: tuple[str, ...] = ()  # those of an execution provider, besides the session's

    def availability(self) -> Availability:
        return package_availability("onnxruntime", "onnxruntime", "pip install onnxruntime")

    def prepare(self) -> None:
        with suppress(ImportError):  # `open` says it
            import onnxruntime  # noqa: F401

    def open(self, ckpt: Path, options: Options) -> OnnxRuntimeSession:
        import onnxruntime

        session_options = self._session_options(options)
        providers = self.providers(options)
        if ckpt.suffix == ".onnx":
            _, operators = files_and_operators_of(ckpt)  # refuses weights from elsewhere
            warn_of_differences(ckpt, "onnx", operators)
            if overflows(ckpt, "slower kernels are taken, where the graph is optimised at level extended or all"):
                session_options.add_session_config_entry("session.x64quantprecision", "1")
        try:
            session = onnxruntime.InferenceSession(str(ckpt), sess_options=session_options, providers=providers)
        except Exception as error:
            # ONNX Runtime has a class an error kind, without a common base; all of them mean: not a usable model
            require_no_other_file(ckpt)
            said = first_line(error)
            cut = "; it may be truncated, export it again" if _looks_cut(said) else ""
            raise ModelFileError(
                f"{ckpt} ({ckpt.stat().st_size} bytes) is not a model that ONNX Runtime opens{cut}. "
                f"ONNX Runtime says: {said}"
            ) from error
        return OnnxRuntimeSession(session, options.streams)

    def providers(self, options: Options) -> list[Any]:
        """What runs the operators, the first choice first."""
        return ["CPUExecutionProvider"]

    def _session_options(self, options: Options) -> Any:
        """Threads default to the cores this process may use; the library itself counts those of the machine.

        With several streams, a thread that waits for the others of its call sleeps: there is other work for its core.
        """
        import onnxruntime

        extra = options.checked_extra(self.target, (*_OPTIONS, *self.own_options))
        level = extra.get("graph_optimization", "all")
        if level not in _LEVELS:
            raise OptionError(f"graph_optimization is one of {', '.join(_LEVELS)}, got {level!r}")
        made = onnxruntime.SessionOptions()
        made.intra_op_num_threads = _thread_count(extra, "threads", max(options.threads() // options.streams, 1))
        made.inter_op_num_threads = _thread_count(extra, "inter_threads", 0)
        made.graph_optimization_level = getattr(onnxruntime.GraphOptimizationLevel, _LEVELS[level])
        made.enable_cpu_mem_arena = bool(extra.get("arena", True))
        if not extra.get("spinning", options.streams == 1):
            made.add_session_config_entry("session.intra_op.allow_spinning", "0")
        made.log_severity_level = 3  # errors only: its warnings are about optimisations that it did not find
        return made


def _thread_count(extra: dict[str, Any], name: str, default: int) -> int:
    value = extra.get(name, default)
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise OptionError(f"option {name} is a number of threads (0: the library's choice), got {value!r}")
    return value


def _looks_cut(said: str) -> bool:
    return any(words in said for words in ("Protobuf parsing failed", "INVALID_PROTOBUF", "No graph was found"))


def _spec(node: Any, kind: str) -> TensorSpec:
    """Unnamed dynamic dimensions, and negative ones, get a name of their own, so that nothing is concluded from them.

    A sequence or a map, which only an output may be, is an object of no shape. Of an optional tensor, no shape is told.
    """
    optional = node.type[len("optional(") : -1]
    if kind == "output" and node.type.startswith("optional(") and optional in _DTYPES:
        return TensorSpec(node.name, _DTYPES[optional], (ANY_RANK,))
    if not node.type.startswith("tensor(") and kind == "output":
        return TensorSpec(node.name, "object", (ANY_RANK,))
    if node.type not in _DTYPES:
        raise ModelFileError(
            f"{kind} '{node.name}' is a {node.type}, and arrays of {', '.join(sorted(set(_DTYPES.values())))} are what "
            "is taken and given; export the network with one of these"
        )
    shape = tuple(
        size
        if isinstance(size, int) and size >= 0
        else f"{node.name}_{axis}"
        if isinstance(size, int) or not size
        else size
        for axis, size in enumerate(node.shape)
    )
    # ONNX Runtime does not tell a scalar from an output that says nothing of its shape
    return TensorSpec(node.name, _DTYPES[node.type], shape if shape or kind == "input" else (ANY_RANK,))


register(OnnxRuntimeBackend())
