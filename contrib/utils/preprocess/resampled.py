"""Scaling, cutting and normalising a picture in one pass, bit for bit as Pillow and a look-up table give it.

Pillow scales the whole picture, though only a crop of it is kept, and the crop is then looked up value by value. Here
only what the crop needs is computed, in a kernel that numba compiles (optional; kept on disk beside this file). Pillow
weighs pixels in fixed-point numbers of 22 bits, first along rows and then along columns, each rounded to 8 bits; so
does the kernel, with the same weights. Where a picture is far higher than wide, or its proportions change, Pillow may
take columns first, which rounds otherwise: such pictures are left to it.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from functools import lru_cache
from importlib.util import find_spec
from typing import Any

import numpy as np
import PIL
from PIL import Image

from zoo_core.errors import told

_log = logging.getLogger(__name__)
BILINEAR, BICUBIC = Image.Resampling.BILINEAR, Image.Resampling.BICUBIC
_BITS = 22  # of the fraction of Pillow's weights
_SUPPORT = {BILINEAR: 1.0, BICUBIC: 2.0}  # source pixels to each side, where nothing is made smaller
_HIGH = 1.9  # times as high as wide: from 2 on, Pillow may take columns first
_PROPORTIONS = 0.05  # by which they may change, as rounding to whole pixels does
_WORTH_PICTURES = 500  # loading numba takes as long as it saves on so many
Cut = Callable[[Image.Image, tuple[int, int], tuple[int, int], Image.Resampling, np.ndarray, np.ndarray], None]


@lru_cache
def installed() -> bool:
    """Whether numba is there to compile the kernel."""
    return find_spec("numba") is not None


class Loader:
    """Loads the kernel in the background once a run has had so many pictures that it is worth it.

    Args:
        worth: pictures after which that begins.
    """

    def __init__(self, worth: int = _WORTH_PICTURES):
        self._left = worth
        self._lock = threading.Lock()
        self._cut: Cut | None = None

    def ready(self) -> Cut | None:
        """The function that cuts; None where it is not loaded (yet), or cannot be."""
        if self._cut is None and self._left >= 0:
            with self._lock:
                self._left -= 1
                begins = self._left == -1
            if begins:
                threading.Thread(target=self.load, name="kernel").start()
        return self._cut

    def load(self) -> None:
        """Load it now, where it can be had and gives what Pillow gives. That numba is there and does not serve is
        logged: Pillow gives the same, more slowly."""
        if not installed():
            return
        try:
            cut = compiled()
            same = agrees(cut)  # the first call is where numba compiles
        except Exception as error:
            # whatever numba, or a folder that its cache cannot be written to, raises
            _log.warning("the compiled kernel is left out: %s", told(error))
            return
        if same:
            self._cut = cut
        else:
            _log.warning("the compiled kernel is left out: it does not give what Pillow %s gives", PIL.__version__)


LOADER = Loader()


def compiled() -> Cut:
    """The function that scales an RGB picture to (width, height), keeps the crop that begins at (left, top), and writes
    what a table, [3, 256], has for its values to an array, [3, crop height, crop width].

    Raises ImportError where numba is not installed.
    """
    kernel = _kernel()

    def cut(
        image: Image.Image,
        size: tuple[int, int],
        start: tuple[int, int],
        resample: Image.Resampling,
        table: np.ndarray,
        out: np.ndarray,
    ) -> None:
        height, width = out.shape[1:]
        across = weights(image.width, size[0], start[0], width, resample)
        down = weights(image.height, size[1], start[1], height, resample)
        kernel(np.asarray(image), *across, *down, table, out)

    return cut


def covers(size: tuple[int, int], scaled: tuple[int, int]) -> bool:
    """Whether Pillow scales a picture of this (width, height) along its rows first."""
    changed = (size[0] * scaled[1]) / (size[1] * scaled[0])
    return scaled[1] <= _HIGH * scaled[0] and abs(changed - 1) <= _PROPORTIONS


def agrees(cut: Cut) -> bool:
    """Whether `cut` gives what the installed Pillow gives, on small pictures for each filter."""
    pixels = np.random.default_rng(0).integers(0, 256, (90, 90, 3), np.uint8)
    table = np.arange(3 * 256, dtype=np.float32).reshape(3, 256)
    table.flags.writeable = False  # as the transforms' are: numba compiles anew for those that are not
    for width, height, new_width, new_height in ((88, 66, 50, 37), (60, 89, 33, 48), (40, 31, 80, 62)):
        for resample in (BILINEAR, BICUBIC):
            image = Image.fromarray(pixels[:height, :width])
            out = np.empty((3, 30, 22), np.float32)
            cut(image, (new_width, new_height), (9, 3), resample, table, out)
            wanted = np.asarray(image.resize((new_width, new_height), resample))[3:33, 9:31]
            if not all(np.array_equal(out[channel], table[channel][wanted[:, :, channel]]) for channel in range(3)):
                return False
    return True


@lru_cache(maxsize=256)
def weights(
    size: int, scaled: int, first: int, count: int, resample: Image.Resampling
) -> tuple[np.ndarray, np.ndarray]:
    """Pillow's weights of the pixels `first` to `first + count` of a side that is scaled from `size` to `scaled`.

    Returns:
        (the first source pixel of each: [count], the weights of it and those behind it: [count, most]), int32. All have
        as many, some of them 0: a loop that is always as long is the quicker one.
    """
    scale = size / scaled
    wider = max(scale, 1.0)
    support = _SUPPORT[resample] * wider
    found = []
    for row in range(count):
        centre = (first + row + 0.5) * scale
        low = max(int(centre - support + 0.5), 0)
        many = min(int(centre + support + 0.5), size) - low
        shares = [_share((low + place - centre + 0.5) * (1.0 / wider), resample) for place in range(many)]
        total = 0.0
        for share in shares:
            total += share
        wholes = [share / total if total else share for share in shares]
        found.append((low, [int((-0.5 if one < 0 else 0.5) + one * (1 << _BITS)) for one in wholes]))
    most = max(len(some) for _, some in found)
    places, table = np.zeros(count, np.int32), np.zeros((count, most), np.int32)
    for row, (low, some) in enumerate(found):
        places[row] = min(low, size - most)
        table[row, low - places[row] : low - places[row] + len(some)] = some
    return places, table


def _share(x: float, resample: Image.Resampling) -> float:
    """What a pixel at this distance counts."""
    x = abs(x)
    if resample == BILINEAR:
        return 1.0 - x if x < 1.0 else 0.0
    a = -0.5
    if x < 1.0:
        return ((a + 2.0) * x - (a + 3.0)) * x * x + 1
    return (((x - 5) * x + 8) * x - 4) * a if x < 2.0 else 0.0


@lru_cache
def _kernel() -> Any:
    from numba import njit

    return njit(nogil=True, cache=True)(_cut)


def _cut(
    pixels: np.ndarray,
    across: np.ndarray,
    across_weights: np.ndarray,
    down: np.ndarray,
    down_weights: np.ndarray,
    table: np.ndarray,
    out: np.ndarray,
) -> None:
    """What numba compiles. pixels: [H, W, 3], 8 bits; places and weights as `weights` gives them.

    Places within arrays are numbers without sign: of others, numba asks each time whether they count from the end.
    """
    height, width = out.shape[1], out.shape[2]
    taps = across_weights.shape[1]
    first, last = down[0], down[height - 1] + down_weights.shape[1]
    half = np.int32(1 << 21)
    flat = pixels.reshape(-1)
    line = pixels.shape[1] * 3
    rows = np.empty((3, last - first, width), np.uint8)
    for y in range(last - first):
        for x in range(width):
            red, green, blue = half, half, half
            at = np.uint64((first + y) * line + across[x] * 3)
            for place in range(taps):
                weight = across_weights[x, np.uint64(place)]
                red += np.int32(flat[at]) * weight
                green += np.int32(flat[at + np.uint64(1)]) * weight
                blue += np.int32(flat[at + np.uint64(2)]) * weight
                at += np.uint64(3)
            rows[0, y, x] = min(max(red >> 22, 0), 255)
            rows[1, y, x] = min(max(green >> 22, 0), 255)
            rows[2, y, x] = min(max(blue >> 22, 0), 255)
    sums = np.empty(width, np.int32)
    for channel in range(3):
        values = table[channel]
        for y in range(height):
            sums[:] = half
            for place in range(down_weights.shape[1]):
                weight = down_weights[y, place]
                row = rows[channel, down[y] - first + place]
                for x in range(width):
                    sums[x] += np.int32(row[x]) * weight
            target = out[channel, y]
            for x in range(width):
                target[x] = values[np.uint64(min(max(sums[x] >> 22, 0), 255))]
