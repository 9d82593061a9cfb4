"""Random inputs that a network accepts: shapes for a batch, values in declared ranges."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from engine.spec import TensorSpec, takes_rows

SEED = 0


class WrongUseError(Exception):
    """Something that the person who started it can put right."""


def parse_shapes(text: str) -> list[list[int]]:
    """ "1*3*224*224,1*10" → [[1, 3, 224, 224], [1, 10]]."""
    try:
        shapes = [[int(size) for size in shape.split("*")] for shape in text.split(",")]
    except ValueError:
        shapes = [[0]]
    if any(size < 1 for shape in shapes for size in shape):
        raise WrongUseError(f"shapes are written as 1*3*224*224, several separated by commas; got {text!r}")
    return shapes


def parse_ranges(texts: Sequence[str]) -> dict[str, tuple[float, float]]:
    """["ids=0:30521"] → {"ids": (0, 30521)}; both ends belong to the range."""
    ranges = {}
    for text in texts:
        name, _, ends = text.partition("=")
        try:
            low, high = (float(end) for end in ends.split(":"))
        except ValueError:
            raise WrongUseError(f"a range is written as name=low:high, such as ids=0:30521; got {text!r}") from None
        if low > high:
            raise WrongUseError(f"range {text!r}: {low:g} is above {high:g}")
        ranges[name] = (low, high)
    return ranges


def parse_indices(text: str) -> list[int]:
    """ "0" → [0], "0,-1" → [0, -1]: the dimension that is the batch, of each input; -1 of one that has none."""
    try:
        indices = [int(word) for word in text.split(",")]
    except ValueError:
        indices = [-2]
    if min(indices) < -1:
        raise WrongUseError(f"--batch_index is a dimension, or one for each input separated by commas; got {text!r}")
    return indices


def shapes_for(
    specs: Sequence[TensorSpec],
    batch: int,
    given: Sequence[Sequence[int]] | None,
    indices: Sequence[int] | None = None,
    pieces: bool = False,
) -> list[list[int]]:
    """The shape of each input at `batch` rows; other open dimensions come from `given`.

    Args:
        specs: of the inputs.
        batch: rows of a call.
        given: a shape an input.
        indices: which dimension of each input is the batch (-1: none). By default it is the first, of inputs that
            have the same one.
        pieces: whether a file that is fixed at fewer rows is run in pieces.

    Raises:
        WrongUseError: a shape contradicts the file, or a size is missing.
    """
    if given is not None and len(given) != len(specs):
        raise WrongUseError(f"the model has {len(specs)} inputs, --input_shapes has {len(given)} shapes")
    if indices is not None and len(indices) == 1:
        indices = list(indices) * len(specs)
    if indices is not None and len(indices) != len(specs):
        raise WrongUseError(f"the model has {len(specs)} inputs, --batch_index has {len(indices)} numbers")
    places = indices or [0 if takes else -1 for takes in takes_rows(specs, batch_first=True, sized=True)]
    shapes = []
    for number, spec in enumerate(specs):
        asked = given[number] if given is not None else None
        if asked is not None and len(asked) != len(spec.shape):
            raise WrongUseError(f"input '{spec}' has {len(spec.shape)} dimensions, --input_shapes gives {len(asked)}")
        sizes = [None if asked is None else asked[axis] for axis in range(len(spec.shape))]
        shapes.append(
            [
                _rows(spec, axis, batch, pieces) if axis == places[number] else _size(spec, axis, sizes[axis])
                for axis in range(len(spec.shape))
            ]
        )
    return shapes


def _rows(spec: TensorSpec, axis: int, batch: int, pieces: bool) -> int:
    size = spec.shape[axis]
    if isinstance(size, int) and size != batch and not pieces:
        raise WrongUseError(f"input '{spec}' is fixed at batch {size}: use --batch {size}, or a dynamic export")
    return batch


def _size(spec: TensorSpec, axis: int, asked: int | None) -> int:
    size = spec.shape[axis]
    if isinstance(size, int):
        if asked is not None and asked != size:
            raise WrongUseError(f"input '{spec}' takes {size} in dimension {axis}, --input_shapes gives {asked}")
        return size
    if asked is None:
        raise WrongUseError(f"input '{spec}' leaves dimension '{size}' open: say it with --input_shapes")
    return asked


def random_inputs(
    specs: Sequence[TensorSpec], shapes: Sequence[Sequence[int]], ranges: Mapping[str, tuple[float, float]]
) -> list[np.ndarray]:
    """One array an input, the same on every call. Floats are uniform in their range, by default 0 to 1.

    Whole numbers need a range, because a token id beyond the vocabulary or a length of 0 is no valid input.
    """
    unknown = sorted(set(ranges) - {spec.name for spec in specs})
    if unknown:
        raise WrongUseError(f"no input is called {', '.join(unknown)}; there are: {', '.join(s.name for s in specs)}")
    generator = np.random.default_rng(SEED)
    return [_random(generator, spec, shape, ranges) for spec, shape in zip(specs, shapes, strict=True)]


def _random(
    generator: np.random.Generator, spec: TensorSpec, shape: Sequence[int], ranges: Mapping[str, tuple[float, float]]
) -> np.ndarray:
    dtype = np.dtype(spec.dtype)
    if dtype.kind == "f":
        low, high = ranges.get(spec.name, (0.0, 1.0))
        return (low + (high - low) * generator.random(shape, np.float32)).astype(dtype)
    if dtype.kind == "b":
        return generator.random(shape) < 0.5
    if dtype.kind not in "iu":
        raise WrongUseError(f"input '{spec}' holds no numbers")
    if spec.name not in ranges:
        raise WrongUseError(
            f"input '{spec}' takes whole numbers, of which not all may be valid: say which, for token ids "
            f"--range {spec.name}=0:<vocabulary size - 1>, for lengths --range {spec.name}=1:<longest> (in a config of "
            f'cases: input_ranges: ["{spec.name}=0:…"])'
        )
    low, high = ranges[spec.name]
    return generator.integers(int(low), int(high), shape, dtype, endpoint=True)
