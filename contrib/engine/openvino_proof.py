"""Whether a network that OpenVINO has written out and read again still computes the same.

It does not always: LSTMs with constant weights come back with other numbers, from OpenVINO's own cache too.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

_SIZES = (32, 224, 8)  # tried for dimensions that are open, until the network takes one
_CLOSE = 1e-3  # of the largest value: the same kernels on the same numbers


def same(network: Any, again: Any, sizes: Sequence[Sequence[int]] | None, close: float = _CLOSE) -> bool:
    """Whether both give the same for random inputs; False too where no input is found that the network takes.

    Args:
        network: an openvino.CompiledModel.
        again: the same, read again.
        sizes: of the inputs, where the caller has said them.
        close: how far outputs may be apart, in parts of the largest value.
    """
    for arrays in _inputs(network, sizes):
        try:
            want = _outputs(network, arrays)
        except RuntimeError:
            continue  # sizes that do not fit this network
        try:
            got = _outputs(again, arrays)
        except RuntimeError:
            return False
        return all(_close(have, wanted, close) for have, wanted in zip(got, want, strict=True))
    return False


def _inputs(network: Any, sizes: Sequence[Sequence[int]] | None) -> Iterator[list[np.ndarray]]:
    rng = np.random.default_rng(0)
    shapes = [port.partial_shape for port in network.inputs]
    for size in _SIZES:
        made = []
        for index, shape in enumerate(shapes):
            asked = sizes[index] if sizes is not None and len(sizes) == len(shapes) else ()
            sides = [
                one.get_length() if one.is_static else asked[axis] if axis < len(asked) else size if axis else 2
                for axis, one in enumerate(shape)
            ]
            dtype = np.dtype(network.inputs[index].element_type.to_dtype())
            kind = rng.standard_normal(sides) if dtype.kind == "f" else rng.integers(0, 2, sides)
            made.append(kind.astype(dtype))
        yield made


def _outputs(network: Any, arrays: list[np.ndarray]) -> list[np.ndarray]:
    request = network.create_infer_request()
    request.infer(dict(enumerate(arrays)))
    return [request.get_output_tensor(index).data.copy() for index in range(len(network.outputs))]


def _close(have: np.ndarray, want: np.ndarray, close: float) -> bool:
    if have.shape != want.shape or have.dtype != want.dtype:
        return False
    if want.dtype.kind != "f":
        return np.array_equal(have, want)
    wide, other = want.astype(np.float64), have.astype(np.float64)
    largest = float(np.max(np.abs(wide), initial=0.0, where=np.isfinite(wide)))
    return np.allclose(other, wide, rtol=0, atol=close * largest, equal_nan=True)
