"""Weights that Keras wrote into an HDF5 file, read without Keras: a group a layer, in it `layer/layer_W` and so on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from zoo_core.errors import DataError, UnreadableError

MOST_BYTES = 2 << 30


def read_weights(path: str | Path) -> dict[str, np.ndarray]:
    """All arrays of numbers in the file by their path in it. Links to other files are not followed.

    Raises:
        DataError: h5py is not installed.
        UnreadableError: the file is no HDF5 file, is damaged, or holds something else than numbers.
    """
    try:
        import h5py
    except ModuleNotFoundError as error:
        raise DataError(f"{path} is an HDF5 file, and h5py is not installed: pip install h5py") from error
    found: dict[str, np.ndarray] = {}
    size = 0

    def add(name: str, one: Any) -> None:
        nonlocal size
        if not isinstance(one, h5py.Dataset):
            return
        if one.dtype.kind not in "fiu" or one.external or one.is_virtual:
            raise ValueError(f"{name} is of {one.dtype}, or lies in another file")
        size += one.nbytes
        if size > MOST_BYTES:
            raise ValueError(f"more than {MOST_BYTES} bytes")
        found[name] = one[()]

    try:
        with h5py.File(path, "r") as file:
            file.visititems(add)
    except (OSError, ValueError, RuntimeError, KeyError) as error:
        raise UnreadableError(f"{path}: this is no HDF5 file of weights, or it is damaged: {error}.") from error
    return found
