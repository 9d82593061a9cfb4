"""Scaling, cutting and normalising a picture in one pass, bit for bit as Pillow and a look-up table give it.

Pillow scales the whole picture, though only a crop of it is kept, and the crop is then looked up value by value. Here
only what the crop needs is computed, in a kernel that numba compiles (optional; kept on disk beside this file). Pillow
weighs pixels in fixed-point numbers of 22 bits, first along rows and then along columns, each rounded to 8 bits; so
does the kernel, with the same weights. Where a picture is far higher than wide, or its proportions change, Pillow may
take columns first, which rounds otherwise: such pictures are left to it.
"""

from __future__ import annotations

import logging
import math
import threading
from collections.abc import Callable
from functools import lru_cache
from importlib.util import find_spec
from typing import Any

import numpy as np
import PIL
from PIL import Image

from utils.preprocess.pixel_memory import words
from zoo_core.errors import told

_log = logging.getLogger(__name__)
BILINEAR, BICUBIC = Image.Resampling.BILINEAR, Image.Resampling.BICUBIC
_BITS = 22  # of the fraction of Pillow's weights
_SUPPORT = {BILINEAR: 1.0, BICUBIC: 2.0}  # source pixels to each side, where nothing is made smaller
_HIGH = 1.9  # times as high as wide: from 2 on, Pillow may take columns first
_PROPORTIONS = 0.05  # by which they may change, as rounding to whole pixels does
_LINE = 64  # bytes of a line of the cache
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
        places, across = along_rows(image.width, size[0], start[0], width, resample)
        down = along_columns(image.height, size[1], start[1], height, resample)
        least = (3 * len(across), 3 * down[1].shape[1])
        if image.width < least[0] or image.height < least[1]:  # black behind its edge, which weighs 0
            image = image.crop((0, 0, max(image.width, least[0]), max(image.height, least[1])))
        kernel(words(image), places, across, *down, table, aligned((8 + least[1], 4 * width), np.uint8), out)

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


def aligned(shape: tuple[int, ...], dtype: type[np.generic]) -> np.ndarray:
    """An array that begins where a line of the processor's cache does: what crosses two lines is read twice."""
    size = math.prod(shape) * np.dtype(dtype).itemsize
    room = np.empty(size + _LINE, np.uint8)
    begin = -room.ctypes.data % _LINE
    return room[begin : begin + size].view(dtype).reshape(shape)


@lru_cache(maxsize=256)
def along_rows(
    size: int, scaled: int, first: int, count: int, resample: Image.Resampling
) -> tuple[np.ndarray, np.ndarray]:
    """`weights` as the kernel takes them along a row: (uint32 [count], int32 [threes, 3, 4 * count]).

    Each weight comes four times, for the four bytes of a pixel.
    """
    places, table = weights(size, scaled, first, count, resample)
    across = aligned((table.shape[1] // 3, 3, 4 * count), np.int32)
    across[:] = np.repeat(table.T, 4, axis=1).reshape(across.shape)
    return places.astype(np.uint32), across


@lru_cache(maxsize=256)
def along_columns(
    size: int, scaled: int, first: int, count: int, resample: Image.Resampling
) -> tuple[np.ndarray, np.ndarray]:
    """`weights` as the kernel takes them along a column: (int32 [count], int32 [count, threes, 3])."""
    places, table = weights(size, scaled, first, count, resample)
    return places, table.reshape(count, -1, 3)


def weights(
    size: int, scaled: int, first: int, count: int, resample: Image.Resampling
) -> tuple[np.ndarray, np.ndarray]:
    """Pillow's weights of the pixels `first` to `first + count` of a side that is scaled from `size` to `scaled`.

    Returns:
        (the first source pixel of each: [count], the weights of it and those behind it: [count, most]), int32. All have
        as many, a multiple of three, some of them 0: the kernel adds up three at a time. Where that is more than
        `size`, the last ones lie beyond the side, and are 0.
    """
    scale = size / scaled
    wider = max(scale, 1.0)
    support = _SUPPORT[resample] * wider
    centres = (first + np.arange(count) + 0.5) * scale
    low = np.maximum((centres - support + 0.5).astype(np.int64), 0)
    many = np.minimum((centres + support + 0.5).astype(np.int64), size) - low
    places = np.arange(int(many.max()))
    shares = _shares((low[:, None] + places - centres[:, None] + 0.5) * (1.0 / wider), resample)
    shares[places >= many[:, None]] = 0.0
    totals = np.zeros(count)
    for share in shares.T:  # one after the other, as Pillow: another order rounds otherwise
        totals += share
    wholes = shares / np.where(totals == 0, 1.0, totals)[:, None]
    most = 3 * -(-len(places) // 3)
    begin = np.minimum(low, max(size - most, 0))
    table = np.zeros((count, most), np.int32)
    rows, taken = np.nonzero(places < many[:, None])
    parts = wholes[rows, taken]
    table[rows, taken + (low - begin)[rows]] = np.where(parts < 0, -0.5, 0.5) + parts * (1 << _BITS)
    return begin.astype(np.int32), table


def _shares(x: np.ndarray, resample: Image.Resampling) -> np.ndarray:
    """What pixels at these distances count."""
    x = np.abs(x)
    if resample == BILINEAR:
        return np.where(x < 1.0, 1.0 - x, 0.0)
    a = -0.5
    near = ((a + 2.0) * x - (a + 3.0)) * x * x + 1
    return np.where(x < 1.0, near, np.where(x < 2.0, (((x - 5) * x + 8) * x - 4) * a, 0.0))


@lru_cache
def _kernel() -> Any:
    from numba import njit

    return njit(nogil=True, cache=True)(_cut)


def _cut(
    pixels: np.ndarray,
    places: np.ndarray,
    across: np.ndarray,
    tops: np.ndarray,
    down: np.ndarray,
    table: np.ndarray,
    room: np.ndarray,
    out: np.ndarray,
) -> None:
    """What numba compiles. pixels: [H, W], four bytes each, as `words` gives them; places and weights as `along_rows`
    and `along_columns` give them; room to work in: 8 bits, [8 and as many as a pixel has weights down, 4 * width].

    A row of the source is scaled once, and kept (in `ring`) as long as rows of the result need it. What a row needs is
    first brought side by side (`near`), so that the loops over `i` run through memory in order: of those, numba makes
    instructions that work on 8 or 16 values at once, and the more so where three products are added at a time. Places
    within arrays are numbers without sign: of others, numba asks each time whether they count from the end.
    """
    height, width, count = out.shape[1], out.shape[2], 4 * out.shape[2]
    high = 3 * down.shape[1]
    half, bits, three = np.int32(1 << 21), np.int32(22), np.uint32(3)
    b0, b1, b2, values, ring = room[0], room[1], room[2], room[3], room[8:]
    near_0, near_1, near_2 = b0.view(np.uint32), b1.view(np.uint32), b2.view(np.uint32)
    sums = room[4:8].reshape(-1).view(np.int32)
    ready = tops[0]  # the first row of the source that is not scaled yet
    for y in range(height):
        while ready < tops[y] + high:
            row, scaled = pixels[ready], ring[ready % high]
            sums[:] = half
            for part in range(across.shape[0]):
                for x in range(width):
                    at = np.uint64(places[x] + three * np.uint32(part))
                    near_0[x], near_1[x], near_2[x] = row[at], row[at + np.uint64(1)], row[at + np.uint64(2)]
                w0, w1, w2 = across[part, 0], across[part, 1], across[part, 2]
                for i in range(count):
                    sums[i] += np.int32(b0[i]) * w0[i] + np.int32(b1[i]) * w1[i] + np.int32(b2[i]) * w2[i]
            for i in range(count):
                scaled[i] = min(max(sums[i] >> bits, 0), 255)
            ready += 1
        sums[:] = half
        for part in range(down.shape[1]):
            v0, v1, v2 = down[y, part, 0], down[y, part, 1], down[y, part, 2]
            first = tops[y] + 3 * part
            row_0, row_1, row_2 = ring[first % high], ring[(first + 1) % high], ring[(first + 2) % high]
            for i in range(count):
                sums[i] += np.int32(row_0[i]) * v0 + np.int32(row_1[i]) * v1 + np.int32(row_2[i]) * v2
        for i in range(count):
            values[i] = min(max(sums[i] >> bits, 0), 255)
        for channel in range(3):
            normal, target = table[channel], out[channel, y]
            for x in range(width):
                target[x] = normal[values[np.uint64(4 * x + channel)]]
