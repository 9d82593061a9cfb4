"""What is known of a tensor before it exists, and the checks of an array against it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from .errors import DtypeError, InputError, NotFiniteError, ShapeError

# The shape of an output that a file says nothing about
ANY_RANK = "..."


@dataclass(frozen=True)
class TensorSpec:
    """Name, dtype and shape of one input or output.

    `shape` holds an int for a fixed dimension and a str, its name, for a dynamic one. Dynamic dimensions of
    the same name have the same size in every tensor of one call. `dtype` is numpy's name, such as "float32".
    """

    name: str
    dtype: str
    shape: tuple[int | str, ...]

    def __str__(self) -> str:
        return f"{self.name}: {self.dtype}[{', '.join(str(size) for size in self.shape)}]"

    def admits(self, shape: Sequence[int], fewer_rows: bool = False) -> bool:
        """Whether an array of this shape has the rank and the fixed sizes.

        Args:
            shape: of the array.
            fewer_rows: whether dimension 0 may be smaller than it is declared.
        """
        if self.shape == (ANY_RANK,):
            return True
        if len(shape) != len(self.shape):
            return False
        return all(
            isinstance(want, str) or want == have or (axis == 0 and fewer_rows and have <= want)
            for axis, (want, have) in enumerate(zip(self.shape, shape, strict=True))
        )

    def fixed(self, size: Sequence[int]) -> TensorSpec:
        """This spec with its dynamic dimensions, all but the first, fixed to `size` (-1 leaves one dynamic).

        Raises ShapeError if `size` has another rank, or contradicts a dimension that is fixed already.
        """
        if len(size) != len(self.shape):
            raise ShapeError(
                f"input_size {list(size)} has {len(size)} dimensions, input '{self}' has {len(self.shape)}"
            )
        shape: list[int | str] = list(self.shape)
        for axis, (want, have) in enumerate(zip(size, self.shape, strict=True)):
            if axis == 0 or want < 0:
                continue
            if isinstance(have, int) and have != want:
                raise ShapeError(
                    f"input_size {list(size)} asks for {want} in dimension {axis} of input '{self}', which has {have}"
                )
            shape[axis] = int(want)
        return TensorSpec(self.name, self.dtype, tuple(shape))


# Names that exporters give the batch. The short ones stand for other counts too, and need the caller's word.
_BATCH = re.compile(r"(?:[a-z]+_)*batch(?:_?(?:size|dim|axis|num))?|bs|batchsize", re.IGNORECASE)
_COUNT = re.compile(r"[nb]", re.IGNORECASE)


def batch_name(inputs: Sequence[TensorSpec], sized: bool = False) -> str | None:
    """The name of the dimension that is the batch; None where no name says so.

    Args:
        inputs: of the network.
        sized: whether the caller has said how large a batch is; then "N" and "B" of a dimension 0 are names of it too.
    """
    anywhere = [size for spec in inputs for size in spec.shape if isinstance(size, str) and _BATCH.fullmatch(size)]
    first = [size for spec in inputs for size in spec.shape[:1] if isinstance(size, str) and _COUNT.fullmatch(size)]
    return next(iter(anywhere + (first if sized else [])), None)


def takes_rows(inputs: Sequence[TensorSpec], batch_first: bool | None = None, sized: bool = False) -> tuple[bool, ...]:
    """Of each input, whether dimension 0 is known to be the batch.

    Args:
        inputs: of the network.
        batch_first: what the caller says. True: it is, unless a name says that another dimension is; this goes for the
            first input, and for those with the same dimension 0. False: it is not. None: only names say it.
        sized: as `batch_name` has it.
    """
    name = batch_name(inputs, sized)
    first: int | str | None = name
    if name is None and batch_first and inputs and inputs[0].shape:
        first = inputs[0].shape[0]
    return tuple(first is not None and batch_first is not False and spec.shape[:1] == (first,) for spec in inputs)


class InputCheck:
    """Checks one array against one spec, and converts it where nothing is lost. Called for every run: fast.

    `asked` is the dtype that the caller asked the engine to compute in; a float array is converted to it even
    where that rounds. `free_rows` lets the first dimension differ (the engine cuts and pads the batch itself).
    """

    def __init__(self, spec: TensorSpec, asked: str | None, check_finite: bool, free_rows: bool):
        self.spec = spec
        self.dtype = np.dtype(spec.dtype)
        self.rank = len(spec.shape)
        self.sizes = [
            (axis, size)
            for axis, size in enumerate(spec.shape)
            if isinstance(size, int) and not (axis == 0 and free_rows)
        ]
        self.rounds = asked is not None and np.dtype(asked) == self.dtype
        self.check_finite = check_finite

    def __call__(self, array: Any) -> np.ndarray:
        """`array` as a C-contiguous ndarray of the spec's dtype. Raises a subclass of InputError."""
        if type(array) is not np.ndarray:
            array = self._as_array(array)
        shape = array.shape
        if len(shape) != self.rank:
            raise ShapeError(f"input '{self.spec}' takes {self.rank} dimensions, got {len(shape)}: {list(shape)}")
        for axis, size in self.sizes:
            if shape[axis] != size:
                raise ShapeError(
                    f"input '{self.spec}' takes {size} in dimension {axis}, got {shape[axis]}: {list(shape)}"
                )
        if array.dtype != self.dtype:
            array = self._converted(array)
        if self.check_finite and self.dtype.kind == "f":
            self._require_finite(array)
        return array if array.flags.c_contiguous else np.ascontiguousarray(array)

    def _as_array(self, value: Any) -> np.ndarray:
        if not hasattr(value, "__array__"):
            raise InputError(f"input '{self.spec}' takes an array, got {type(value).__name__}")
        try:
            return np.asarray(value)
        except Exception as error:
            # a tensor of another library (one that needs gradients, or lies on a device) has reasons of its own
            raise InputError(f"input '{self.spec}' cannot be made an array: {error}") from error

    def _converted(self, array: np.ndarray) -> np.ndarray:
        both_float = array.dtype.kind == "f" and self.dtype.kind == "f"
        if np.can_cast(array.dtype, self.dtype, "safe") or (both_float and self.rounds):
            return array.astype(self.dtype)
        hint = f"; convert it, or ask for dtype='{self.dtype}' when opening the engine" if both_float else ""
        raise DtypeError(
            f"input '{self.spec}' takes {self.dtype}, got {array.dtype}, which would lose information{hint}"
        )

    def _require_finite(self, array: np.ndarray) -> None:
        finite = np.isfinite(array)
        if not finite.all():
            first = tuple(int(i) for i in np.argwhere(~finite)[0])
            raise NotFiniteError(
                f"input '{self.spec}' holds {int(array.size - finite.sum())} values that are NaN or infinite, the "
                f"first at {list(first)}"
            )
