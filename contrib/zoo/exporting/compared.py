"""The comparison of exported files with the framework's network, on what the framework itself feeds each part."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from itertools import chain
from pathlib import Path

import numpy as np

from engine.base import Engine
from zoo import frameworks
from zoo.difference import TOLERANCE, Difference, outputs_difference
from zoo.errors import CheckFailedError
from zoo.model import Model, Part
from zoo.running.network import PartCall, Runner, recorded
from zoo.running.reference import build, demo_batch, first_rows, sizes
from zoo.task import as_list
from zoo.weights import Weights

_LARGER = 32  # by which the second size of a comparison exceeds the first; networks halve sizes up to five times


class Compared:
    """What the framework's network gives for the samples in a folder, and how far a file is from it.

    Args:
        reference: the framework's network.
        samples: a folder of files.
        input_size: at which they are preprocessed; None stands for the model's own size.
        batch_size: of the static file.
        timeout: seconds for the preprocessing of a sample; None: any number.
    """

    def __init__(
        self,
        model: Model,
        reference: Runner,
        samples: Path,
        input_size: int | None,
        batch_size: int,
        timeout: float | None = None,
    ):
        self._model = model
        self._task = model.task.adapted(input_size, topk=1)
        self._reference = reference
        self._samples = samples
        self._input_size = input_size
        self._batch_size = batch_size
        self._timeout = timeout
        self._batch = self._samples_at(input_size)

    @property
    def count(self) -> int:
        """How many samples there are."""
        return len(self._batch[0])

    def difference(self, part: Part, kind: str, path: Path) -> Difference:
        """How far the file `path` of a part is from the framework, at the worst.

        Raises:
            CheckFailedError: the outputs have other shapes, or there is nothing to compare a static file on.
        """
        calls: Iterable[PartCall] = self._static(part) if kind == "static" else self._plain
        if kind in ("dynamic", "mindir"):
            calls = chain(calls, self._kept if len(self._model.parts) > 1 else self._others())
        with self._opened(part, kind, path) as engine:
            found = [
                outputs_difference(call.outputs, as_list(engine(call.inputs)))
                for call in calls
                if call.part == part.name
            ]
        if not found:
            raise CheckFailedError(
                f"{path.name}: no sample reaches this part of the network, so nothing is proved of it"
            )
        return Difference.worst(found)

    @cached_property
    def _plain(self) -> list[PartCall]:
        return self._calls(self._batch)

    @cached_property
    def _kept(self) -> list[PartCall]:
        """`_others`, of which every part has calls: a loop over a decoder takes longer than anything else here."""
        return list(self._others())

    def _others(self) -> Iterator[PartCall]:
        """Batches of other rows too, and a second size where the network takes one; one after the other."""
        for rows in (1, 3):
            if rows >= self.count:
                break  # that is the plain batch, which has been compared
            yield from self._calls(first_rows(self._model.inputs, self._batch, rows))
        if self._model.entry.size:
            yield from self._calls(self._second_size())

    def _static(self, part: Part) -> Sequence[PartCall]:
        """Calls with the sizes of the static file; padded inputs of the first part are filled up to them."""
        entry = part is self._model.entry
        shapes = part.shapes(self._batch_size, sizes(self._model, self._input_size) if entry else None)
        if self._task.padding is not None and entry:
            return self._calls(self._samples_at(self._input_size, shapes))
        return [call for call in self._plain if call.part == part.name and _fits(call.inputs, shapes)]

    def _calls(self, batch: list[np.ndarray]) -> list[PartCall]:
        return recorded(self._task, self._reference, batch)[1]

    def _second_size(self) -> list[np.ndarray]:
        """The samples at another size: preprocessed for a larger one, filled up to it where the task pads, or less of
        them where whole pictures are taken as they are."""
        entry = self._model.entry
        size = self._input_size or max(entry.size.values())
        if self._model.task.padding is None:
            return self._samples_at(size + (-_LARGER if self._task.one_by_one else _LARGER))
        most = self._task.positions or sys.maxsize
        shapes = [
            [
                min(there + _LARGER, most) if isinstance(axis, str) and axis != "batch" else there
                for axis, there in pairs
            ]
            for pairs in (
                zip(spec.shape, array.shape, strict=True)
                for spec, array in zip(entry.inputs, self._batch, strict=False)
            )
        ]
        return self._samples_at(self._input_size, shapes)

    def _samples_at(self, input_size: int | None, shapes: list[list[int]] | None = None) -> list[np.ndarray]:
        return demo_batch(self._model, self._samples, input_size, shapes, self._timeout)

    def _opened(self, part: Part, kind: str, path: Path) -> Engine:
        if kind != "ckpt":
            dtype = dtype_of(kind)
            target = "mindspore" if kind == "mindir" else "onnx"
            return Engine(path, target=target, dtype=dtype, batch_first=part.batch_first)
        network = build(self._model, Weights("file", path), self._input_size, self._timeout)
        return frameworks.of(self._model, part).engine(part, network)


def dtype_of(kind: str) -> str:
    """What a file of this kind computes in."""
    return kind if kind in TOLERANCE else "float32"


def require_near(path: Path, kind: str, apart: Difference) -> None:
    """Raise CheckFailedError where a difference is more than the tolerance of what the file computes in."""
    dtype = dtype_of(kind)
    if not apart.relative <= TOLERANCE[dtype]:
        raise CheckFailedError(
            f"{path.name} differs from the framework by {apart.relative:.2e} of the largest output "
            f"(allowed for {dtype}: {TOLERANCE[dtype]:.0e})"
        )


def _fits(arrays: Sequence[np.ndarray], shapes: Sequence[Sequence[int]]) -> bool:
    """Whether all sizes behind the first dimension are these."""
    return all(list(array.shape[1:]) == list(shape[1:]) for array, shape in zip(arrays, shapes, strict=True))
