"""The compiled kernel gives what Pillow and the look-up table give, to the bit; Pillow's path where there is none."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import numpy as np
import PIL
import pytest
from PIL import Image

from utils.preprocess import resampled
from utils.preprocess.image import shorter_size
from utils.preprocess.pytorch import classification
from utils.preprocess.pytorch.classification import ClassificationTransform, lookup_table
from utils.preprocess.resampled import BICUBIC, BILINEAR, Loader, covers

_SIZES = 1000  # for each filter
_LARGEST = 80  # pixels a side


def _cases() -> Iterator[tuple[tuple[int, int], tuple[int, int]]]:
    """(width, height) of a source, and of what it is scaled to: smaller and larger, its proportions kept."""
    random = np.random.default_rng(0)
    found = 0
    while found < _SIZES:
        width, height, shorter = (int(size) for size in random.integers(4, _LARGEST, 3))
        size = shorter_size(width, height, shorter)
        if max(size) <= 2 * _LARGEST and covers((width, height), size):
            found += 1
            yield (width, height), size


@pytest.fixture(scope="module")
def cut() -> resampled.Cut:
    pytest.importorskip("numba")
    return resampled.compiled()


@pytest.mark.parametrize("resample", [BILINEAR, BICUBIC])
def test_thousands_of_sizes_give_the_same_bits(cut: resampled.Cut, resample: Image.Resampling) -> None:
    random = np.random.default_rng(1)
    source = random.integers(0, 256, (_LARGEST, _LARGEST, 3), np.uint8)
    source[: _LARGEST // 2] = np.where(source[: _LARGEST // 2] < 128, 0, 255)  # overshoots, which are clipped
    table = random.standard_normal((3, 256)).astype(np.float32)
    table.flags.writeable = False
    for size, scaled in _cases():
        image = Image.fromarray(source[: size[1], : size[0]])
        left, top = (int(random.integers(0, side)) for side in scaled)
        sides = (int(random.integers(1, side - start + 1)) for side, start in zip(scaled, (left, top), strict=True))
        width, height = sides
        out = np.empty((3, height, width), np.float32)
        cut(image, scaled, (left, top), resample, table, out)
        wanted = np.asarray(image.resize(scaled, resample))[top : top + height, left : left + width]
        for channel in range(3):
            np.testing.assert_array_equal(out[channel], table[channel][wanted[:, :, channel]])


@pytest.mark.parametrize("interpolation", ["bilinear", "bicubic"])
@pytest.mark.parametrize(
    "size",
    [(500, 375), (375, 500), (256, 300), (90, 40), (224, 224), (1000, 231), (200, 700), (2300, 2000), (3, 2), (1, 1)],
)
def test_a_transform_gives_the_same_with_the_kernel_and_without(
    cut: resampled.Cut, monkeypatch: pytest.MonkeyPatch, size: tuple[int, int], interpolation: str
) -> None:
    image = Image.fromarray(np.random.default_rng(2).integers(0, 256, (size[1], size[0], 3), np.uint8))
    transform = ClassificationTransform(
        256,
        224,
        (0.5, 0.4, 0.3),
        (0.2, 0.3, 0.4),
        interpolation,  # type: ignore[arg-type]
    )
    (plain,), _ = transform(image)
    loader = Loader()
    loader._cut = cut
    used = []
    monkeypatch.setattr(loader, "_cut", lambda *given: (used.append(given[1]), cut(*given)))
    monkeypatch.setattr(classification, "LOADER", loader)
    (found,), original = transform(image)
    assert original == size
    assert len(used) == (min(size) != 256 and size != (200, 700))
    np.testing.assert_array_equal(found, plain)


def test_numba_compiles_once_whatever_memory_the_pixels_lie_in(
    cut: resampled.Cut, monkeypatch: pytest.MonkeyPatch
) -> None:
    image = Image.fromarray(np.random.default_rng(3).integers(0, 256, (60, 80, 3), np.uint8))
    table = lookup_table((0.5, 0.4, 0.3), (0.2, 0.3, 0.4), "float32")
    found = []
    for told in (True, False):
        if not told:
            monkeypatch.setattr(PIL, "__version__", "11.2.1")
        found.append(np.empty((3, 30, 30), np.float32))
        cut(image, (53, 40), (9, 3), BILINEAR, table, found[-1])
    np.testing.assert_array_equal(*found)
    assert len(resampled._kernel().signatures) == 1


@pytest.mark.parametrize("resample", [BILINEAR, BICUBIC])
def test_weights_are_those_of_plain_sums(resample: Image.Resampling) -> None:
    random = np.random.default_rng(4)
    for _ in range(200):
        size, scaled = (int(side) for side in random.integers(1, 3000, 2))
        first = int(random.integers(0, scaled))
        count = min(int(random.integers(1, 9)), scaled - first)
        places, table = resampled.weights(size, scaled, first, count, resample)
        assert table.shape[1] % 3 == 0
        for row in range(count):
            low, wanted = _weights(size, scaled, first + row, resample)
            skipped = low - int(places[row])
            assert skipped >= 0
            assert table[row, skipped : skipped + len(wanted)].tolist() == wanted
            assert np.count_nonzero(table[row]) == np.count_nonzero(wanted)


def _weights(size: int, scaled: int, place: int, resample: Image.Resampling) -> tuple[int, list[int]]:
    """The weights of one pixel as Pillow computes them, in Python's own numbers."""
    scale = size / scaled
    wider = max(scale, 1.0)
    support = (1.0 if resample == BILINEAR else 2.0) * wider
    centre = (place + 0.5) * scale
    low = max(int(centre - support + 0.5), 0)
    shares = []
    for pixel in range(low, min(int(centre + support + 0.5), size)):
        x = abs((pixel - centre + 0.5) * (1.0 / wider))
        if resample == BILINEAR:
            shares.append(1.0 - x if x < 1.0 else 0.0)
        elif x < 1.0:
            shares.append(((-0.5 + 2.0) * x - (-0.5 + 3.0)) * x * x + 1)
        else:
            shares.append((((x - 5) * x + 8) * x - 4) * -0.5 if x < 2.0 else 0.0)
    total = 0.0
    for share in shares:
        total += share
    return low, [int((-0.5 if share < 0 else 0.5) + share / (total or 1.0) * (1 << 22)) for share in shares]


def test_it_is_loaded_in_the_background_once_it_is_worth_it(monkeypatch: pytest.MonkeyPatch) -> None:
    begun = []
    monkeypatch.setattr(Loader, "load", lambda self: begun.append(self))
    loader = Loader(3)
    assert [loader.ready() for _ in range(6)] == [None] * 6
    assert len(begun) == 1


def test_without_numba_or_with_other_weights_pillow_does_it(monkeypatch: pytest.MonkeyPatch) -> None:
    resampled._kernel.cache_clear()
    monkeypatch.setitem(sys.modules, "numba", None)
    loader = Loader()
    loader.load()
    assert loader.ready() is None
    other = Loader()
    monkeypatch.setattr(resampled, "compiled", lambda: lambda *given: given[-1].fill(0))  # as of another Pillow
    other.load()
    assert other.ready() is None
    resampled._kernel.cache_clear()


@pytest.mark.parametrize(
    ("cut", "said"),
    [
        (lambda *given: given[-1].fill(0), "left out: it does not give what Pillow"),
        (lambda *given: 1 // 0, "left out: ZeroDivisionError: "),  # as numba raises at the first call
    ],
)
def test_a_kernel_that_does_not_serve_is_said(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, cut: resampled.Cut, said: str
) -> None:
    monkeypatch.setattr(resampled, "installed", lambda: True)
    monkeypatch.setattr(resampled, "compiled", lambda: cut)
    loader = Loader()
    loader.load()
    assert loader.ready() is None
    assert said in caplog.text
