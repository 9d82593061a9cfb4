"""The engine: one way to run a network, whichever runtime does the work."""

from __future__ import annotations

import operator
import os
import time
import weakref
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

from . import backends
from .backends.base import UNTOLD, Options, Session, Timings
from .batching import AnyRows
from .devices import open_session
from .errors import (
    DtypeError,
    EngineError,
    ExportError,
    InputError,
    ModelFileError,
    NotFiniteError,
    OptionError,
    ReleasedError,
    RunError,
    ShapeError,
    TargetUnavailableError,
    UnknownTargetError,
)
from .spec import InputCheck, TensorSpec

__all__ = [
    "PASS_PATH",
    "Call",
    "DtypeError",
    "Engine",
    "EngineError",
    "ExportError",
    "InputError",
    "ModelFileError",
    "NotFiniteError",
    "OptionError",
    "ReleasedError",
    "RunError",
    "ShapeError",
    "TargetUnavailableError",
    "TensorSpec",
    "UnknownTargetError",
]

PASS_PATH = Path(__file__).resolve().parent / "passes"

_DTYPES = ("float16", "float32", "bfloat16", "int8")


class Call(Future[Any]):
    """A call that `Engine.submit` has started.

    Once it is done, `run_time` holds the seconds that the runtime took, and `timings` what it tells of its parts.
    """

    run_time: float = 0.0
    timings: Timings = UNTOLD


class Engine:
    """A network, loaded for one target.

    `engine(x)` takes one ndarray, a list of them in the order of the graph's inputs, or a dict by input name;
    it returns an ndarray for one output, else a list in the order of the graph's outputs. Any number of rows is
    served: a network fixed at batch b is run once for every b rows, the last piece padded, the padding cut off.
    Afterwards `run_time` holds the seconds that the runtime took, and `timings` what it tells of their parts.

    ckpt: the model file. input_name: checked against the graph when given (str, or a list in input order).
    target: "onnx", … (`engine.backends.targets()`), a device after a colon. batch_size: rows a call, for
    targets that compile. input_size: a list of shapes, one an input, of one compute unit. dtype: "float16",
    "float32", "bfloat16" or "int8", what compiling targets compute in (others: as the file does); allows rounding
    float inputs to it (float32 for bfloat16, and for int8, whose files round by themselves). pass_path: pass file of
    compiling targets. save_engine: where compiling targets put what they compiled. rank: the card, where the target
    names none. check_finite: refuse NaN and infinity in inputs. options: the runtime's own options. streams: how many
    submitted calls will be under way at once; a runtime on the CPU shares its cores among them, one that takes a
    single call at a time runs them one after the other. devices: share every batch among these devices; replicas:
    among so many copies.
    task, model, model_name, backend, devide, card_bs1: accepted for existing scripts, not used.

    Raises a subclass of EngineError for every misuse; nothing reaches the runtime unchecked.
    """

    def __init__(
        self,
        ckpt: str | Path,
        input_name: str | Sequence[str] | None = None,
        target: str = "onnx",
        batch_size: int | None = None,
        input_size: Sequence[Sequence[int]] | None = None,
        dtype: str | None = None,
        pass_path: str | Path | None = None,
        *,
        task: str | None = None,
        model: str | None = None,
        model_name: str | None = None,
        backend: str | None = None,
        save_engine: str | Path | bool | None = None,
        rank: int = 0,
        devide: Any = None,
        card_bs1: Any = None,
        check_finite: bool = False,
        streams: int = 1,
        options: Mapping[str, Any] | None = None,
        devices: Sequence[int | str] | None = None,
        replicas: int | None = None,
    ):
        self._session: Session | None = None
        if batch_size is not None and (not isinstance(batch_size, int) or batch_size < 1):
            raise OptionError(f"batch_size is a whole number of at least 1, got {batch_size!r}")
        if not isinstance(target, str):
            raise UnknownTargetError(f"target is a name such as 'onnx', got {target!r}")
        input_size = _sizes(input_size)
        if streams < 1:
            raise OptionError(f"streams is at least 1, got {streams}")
        _require_dtype(dtype, _DTYPES, "dtype")
        runtime = backends.find(target)
        _require_dtype(dtype, runtime.dtypes, f"with target '{target}', dtype")
        asked = Options(
            device=target.partition(":")[2],
            dtype=dtype,
            batch_size=batch_size,
            input_size=input_size,
            pass_path=Path(pass_path) if pass_path else None,
            save_engine=save_engine,
            rank=rank,
            streams=streams,
            extra=options or {},
        )
        session = open_session(runtime, _model_file(ckpt), asked, devices, replicas)
        self._attach(session, runtime.name, target, dtype, check_finite)
        try:
            self._require_names(input_name)
            self._fix_sizes(input_size)
        except EngineError:
            self.release()
            raise

    @classmethod
    def from_session(
        cls, session: Session, backend: str, target: str, dtype: str | None = None, check_finite: bool = False
    ) -> Engine:
        """An engine around a session that is open already."""
        engine = cls.__new__(cls)
        engine._attach(AnyRows(session), backend, target, dtype, check_finite)
        return engine

    def _attach(self, session: Session, backend: str, target: str, dtype: str | None, check_finite: bool) -> None:
        self.backend = backend
        self.target = target
        self.run_time = 0.0
        self.timings = UNTOLD
        self.parallel = session.parallel
        self.inputs: tuple[TensorSpec, ...] = session.inputs
        self.outputs: tuple[TensorSpec, ...] = session.outputs
        self._session = session
        # closes the session once: on release, when the engine is forgotten, or when the interpreter ends
        self._close = weakref.finalize(self, session.close)
        self._executor = ThreadPoolExecutor(session.parallel, thread_name_prefix="engine")
        self.dtype = "float32" if dtype in ("bfloat16", "int8") else dtype
        self._check_finite = check_finite
        first = self.inputs[0].shape[:1] if self.inputs else ()
        self._fixed_batch = first[0] if first and isinstance(first[0], int) else None
        self._prepare_checks()

    def _prepare_checks(self) -> None:
        """Everything about the inputs that does not depend on the call."""
        batch = self._fixed_batch
        self._batched = [spec.shape[:1] == (batch,) for spec in self.inputs]
        self._checks = [
            InputCheck(spec, self.dtype, self._check_finite, batched)
            for spec, batched in zip(self.inputs, self._batched, strict=True)
        ]
        places: dict[str, list[tuple[int, int]]] = {}
        for index, spec in enumerate(self.inputs):
            for axis, size in enumerate(spec.shape):
                if isinstance(size, str):
                    places.setdefault(size, []).append((index, axis))
        self._shared_dims = {name: where for name, where in places.items() if len(where) > 1}

    def _require_names(self, input_name: str | Sequence[str] | None) -> None:
        if input_name is None:
            return
        asked = [input_name] if isinstance(input_name, str) else list(input_name)
        have = [spec.name for spec in self.inputs]
        if asked != have:
            raise InputError(f"input_name is {', '.join(asked)}, but the model's inputs are: {', '.join(have)}")

    def _fix_sizes(self, input_size: Sequence[Sequence[int]] | None) -> None:
        if input_size is None:
            return
        if len(input_size) != len(self.inputs):
            raise ShapeError(
                f"input_size is a list of {len(self.inputs)} shapes, one an input, such as [[1, 3, 224, 224]]; "
                f"got {input_size}"
            )
        self.inputs = tuple(spec.fixed(size) for spec, size in zip(self.inputs, input_size, strict=True))
        self._prepare_checks()

    def __call__(
        self,
        inputs: np.ndarray | Sequence[np.ndarray] | Mapping[str, np.ndarray],
        *,
        conf_thres: Any = None,
        iou_thres: Any = None,
        max_det: Any = None,
        batch_padding: Any = None,
    ) -> Any:
        """Outputs for `inputs`: an ndarray when there is one output, else a list in graph order.

        The keywords are accepted for existing scripts and change nothing: they belong to postprocessing.
        Raises InputError (ShapeError, DtypeError, NotFiniteError), ReleasedError, RunError.
        """
        outputs, self.run_time, self.timings = self._timed_run(self._arranged(inputs))
        return outputs

    def submit(self, inputs: np.ndarray | Sequence[np.ndarray] | Mapping[str, np.ndarray]) -> Call:
        """Start a call and return its future. Inputs are checked now; leave the arrays alone until it is done.

        `parallel` calls run at once, in the order of submission; the others wait.
        """
        arrays = self._arranged(inputs)
        call = Call()
        self._executor.submit(self._fulfil, call, arrays)
        return call

    def _fulfil(self, call: Call, arrays: list[np.ndarray]) -> None:
        if not call.set_running_or_notify_cancel():
            return
        try:
            outputs, call.run_time, call.timings = self._timed_run(arrays)
        except BaseException as error:
            call.set_exception(error)
        else:
            self.run_time, self.timings = call.run_time, call.timings
            call.set_result(outputs)

    def _timed_run(self, arrays: list[np.ndarray]) -> tuple[Any, float, Timings]:
        """The outputs, the seconds that the runtime took, and what it tells of them."""
        session = self._session
        if session is None:
            raise ReleasedError("this engine has been released; open a new one")
        start = time.perf_counter()
        try:
            outputs, timings = session.run_timed(arrays)
        except EngineError:
            raise
        except Exception as error:
            # each runtime has exceptions of its own; people get one kind, with the runtime's words
            raise RunError(f"target '{self.target}' failed: {error}") from error
        seconds = time.perf_counter() - start
        return (outputs[0] if len(outputs) == 1 else outputs), seconds, timings

    def _arranged(self, inputs: Any) -> list[np.ndarray]:
        """The inputs, checked, in graph order."""
        if self._session is None:
            raise ReleasedError("this engine has been released; open a new one")
        given = self._in_order(inputs)
        if len(given) != len(self._checks):
            names = ", ".join(f"'{spec}'" for spec in self.inputs)
            raise InputError(f"the model takes {len(self._checks)} inputs ({names}), got {len(given)}")
        arrays = [check(array) for check, array in zip(self._checks, given, strict=True)]
        if len(arrays) > 1:
            self._require_equal_sizes(arrays)
        return arrays

    def _in_order(self, inputs: Any) -> Sequence[Any]:
        if isinstance(inputs, (list, tuple)):
            return inputs
        if not isinstance(inputs, Mapping):
            return (inputs,)
        names = [spec.name for spec in self.inputs]
        missing = [name for name in names if name not in inputs]
        extra = [name for name in inputs if name not in names]
        if missing or extra:
            raise InputError(
                f"the model's inputs are {', '.join(names)}"
                + (f"; missing: {', '.join(missing)}" if missing else "")
                + (f"; unknown: {', '.join(map(str, extra))}" if extra else "")
            )
        return [inputs[name] for name in names]

    def _require_equal_sizes(self, arrays: list[np.ndarray]) -> None:
        """Dynamic dimensions of one name, and the rows of a fixed batch, agree between the inputs."""
        rows = {array.shape[0] for array, batched in zip(arrays, self._batched, strict=True) if batched}
        if len(rows) > 1:
            raise ShapeError(f"the inputs have different numbers of rows: {self._shapes(arrays)}")
        for name, places in self._shared_dims.items():
            if len({arrays[index].shape[axis] for index, axis in places}) > 1:
                raise ShapeError(f"dimension '{name}' differs between the inputs: {self._shapes(arrays)}")

    def _shapes(self, arrays: list[np.ndarray]) -> str:
        return ", ".join(f"{spec.name} {list(array.shape)}" for spec, array in zip(self.inputs, arrays, strict=True))

    def init_module(self, card_id: int = 0) -> None:
        """Put a loaded compiled engine on card `card_id`. For targets that compile nothing, there is nothing to do."""
        if self._session is None:
            raise ReleasedError("this engine has been released; open a new one")
        self._session.init_module(card_id)

    def release(self) -> None:
        """Give back what the engine holds, after the calls that are in flight. May be called again."""
        session = self._session
        if session is None:
            return
        self._executor.shutdown(wait=True)
        self._session = None
        self._close()

    def __enter__(self) -> Engine:
        return self

    def __exit__(self, *_: object) -> None:
        self.release()

    def __repr__(self) -> str:
        state = "released" if self._session is None else "open"
        takes, gives = ("; ".join(map(str, specs)) for specs in (self.inputs, self.outputs))
        return f"<{type(self).__name__} {self.target} ({state}): {takes} -> {gives}>"


def _sizes(input_size: Any) -> list[list[int]] | None:
    """`input_size` as a list of shapes. Raises ShapeError when it is anything else."""
    if input_size is None:
        return None
    try:
        return [[operator.index(size) for size in shape] for shape in input_size]
    except TypeError as error:
        raise ShapeError(
            f"input_size is a list of shapes, one an input, such as [[1, 3, 224, 224]]; got {input_size!r}"
        ) from error


def _model_file(ckpt: str | Path) -> Path:
    if not isinstance(ckpt, (str, os.PathLike)):
        raise ModelFileError(f"ckpt is the path of a model file, got {ckpt!r}")
    path = Path(ckpt)
    if path.is_dir():
        raise ModelFileError(f"{path} is a folder; give the model file in it")
    if not path.is_file():
        raise ModelFileError(f"no model file {path}; export it first (python export_onnx.py), or give another --ckpt")
    if not os.access(path, os.R_OK):
        raise ModelFileError(f"model file {path} may not be read by this user")
    return path


def _require_dtype(dtype: str | None, known: Sequence[str], what: str) -> None:
    if dtype is not None and dtype not in known:
        raise OptionError(f"{what} is one of {', '.join(known)}, got {dtype!r}")
