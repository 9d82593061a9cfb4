"""The memory in which Pillow keeps the pixels of a picture, read where it lies.

`np.asarray` has Pillow pack all of it into three bytes a pixel first.
"""

from __future__ import annotations

import ctypes
from typing import Any

import numpy as np
import PIL
from PIL import Image

_FROM = (11, 3)  # Pillow's version: 11.2 never frees a picture whose memory it once told

_BAND = 1 << 20  # bytes


class _Array(ctypes.Structure):
    """An array as Arrow hands it from one library to another (the Arrow C data interface)."""


_Array._fields_ = [
    ("length", ctypes.c_int64),
    ("null_count", ctypes.c_int64),
    ("offset", ctypes.c_int64),
    ("n_buffers", ctypes.c_int64),
    ("n_children", ctypes.c_int64),
    ("buffers", ctypes.POINTER(ctypes.c_void_p)),
    ("children", ctypes.POINTER(ctypes.POINTER(_Array))),
    ("dictionary", ctypes.c_void_p),
    ("release", ctypes.c_void_p),
    ("private_data", ctypes.c_void_p),
]
# A function of our own: what is set on ctypes.pythonapi's would hold for everybody who uses it.
_pointer = ctypes.PYFUNCTYPE(ctypes.c_void_p, ctypes.py_object, ctypes.c_char_p)(
    ("PyCapsule_GetPointer", ctypes.pythonapi)
)


def words(image: Image.Image) -> np.ndarray:
    """The pixels of a decoded RGB picture, four bytes each: red, green, blue and one that means nothing.

    Where Pillow keeps them in one piece (it does up to 16 MiB) and tells where (from 11.3 on), that is the picture's
    own memory: do not change the picture while the array is used. Elsewhere it is a copy.

    Returns:
        [H, W], uint32, read-only; seen as uint8, the bytes come in the order above on every machine.

    Raises:
        ValueError: the picture is not RGB.
    """
    if image.mode != "RGB":
        raise ValueError(f"a picture of mode RGB is expected, got {image.mode}")
    found = _own(image)
    if found is None:
        found = _copied(image)
    return found.reshape(image.height, image.width)


def _copied(image: Image.Image) -> np.ndarray:
    """The pixels, [H, W], copied a band of rows at a time: a band lies in one piece; `tobytes` of all copies twice."""
    found = np.empty((image.height, image.width), np.uint32)
    rows = max(_BAND // (4 * image.width), 1)
    for top in range(0, image.height, rows):
        band = image.crop((0, top, image.width, min(top + rows, image.height)))
        own = _own(band)
        values = np.frombuffer(band.tobytes("raw", "RGBX"), np.uint32) if own is None else own
        found[top : top + rows] = values.reshape(band.height, band.width)
    found.flags.writeable = False
    return found


def _own(image: Image.Image) -> np.ndarray | None:
    """The picture's own memory, [H * W]; None where it is not told, or rows are further apart than they are long."""
    version = tuple(int(part) for part in PIL.__version__.split(".")[:2])
    if version < _FROM or Image.core.get_alignment() != 1:
        return None
    try:
        _, capsule = image.__arrow_c_array__()
    except ValueError:  # in several pieces
        return None
    pixels = image.width * image.height
    array = _Array.from_address(_pointer(capsule, b"arrow_array"))
    if (array.length, array.offset, array.n_children) != (pixels, 0, 1):
        return None
    values = array.children[0].contents
    if (values.length, values.offset, values.n_buffers) != (4 * pixels, 0, 2):
        return None
    return np.asarray(_Told(capsule, values.buffers[1], pixels))


class _Told:
    """Memory of which numpy makes an array without a copy. It is there as long as the capsule is."""

    def __init__(self, capsule: object, address: int, count: int):
        self._capsule = capsule
        self.__array_interface__: dict[str, Any] = {
            "version": 3,
            "data": (address, True),  # read-only
            "typestr": np.dtype(np.uint32).str,
            "shape": (count,),
        }
