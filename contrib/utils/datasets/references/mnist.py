"""MNIST's test set: 10,000 handwritten digits of 28 x 28 pixels, as the two IDX files in which it is published."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np

from zoo_core.errors import DataError

_IMAGES, _LABELS = "t10k-images-idx3-ubyte.gz", "t10k-labels-idx1-ubyte.gz"
_MOST_BYTES = 64 << 20


def arrange(files: Path, folder: Path) -> None:
    """Write a folder a class, with a PNG a digit: 0/00003.png and so on, numbered as in the IDX files.

    Args:
        files: the folder with the two IDX files.
        folder: the folder to fill.

    Raises:
        DataError: a file is no IDX file of bytes, or the two do not fit together.
    """
    from PIL import Image

    images, labels = read_idx(files / _IMAGES), read_idx(files / _LABELS)
    if images.ndim != 3 or labels.ndim != 1 or len(images) != len(labels):
        raise DataError(f"{files}: {list(images.shape)} images and {list(labels.shape)} labels do not fit together.")
    for digit in np.unique(labels):
        (folder / str(digit)).mkdir()
    for number, (image, label) in enumerate(zip(images, labels, strict=True)):
        Image.fromarray(image).save(folder / str(label) / f"{number:05d}.png", compress_level=1)


def read_idx(path: Path) -> np.ndarray:
    """The array of bytes in a gzipped IDX file: uint8 of the shape that the file declares.

    Raises:
        DataError: the file is damaged, larger than declared, or holds anything but bytes.
    """
    try:
        with gzip.open(path, "rb") as file:
            content = file.read(_MOST_BYTES)
    except (OSError, EOFError) as error:
        raise DataError(f"{path} is not a whole gzip file: {error}.") from error
    if len(content) < 4 or content[:3] != b"\0\0\x08" or len(content) < 4 + 4 * content[3]:
        raise DataError(f"{path} is not an IDX file of bytes.")
    rank = content[3]
    shape = tuple(int(size) for size in np.frombuffer(content, ">u4", rank, 4))
    values = np.frombuffer(content, np.uint8, offset=4 + 4 * rank)
    if values.size != int(np.prod(shape, dtype=np.int64)):
        raise DataError(f"{path} declares {list(shape)} bytes, and holds {values.size}.")
    return values.reshape(shape)
