"""Several devices, or several copies on one CPU, behind one session: a batch is shared among them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from threading import Event

import numpy as np

from .backends.base import Backend, Options, Session
from .batching import AnyRows
from .errors import EngineError, OptionError, RunError, ShapeError


class Devices(Session):
    """One session a device, each with a thread of its own; rows are shared evenly and come back in order.

    A device that fails ends the call with one error that names it, after the others have finished the piece that
    they are at. The next call tries all of them again.
    """

    parallel = 2  # a second call keeps a device busy that is done with its share of the first

    def __init__(self, sessions: Mapping[str, AnyRows]):
        first = next(iter(sessions.values()))
        self.inputs = tuple(
            replace(spec, shape=("batch", *spec.shape[1:])) if takes_rows else spec
            for spec, takes_rows in zip(first.inputs, first.rows_of, strict=True)
        )
        self.outputs = first.outputs
        self.takes_rows = self._rows_of = first.rows_of
        self._rows = first.rows
        self._sessions = dict(sessions)
        self._workers = {name: ThreadPoolExecutor(1, thread_name_prefix=f"device-{name}") for name in sessions}

    def run(self, arrays: list[np.ndarray]) -> list[np.ndarray]:
        stop = Event()
        jobs: dict[str, Future[list[np.ndarray]]] = {}
        try:
            for name, (start, end) in self._shares(self._rows(arrays) or 0).items():
                jobs[name] = self._workers[name].submit(self._sessions[name].run, self._cut(arrays, start, end), stop)
            wait(jobs.values(), return_when=FIRST_EXCEPTION)
        finally:
            # nothing of this call goes on once it has ended, however it ends
            if any(not job.done() or job.exception() for job in jobs.values()):
                stop.set()
            for job in jobs.values():
                job.cancel()
            wait(jobs.values())
        self._raise_failure(jobs)
        parts = [job.result() for job in jobs.values()]
        return parts[0] if len(parts) == 1 else self._joined(parts, arrays)

    def _shares(self, rows: int) -> dict[str, tuple[int, int]]:
        """Rows from and to, of every device that gets any: none has more than one row more than another."""
        count = min(len(self._sessions), max(rows, 1))
        edges = [index * rows // count for index in range(count + 1)]
        return dict(zip(self._sessions, pairwise(edges), strict=False))

    def _cut(self, arrays: list[np.ndarray], start: int, end: int) -> list[np.ndarray]:
        return [
            array[start:end] if takes_rows else array for array, takes_rows in zip(arrays, self._rows_of, strict=True)
        ]

    def _joined(self, parts: list[list[np.ndarray]], arrays: list[np.ndarray]) -> list[np.ndarray]:
        rows = self._rows(arrays) or 0
        for spec, pieces in zip(self.outputs, zip(*parts, strict=True), strict=True):
            if sum(piece.shape[0] if piece.ndim else 0 for piece in pieces) != rows:
                raise ShapeError(f"output '{spec}' has no batch dimension, so that several devices cannot share a call")
        return [np.concatenate(pieces) for pieces in zip(*parts, strict=True)]

    def _raise_failure(self, jobs: Mapping[str, Future[list[np.ndarray]]]) -> None:
        for name, job in jobs.items():
            error = None if job.cancelled() else job.exception()
            if isinstance(error, EngineError):
                raise error
            if error is not None:
                raise RunError(f"device {name} failed: {error}") from error

    def init_module(self, card_id: int) -> None:
        raise OptionError(f"these engines are on their devices already: {', '.join(self._sessions)}")

    def close(self) -> None:
        for worker in self._workers.values():
            worker.shutdown(wait=True)
        for session in self._sessions.values():
            session.close()


def open_session(
    backend: Backend,
    ckpt: Path,
    options: Options,
    devices: Sequence[int | str] | None = None,
    replicas: int | None = None,
) -> Session:
    """The network `ckpt` on one device, or on several. Raises OptionError, ModelFileError."""
    names = _names(backend, options.device, devices, replicas)
    said = (options.batch_first, options.batch_size is not None)
    if names is None:
        return AnyRows(backend.open(ckpt, options), *said)
    share = -(-options.batch_size // len(names)) if options.batch_size else None
    sessions: dict[str, AnyRows] = {}
    try:
        for name, device in names.items():
            alone = replace(options, device=device, batch_size=share, replicas=len(names) if replicas else 1)
            sessions[name] = AnyRows(backend.open(ckpt, alone), *said)
        _require_shareable(sessions[next(iter(names))])
    except BaseException:
        for session in sessions.values():
            session.close()
        raise
    return Devices(sessions)


def _names(
    backend: Backend, device: str, devices: Sequence[int | str] | None, replicas: int | None
) -> dict[str, str] | None:
    """What the sessions are called, and the device that each is opened on; None for a single, ordinary one."""
    if devices is not None and replicas is not None:
        raise OptionError("give devices or replicas, not both")
    if replicas is not None:
        if isinstance(replicas, bool) or not isinstance(replicas, int) or replicas < 1:
            raise OptionError(f"replicas is a number of at least 1, got {replicas!r}")
        return {f"{device or backend.target}-{index}": device for index in range(replicas)}
    if devices is None:
        if device and not backend.device_kind:
            raise OptionError(f"target '{backend.target}' has no devices to choose from, got ':{device}'")
        return None
    names = [str(one) for one in devices]
    if not backend.device_kind:
        raise OptionError(f"target '{backend.target}' has no devices to choose from; use replicas={len(names)}")
    if device:
        raise OptionError(f"give the device once: ':{device}' in the target, or devices={list(devices)}")
    if not names or len(set(names)) < len(names) or isinstance(devices, str):
        raise OptionError(f"devices is a list of different devices ({backend.device_kind}), got {devices!r}")
    return {name: name for name in names}


def _require_shareable(session: AnyRows) -> None:
    """A batch can be shared if every input either has the batch's rows or a fixed first dimension."""
    if not any(session.rows_of):
        raise OptionError(
            "it is not known which dimension is the batch, so that it cannot be shared; name dimension 0 'batch' when "
            "exporting, or open the engine with batch_first=True"
        )
    loose = [
        spec
        for spec, takes in zip(session.inputs, session.rows_of, strict=True)
        if not takes and spec.shape[:1] and isinstance(spec.shape[0], str)
    ]
    if loose:
        raise OptionError(
            f"input '{loose[0]}' has a first dimension of another name than input '{session.inputs[0]}', so that it "
            "is not known how to share a batch; name both dimensions alike when exporting"
        )
