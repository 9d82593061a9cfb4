"""Whether an exported file computes what its network does, for inputs that the exporter has not seen."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np

from zoo_core.errors import first_line

from ..base import Engine
from ..errors import EngineError, ExportError
from ..spec import TensorSpec

_log = logging.getLogger(__name__)

# Of the largest value of an output. Two float32 libraries differ by less than a tenth of it.
_CLOSE = {"float16": 2e-2, "float32": 1e-3, "float64": 1e-3}

Arrays = list[np.ndarray]


def require_equal(
    reference: Callable[[Arrays], Arrays], path: Path, inputs: Sequence[TensorSpec], examples: Arrays, warned: str = ""
) -> None:
    """Compare the file with its network on the example, on other values, and on other sizes of open dimensions.

    Args:
        reference: the network itself.
        path: the exported file; it runs on target onnx.
        inputs: of the network; a str is an open dimension.
        examples: one array an input.
        warned: what the exporter warned of, for the message.

    Raises:
        ExportError: they differ, or the file does not run. Sizes that the network itself refuses are passed over with a
            warning.
    """
    hint = f" The exporter warned: {warned}" if warned else ""
    with Engine(path) as engine:
        for what, arrays in _trials(inputs, examples):
            try:
                want = reference(arrays)
            except Exception as error:
                # the network's own code may refuse a size with anything
                _log.warning("not compared for %s, which the network refuses: %s", what, first_line(error))
                continue
            try:
                got = engine(arrays)
            except EngineError as error:
                raise ExportError(f"the exported network does not run for {what}: {error}{hint}") from error
            _require_close(what, got if isinstance(got, list) else [got], want, hint)


def _trials(inputs: Sequence[TensorSpec], examples: Arrays) -> Iterator[tuple[str, Arrays]]:
    """What is compared, and in words what it is."""
    shapes = [array.shape for array in examples]
    yield "its example", examples
    rng = np.random.default_rng(0)
    for number, (low, high) in enumerate(((-2.0, 2.0), (0.5, 2.5)), 1):
        yield f"other values ({number})", [_like(one, one.shape, rng, low, high) for one in examples]
    for what, change in (("another batch", lambda axis: axis == 0), ("other sizes", lambda axis: axis > 0)):
        sizes = [_changed(spec, shape, change) for spec, shape in zip(inputs, shapes, strict=True)]
        if sizes != [list(shape) for shape in shapes]:
            made = [_like(one, size, rng, -2.0, 2.0) for one, size in zip(examples, sizes, strict=True)]
            yield f"{what} ({', '.join(map(str, sizes))})", made


def _changed(spec: TensorSpec, shape: Sequence[int], change: Callable[[int], bool]) -> list[int]:
    """The shape with its open dimensions other than they were, those of one name alike."""
    pairs = enumerate(zip(spec.shape, shape, strict=True))
    return [
        (size + 2 if axis == 0 else 2 * size) if isinstance(name, str) and change(axis) else size
        for axis, (name, size) in pairs
    ]


def _like(example: np.ndarray, shape: Sequence[int], rng: np.random.Generator, low: float, high: float) -> np.ndarray:
    """Random values of the kind of `example`: whole numbers are among its own, as others may not be valid."""
    if example.dtype.kind == "f":
        return rng.uniform(low, high, shape).astype(example.dtype)
    if example.size == 0:
        return np.zeros(shape, example.dtype)
    return rng.choice(example.ravel(), tuple(shape)).astype(example.dtype)


def _require_close(what: str, got: Arrays, want: Arrays, hint: str) -> None:
    for index, (have, wanted) in enumerate(zip(got, want, strict=True)):
        if have.shape != wanted.shape:
            raise ExportError(
                f"for {what}, output {index} of the exported network is {list(have.shape)}, and the network's own is "
                f"{list(wanted.shape)}: something that depends on the input was fixed while exporting.{hint}"
            )
        if wanted.dtype.kind != "f":
            if not np.array_equal(have, wanted):
                raise ExportError(f"for {what}, output {index} of the exported network is another.{hint}")
            continue
        wide = wanted.astype(np.float64)
        apart = float(np.max(np.abs(have.astype(np.float64) - wide), initial=0.0, where=np.isfinite(wide)))
        largest = float(np.max(np.abs(wide), initial=0.0, where=np.isfinite(wide)))
        same_special = np.array_equal(np.isfinite(have), np.isfinite(wanted))
        if not same_special or apart > _CLOSE.get(wanted.dtype.name, 1e-3) * max(largest, 1e-3):
            raise ExportError(
                f"for {what}, output {index} of the exported network differs by {apart:.3g} (largest value "
                f"{largest:.3g}): the network has a branch or a loop that depends on its input, and the exporter kept "
                f"that of its example; write it with torch.where, or export it by itself.{hint}"
            )
