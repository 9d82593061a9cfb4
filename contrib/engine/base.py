"""The engine: one way to run a network, whichever runtime does the work."""

from __future__ import annotations

import threading
import time
import weakref
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

from zoo_core.interrupts import Uninterrupted

from . import backends
from .backends.base import UNTOLD, Session, Timings
from .batching import AnyRows
from .calls import Arranger
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
from .lifetime import Users
from .options import EngineOptions, model_file
from .spec import TensorSpec

__all__ = [
    "PASS_PATH",
    "Call",
    "DtypeError",
    "Engine",
    "EngineError",
    "EngineOptions",
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


class Call(Future[Any]):
    """A call that `Engine.submit` has started.

    Once it is done, `run_time` holds the seconds that the runtime took, and `timings` what it tells of its parts.
    """

    run_time: float = 0.0
    timings: Timings = UNTOLD


class Engine:
    """A network, loaded for one target.

    `engine(x)` takes one ndarray, a list of them in the order of the graph's inputs, or a dict by input name;
    it returns an ndarray for one output, else a list in the order of the graph's outputs. Where the batch is known, any
    number of rows is served: a network fixed at batch b is run once for every b rows, the last piece padded, the
    padding cut off. Afterwards `run_time` holds the seconds that the runtime took, and `timings` what it tells of
    their parts.

    Several threads may call, submit and release. `release` lets the calls that have begun end first; every later
    one is a ReleasedError. So is every call in a process that was forked off.

    Args:
        ckpt: the model file.
        asked: how it is opened.
        changes: options by name, in place of those of `asked`.

    Raises:
        EngineError: a subclass for every misuse; nothing reaches the runtime unchecked.
    """

    def __init__(self, ckpt: str | Path, asked: EngineOptions | None = None, **changes: Any):
        self._users: Users | None = None
        asked = (asked or EngineOptions()).changed(changes).checked()
        runtime = backends.find(asked.target)
        session = open_session(runtime, model_file(ckpt), asked.for_backend(runtime), asked.devices, asked.replicas)
        self._attach(session, runtime.name, asked)
        try:
            self._require_names(asked.input_name)
            self._fix_sizes(asked.input_size)
        except EngineError:
            self.release()
            raise

    @classmethod
    def from_session(
        cls, session: Session, backend: str, target: str, dtype: str | None = None, check_finite: bool = False
    ) -> Engine:
        """An engine around a session that is open already."""
        engine = cls.__new__(cls)
        asked = EngineOptions(target, dtype=dtype, check_finite=check_finite)
        engine._attach(AnyRows(session), backend, asked)
        return engine

    def _attach(self, session: Session, backend: str, asked: EngineOptions) -> None:
        self.backend = backend
        self.target = asked.target
        self.run_time = 0.0
        self.timings = UNTOLD
        self.parallel = session.parallel
        self.on_cores = session.on_cores
        self.inputs: tuple[TensorSpec, ...] = session.inputs
        self.outputs: tuple[TensorSpec, ...] = session.outputs
        self._session = session
        # closes the session once: on release, when the engine is forgotten, or when the interpreter ends
        self._users = Users(weakref.finalize(self, session.close))
        self._executor = ThreadPoolExecutor(
            session.parallel, thread_name_prefix="engine", initializer=_mark, initargs=(self._users,)
        )
        self.dtype = "float32" if asked.dtype in ("bfloat16", "int8") else asked.dtype
        self._check_finite = asked.check_finite
        self._prepare_checks()

    def _prepare_checks(self) -> None:
        free = [
            takes and bool(spec.shape) and isinstance(spec.shape[0], int)
            for spec, takes in zip(self.inputs, self._session.takes_rows or (), strict=True)
        ]
        self._arranger = Arranger(self.inputs, free, self.dtype, self._check_finite)

    def _require_names(self, input_name: str | Sequence[str] | None) -> None:
        if input_name is None:
            return
        asked = [input_name] if isinstance(input_name, str) else list(input_name)
        have = [spec.name for spec in self.inputs]
        if asked != have:
            raise InputError(
                f"input_name is {', '.join(map(str, asked))}, but the model's inputs are: {', '.join(have)}"
            )

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

    def __call__(self, inputs: np.ndarray | Sequence[np.ndarray] | Mapping[str, np.ndarray]) -> Any:
        """Outputs for `inputs`: an ndarray when there is one output, else a list in graph order.

        Raises:
            InputError: or ShapeError, DtypeError, NotFiniteError: an input is not what the network takes.
            ReleasedError: the engine has been released.
            RunError: the runtime failed.
        """
        with Uninterrupted(), self._in_use():
            outputs, self.run_time, self.timings = self._timed_run(self._arranger.arranged(inputs))
        return outputs

    def submit(self, inputs: np.ndarray | Sequence[np.ndarray] | Mapping[str, np.ndarray]) -> Call:
        """Start a call and return its future. Inputs are checked now; leave the arrays alone until it is done.

        `parallel` calls run at once, in the order of submission; the others wait.
        """
        users = self._in_use()
        with Uninterrupted():
            users.enter()
            try:
                arrays, call = self._arranger.arranged(inputs), Call()
                self._executor.submit(self._fulfil, call, arrays)
            except BaseException:
                users.leave()
                raise
        return call

    def called(self, inputs: np.ndarray | Sequence[np.ndarray] | Mapping[str, np.ndarray]) -> Call:
        """As `submit`, but this thread does the work itself: what comes back is done, well or not."""
        users = self._in_use()
        with Uninterrupted():
            users.enter()
            try:
                arrays, call = self._arranger.arranged(inputs), Call()
            except BaseException:
                users.leave()
                raise
            self._fulfil(call, arrays)
        return call

    def _fulfil(self, call: Call, arrays: list[np.ndarray]) -> None:
        """Do what was submitted. Its callbacks run here too, before the call counts as ended."""
        try:
            if not call.set_running_or_notify_cancel():
                return
            try:
                outputs, call.run_time, call.timings = self._timed_run(arrays)
            except BaseException as error:
                call.set_exception(error)
            else:
                self.run_time, self.timings = call.run_time, call.timings
                call.set_result(outputs)
        finally:
            self._in_use().leave()

    def _in_use(self) -> Users:
        if self._users is None:
            raise ReleasedError("this engine was never opened")
        return self._users

    def _timed_run(self, arrays: list[np.ndarray]) -> tuple[Any, float, Timings]:
        """The outputs, the seconds that the runtime took, and what it tells of them."""
        start = time.perf_counter()
        try:
            outputs, timings = self._session.run_timed(arrays)
        except EngineError:
            raise
        except Exception as error:
            # each runtime has exceptions of its own; people get one kind, with the runtime's words
            raise RunError(f"target '{self.target}' failed: {error}") from error
        seconds = time.perf_counter() - start
        return (outputs[0] if len(outputs) == 1 else outputs), seconds, timings

    def init_module(self, card_id: int = 0) -> None:
        """Put a loaded compiled engine on card `card_id`. For targets that compile nothing, there is nothing to do."""
        with self._in_use():
            self._session.init_module(card_id)

    def release(self) -> None:
        """Give back what the engine holds, after the calls that have begun or were submitted. May be called again.

        In a callback of a submitted call it does not wait: the last of these calls closes the engine.
        """
        if self._users is None:
            return
        own = getattr(_thread, "users", None) is self._users
        with Uninterrupted():
            self._users.shut(wait=not own)
            self._executor.shutdown(wait=not own)

    def __enter__(self) -> Engine:
        return self

    def __exit__(self, *_: object) -> None:
        self.release()

    def __repr__(self) -> str:
        state = "released" if self._in_use().closed else "open"
        takes, gives = ("; ".join(map(str, specs)) for specs in (self.inputs, self.outputs))
        return f"<{type(self).__name__} {self.target} ({state}): {takes} -> {gives}>"


_thread = threading.local()


def _mark(users: Users) -> None:
    """Each thread that works off submitted calls begins here."""
    _thread.users = users
