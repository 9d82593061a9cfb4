"""Any number of rows, on a network that may be fixed at one batch."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from threading import Event
from typing import Any

import numpy as np

from .backends.base import Session, Timings
from .errors import RunError, ShapeError
from .spec import takes_rows

_log = logging.getLogger(__name__)


class AnyRows(Session):
    """A session that serves any number of rows, around one that may be fixed at a batch.

    Where it is known that dimension 0 of an input is the batch (`takes_rows`), a network fixed at batch b is run once
    for every b rows, the last piece padded, the padding cut off (one that takes fewer rows gets the last piece as it
    is). Zero rows run one padded piece too: that is how the shape and dtype of the outputs are known. Where it is not
    known, nothing is cut or padded. The first answer is compared with what the file declares.

    Args:
        session: what runs.
        batch_first: what the caller says of dimension 0; None: what is known otherwise.
        sized: whether the caller has said how large a batch is.
    """

    def __init__(self, session: Session, batch_first: bool | None = None, sized: bool = False):
        self.inputs = session.inputs
        self.outputs = session.outputs
        self.parallel, self.on_cores = session.parallel, session.on_cores
        self._session = session
        self._compared = False
        known = session.takes_rows
        self.rows_of = takes_rows(session.inputs, batch_first, sized) if known is None else known
        self.takes_rows = self.rows_of
        self._counted = self.rows_of.index(True) if True in self.rows_of else None
        sizes = [spec.shape[0] for spec, takes in zip(self.inputs, self.rows_of, strict=True) if takes]
        self._batch = sizes[0] if sizes and isinstance(sizes[0], int) else None

    @property
    def native(self) -> Any:
        """The runtime's own object."""
        return self._session.native

    def rows(self, arrays: Sequence[np.ndarray]) -> int | None:
        """Rows of a call; None where it is not known which dimension they are."""
        return None if self._counted is None else arrays[self._counted].shape[0]

    def run(self, arrays: list[np.ndarray], stop: Event | None = None) -> list[np.ndarray]:
        """As Session.run. Between two pieces, `stop` ends the call early: what is returned then is not complete."""
        return self.run_timed(arrays, stop)[0]

    def run_timed(self, arrays: list[np.ndarray], stop: Event | None = None) -> tuple[list[np.ndarray], Timings]:
        """As Session.run_timed, all pieces together; `stop` as `run` has it."""
        rows = self.rows(arrays)
        if rows is None or (rows and (self._batch is None or rows == self._batch)):
            return self._run(arrays)
        fewer = self._session.fewer_rows and self._batch is not None
        if rows and fewer and rows < (self._batch or 0):
            return self._run(arrays)
        batch = self._batch or 1
        results: list[np.ndarray] = []
        timings: list[Timings] = []
        for start in range(0, max(rows, 1), batch):
            size = min(batch, rows - start) if fewer and rows else batch
            outputs, took = self._run(self._piece(arrays, start, size))
            timings.append(took)
            if not results:
                results = [self._result(index, output, size, rows) for index, output in enumerate(outputs)]
            for index, (result, output) in enumerate(zip(results, outputs, strict=True)):
                if output.shape != (size, *result.shape[1:]):
                    raise ShapeError(
                        f"output '{self.outputs[index]}' has the shape {list(output.shape)} for one piece of "
                        f"{size} rows and {list(result.shape[1:])} a row for another, so the pieces cannot be put "
                        "together"
                    )
                result[start : start + batch] = output[: min(batch, rows - start)]
            if stop is not None and stop.is_set():
                break
        return results, Timings.total(timings)

    def _run(self, arrays: list[np.ndarray]) -> tuple[list[np.ndarray], Timings]:
        outputs, timings = self._session.run_timed(arrays)
        if not self._compared:
            self._require_declared(outputs)
            self._compared = True
        return outputs, timings

    def _require_declared(self, outputs: Sequence[Any]) -> None:
        """What came is what the file declares; of a reference runtime, only the dtype has to be."""
        if not self.outputs:
            return  # a compiled file that nothing describes
        if len(outputs) != len(self.outputs):
            raise RunError(f"the network declares {len(self.outputs)} outputs, and gave {len(outputs)}")
        for spec, output in zip(self.outputs, outputs, strict=True):
            if not isinstance(output, np.ndarray):
                continue
            if output.dtype != np.dtype(spec.dtype):
                raise RunError(f"output '{spec}' came as {output.dtype}, so that the runtime cannot be relied on")
            if spec.admits(output.shape, self._session.fewer_rows):
                continue
            said = f"output '{spec}' came as {list(output.shape)}, which is not what the file declares"
            if not self._session.reference:
                raise RunError(f"{said}; export it again with the shape that it has, or run it on target onnx")
            _log.warning("%s", said)

    def _piece(self, arrays: list[np.ndarray], start: int, batch: int) -> list[np.ndarray]:
        return [
            _padded(array[start : start + batch], batch) if takes else array
            for array, takes in zip(arrays, self.rows_of, strict=True)
        ]

    def _result(self, index: int, output: Any, batch: int, rows: int) -> np.ndarray:
        if not isinstance(output, np.ndarray):
            raise ShapeError(
                f"output '{self.outputs[index].name}' is a {type(output).__name__} and no array, so {rows} rows cannot "
                f"be run in pieces of {batch}; call with exactly {batch} rows, or export with a dynamic batch"
            )
        if output.ndim == 0 or output.shape[0] != batch:
            raise ShapeError(
                f"output '{self.outputs[index]}' has no batch dimension, so {rows} rows cannot be run in pieces "
                f"of {batch}; call with exactly {batch} rows"
            )
        return np.empty((rows, *output.shape[1:]), output.dtype)

    def init_module(self, card_id: int) -> None:
        self._session.init_module(card_id)

    def close(self) -> None:
        self._session.close()


def _padded(array: np.ndarray, batch: int) -> np.ndarray:
    """`array` with its last row repeated up to `batch` rows (a real row keeps token ids and lengths valid)."""
    missing = batch - array.shape[0]
    if missing == 0:
        return array
    if array.shape[0] == 0:
        return np.zeros((batch, *array.shape[1:]), array.dtype)
    return np.concatenate([array, np.repeat(array[-1:], missing, axis=0)])
