"""Any number of rows, on a network that may be fixed at one batch."""

from __future__ import annotations

from collections.abc import Callable
from threading import Event

import numpy as np

from .backends.base import Session, Timings
from .errors import ShapeError


class AnyRows(Session):
    """A session that serves any number of rows, around one that may be fixed at a batch.

    A network fixed at batch b is run once for every b rows, the last piece padded, the padding cut off (one that takes
    fewer rows gets the last piece as it is). Zero rows run one padded piece too: that is how the shape and dtype of the
    outputs are known. `takes_rows` says of each input whether its first dimension is the batch.
    """

    def __init__(self, session: Session):
        self.inputs = session.inputs
        self.outputs = session.outputs
        self.parallel = session.parallel
        self._session = session
        self._fewer_rows = session.fewer_rows
        self._run: Callable[[list[np.ndarray]], tuple[list[np.ndarray], Timings]] = session.run_timed
        first = self.inputs[0].shape[:1] if self.inputs else ()
        self._batch = first[0] if first and isinstance(first[0], int) else None
        self.takes_rows = [spec.shape[:1] == first and bool(first) for spec in self.inputs]

    def run(self, arrays: list[np.ndarray], stop: Event | None = None) -> list[np.ndarray]:
        """As Session.run. Between two pieces, `stop` ends the call early: what is returned then is not complete."""
        return self.run_timed(arrays, stop)[0]

    def run_timed(self, arrays: list[np.ndarray], stop: Event | None = None) -> tuple[list[np.ndarray], Timings]:
        """As Session.run_timed, all pieces together; stop: as `run` has it."""
        rows = count_rows(arrays)
        if rows and (self._batch is None or rows == self._batch or (self._fewer_rows and rows < self._batch)):
            return self._run(arrays)
        batch = self._batch or 1
        results: list[np.ndarray] = []
        timings: list[Timings] = []
        for start in range(0, max(rows, 1), batch):
            size = min(batch, rows - start) if self._fewer_rows and rows else batch
            outputs, took = self._run(self._piece(arrays, start, size))
            timings.append(took)
            if not results:
                results = [self._result(index, output, size, rows) for index, output in enumerate(outputs)]
            for index, (result, output) in enumerate(zip(results, outputs, strict=True)):
                if output.shape != (size, *result.shape[1:]):
                    raise ShapeError(
                        f"output '{self.outputs[index]}' has the shape {list(output.shape)} for one piece of "
                        f"{size} rows "
                        f"and {list(result.shape[1:])} a row for another, so the pieces cannot be put together"
                    )
                result[start : start + batch] = output[: min(batch, rows - start)]
            if stop is not None and stop.is_set():
                break
        return results, Timings.total(timings)

    def _piece(self, arrays: list[np.ndarray], start: int, batch: int) -> list[np.ndarray]:
        return [
            _padded(array[start : start + batch], batch) if takes_rows else array
            for array, takes_rows in zip(arrays, self.takes_rows, strict=True)
        ]

    def _result(self, index: int, output: np.ndarray, batch: int, rows: int) -> np.ndarray:
        if output.ndim == 0 or output.shape[0] != batch:
            raise ShapeError(
                f"output '{self.outputs[index]}' has no batch dimension, so {rows} rows cannot be run in pieces "
                f"of {batch}; call with exactly {batch} rows"
            )
        return np.empty((rows, *output.shape[1:]), output.dtype)

    def init_module(self, card_id: int) -> None:
        self._session.init_module(card_id)

    def close(self) -> None:
        del self._run
        self._session.close()


def count_rows(arrays: list[np.ndarray]) -> int:
    """Rows of a call; 1 where the inputs have none."""
    return arrays[0].shape[0] if arrays and arrays[0].ndim else 1


def _padded(array: np.ndarray, batch: int) -> np.ndarray:
    """`array` with its last row repeated up to `batch` rows (a real row keeps token ids and lengths valid)."""
    missing = batch - array.shape[0]
    if missing == 0:
        return array
    if array.shape[0] == 0:
        return np.zeros((batch, *array.shape[1:]), array.dtype)
    return np.concatenate([array, np.repeat(array[-1:], missing, axis=0)])
