"""Archives of numpy arrays (.npz), of which no object is made but arrays of numbers."""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np

from zoo_core.errors import UnreadableError

_MOST_BYTES = 1 << 30  # that an archive may unpack to


def read_npz(path: str | Path) -> dict[str, np.ndarray]:
    """The arrays of a .npz by name.

    Raises:
        UnreadableError: the file cannot be read, is damaged, holds anything but arrays of numbers, or unpacks to more
            than a gibibyte.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            size = sum(one.file_size for one in archive.infolist())
        if size > _MOST_BYTES:
            raise ValueError(f"it unpacks to {size} bytes")
        with np.load(path, allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in archive.files}
    except Exception as error:  # whatever a damaged archive makes zipfile, zlib and numpy raise
        raise UnreadableError(f"{path}: this is no .npz of arrays, or it is damaged: {error}.") from error
    for name, array in arrays.items():
        if not isinstance(array, np.ndarray) or array.dtype.kind not in "biuf":
            raise UnreadableError(f"{path}: {name} is no array of numbers.")
    return arrays
