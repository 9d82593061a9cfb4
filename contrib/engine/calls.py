"""The inputs of a call: whatever form they come in, checked, in the order of the graph."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from .errors import InputError, ShapeError
from .spec import InputCheck, TensorSpec


class Arranger:
    """Everything about the inputs that does not depend on the call is worked out once.

    Args:
        inputs: of the network.
        takes_rows: of each input, whether any number of rows may come although its dimension 0 is fixed.
        dtype: what the caller asked the engine to compute in.
        check_finite: whether NaN and infinity are refused.
    """

    def __init__(self, inputs: Sequence[TensorSpec], takes_rows: Sequence[bool], dtype: str | None, check_finite: bool):
        self._inputs = inputs
        self._takes_rows = takes_rows
        self._checks = [
            InputCheck(spec, dtype, check_finite, free) for spec, free in zip(inputs, takes_rows, strict=True)
        ]
        places: dict[str, list[tuple[int, int]]] = {}
        for index, spec in enumerate(inputs):
            for axis, size in enumerate(spec.shape):
                if isinstance(size, str):
                    places.setdefault(size, []).append((index, axis))
        self._shared_dims = {name: where for name, where in places.items() if len(where) > 1}

    def arranged(self, inputs: Any) -> list[np.ndarray]:
        """One ndarray, a list of them, or a dict by name as checked arrays. Raises a subclass of InputError."""
        given = self._in_order(inputs)
        if len(given) != len(self._checks):
            names = ", ".join(f"'{spec}'" for spec in self._inputs)
            raise InputError(f"the model takes {len(self._checks)} inputs ({names}), got {len(given)}")
        arrays = [check(array) for check, array in zip(self._checks, given, strict=True)]
        if len(arrays) > 1:
            self._require_equal_sizes(arrays)
        return arrays

    def _in_order(self, inputs: Any) -> Sequence[Any]:
        if type(inputs) is np.ndarray:
            return (inputs,)
        if isinstance(inputs, (list, tuple)):
            return inputs
        if not isinstance(inputs, Mapping):
            return (inputs,)
        names = [spec.name for spec in self._inputs]
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
        rows = {array.shape[0] for array, free in zip(arrays, self._takes_rows, strict=True) if free}
        if len(rows) > 1:
            raise ShapeError(f"the inputs have different numbers of rows: {self._shapes(arrays)}")
        for name, places in self._shared_dims.items():
            if len({arrays[index].shape[axis] for index, axis in places}) > 1:
                raise ShapeError(f"dimension '{name}' differs between the inputs: {self._shapes(arrays)}")

    def _shapes(self, arrays: list[np.ndarray]) -> str:
        return ", ".join(f"{spec.name} {list(array.shape)}" for spec, array in zip(self._inputs, arrays, strict=True))
