"""PSENet's kernels: the expansion against a plain definition, texts from maps, and what is refused."""

import numpy as np
import pytest
from shapely.geometry import Polygon

from utils.datasets.icdar import TextRegion
from utils.postprocess.kernels import KernelDecoder, expanded
from utils.training.text_regions import cores
from zoo_core.errors import DataError

RATIOS = (1.0, 0.9, 0.8, 0.7, 0.6, 0.5, 0.4)


def box(left: float, top: float, right: float, bottom: float) -> np.ndarray:
    return np.array([[left, top], [right, top], [right, bottom], [left, bottom]], np.float64)


def numbered(kernel: np.ndarray) -> np.ndarray:
    """The regions of a map, numbered in the order of their first pixels: by filling one after the other."""
    labels, count = np.zeros(kernel.shape, int), 0
    for start in zip(*np.nonzero(kernel), strict=True):
        if labels[start]:
            continue
        count += 1
        waiting = [start]
        while waiting:
            row, column = waiting.pop()
            within = 0 <= row < len(kernel) and 0 <= column < len(kernel[0])
            if within and kernel[row, column] and not labels[row, column]:
                labels[row, column] = count
                waiting += [(row + 1, column), (row - 1, column), (row, column + 1), (row, column - 1)]
    return labels


def plainly(first: np.ndarray, kernels: np.ndarray) -> np.ndarray:
    """Section 3.2 of the paper, pixel by pixel: every text grows by one pixel at a time, through one kernel after the
    other; of several that come at once the one with the smallest number gets the pixel."""
    labels = first
    height, width = labels.shape
    for kernel in kernels[1:]:
        while True:
            grown = labels.copy()
            for row, column in np.argwhere(kernel & (labels == 0)):
                around = [(row - 1, column), (row + 1, column), (row, column - 1), (row, column + 1)]
                beside = [labels[r, c] for r, c in around if 0 <= r < height and 0 <= c < width and labels[r, c]]
                grown[row, column] = min(beside, default=0)
            if (grown == labels).all():
                break
            labels = grown
    return labels


@pytest.mark.parametrize("seed", range(40))
def test_the_expansion_is_the_plain_one(seed: int) -> None:
    random = np.random.RandomState(seed)
    height, width, count = random.randint(1, 20), random.randint(1, 20), random.randint(1, 5)
    depth = random.randint(0, count + 1, (height, width))  # in how many kernels a pixel is
    kernels = np.stack([depth >= count - number for number in range(count)])
    found = expanded(kernels)
    first = np.where(kernels[0], found, 0)
    pairs = {(int(mine), int(own)) for mine, own in zip(first.flat, numbered(kernels[0]).flat, strict=True)}
    assert len(pairs) == len({mine for mine, _ in pairs}) == len({own for _, own in pairs})  # the same regions
    np.testing.assert_array_equal(found, plainly(first, kernels))


def test_texts_that_touch_stay_apart() -> None:
    kernels = np.zeros((3, 20, 40), bool)
    kernels[2, 4:16, 2:38] = True  # one region
    kernels[1, 6:14, 4:36] = True
    kernels[0, 8:12, 6:16] = kernels[0, 8:12, 24:34] = True
    labels = expanded(kernels)
    assert set(np.unique(labels)) == {0, 1, 2}
    assert (labels[4:16, 2:20] == 1).all()
    assert (labels[4:16, 20:38] == 2).all()


@pytest.mark.parametrize("degrees", [0, 17, 45, -70])
def test_a_drawn_text_is_found_again(degrees: float) -> None:
    angle, middle = np.radians(degrees), np.array([80, 80])
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    corners = (box(30, 66, 130, 94) - middle) @ turn + middle
    depth, _ = cores([TextRegion(corners, "word")], 160, RATIOS)
    maps = (depth > np.arange(len(RATIOS))[:, None, None]) * np.float32(0.9)
    ((found, score),) = KernelDecoder()(maps)
    assert score == pytest.approx(0.9)
    truth, own = Polygon(corners), Polygon(found)
    assert own.intersection(truth).area / own.union(truth).area > 0.87  # pixels at the edge are drawn whole


def test_a_level_text_has_its_own_edges() -> None:
    maps = np.zeros((2, 30, 60), np.float32)
    maps[:, 5:15, 10:40] = 1
    ((corners, score),) = KernelDecoder()(maps)
    np.testing.assert_allclose(corners, box(10, 5, 40, 15), atol=1e-4)
    assert score == 1


def test_what_is_small_or_unsure_is_dropped_and_the_surest_comes_first() -> None:
    maps = np.zeros((3, 60, 60), np.float32)
    maps[:, 2:12, 2:22] = 0.9
    maps[:, 20:30, 2:22] = 0.95
    maps[:, 40:50, 2:22] = 0.7  # unsure
    maps[:, 40:45, 40:45] = 0.99  # small
    maps[0, 2:12, 40:55] = 0.99  # without a kernel
    assert [round(score, 2) for _, score in KernelDecoder()(maps)] == [0.95, 0.9]
    assert [round(score, 2) for _, score in KernelDecoder(box_threshold=0.6)(maps)] == [0.95, 0.9, 0.7]
    assert len(KernelDecoder(candidates=1)(maps)) == 1
    assert KernelDecoder()(np.zeros((7, 32, 32), np.float16)) == []


def test_maps_that_are_none_are_refused() -> None:
    with pytest.raises(DataError, match=r"\[kernels, height, width\] are expected, got \[8, 8\]"):
        KernelDecoder()(np.zeros((8, 8), np.float32))
    maps = np.zeros((7, 8, 8), np.float32)
    maps[3, 4, 4] = np.nan
    with pytest.raises(DataError, match="NaN or infinity"):
        KernelDecoder()(maps)
