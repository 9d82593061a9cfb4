"""The detection functions that existing scripts import, on made boxes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from utils.postprocess.pytorch.detection import get_metrics, get_stats, postprocess
from utils.preprocess.pytorch.detection import preprocess
from zoo_core.errors import DataError

IMAGES = np.zeros((1, 3, 100, 200), np.float32)
THRESHOLDS = torch.linspace(0.5, 0.95, 10)


def candidates(*rows: tuple[float, ...]) -> torch.Tensor:
    """[1, 4 + 2 classes, cells] of rows (centre x, centre y, width, height, probability of class 0, of class 1)."""
    return torch.tensor(rows, dtype=torch.float32).T[None]


def labels(*rows: tuple[float, ...]) -> torch.Tensor:
    """[M, 6] of rows (picture, class, centre x, centre y, width, height from 0 to 1)."""
    return torch.tensor(rows, dtype=torch.float32).reshape(-1, 6)


@pytest.mark.parametrize("half", [False, True])
def test_pixels_become_values_from_0_to_1(half: bool) -> None:
    pixels = torch.arange(256, dtype=torch.uint8)
    found = preprocess(pixels, half)
    assert found.dtype == (np.float16 if half else np.float32)
    np.testing.assert_array_equal(found, (pixels.float() / 255).to(torch.float16 if half else torch.float32).numpy())
    assert pixels[1] == 1  # what was given stays


def test_labels_come_in_pixels_and_boxes_best_first() -> None:
    raw = candidates((50, 50, 20, 10, 0.3, 0.0), (150, 50, 20, 10, 0.0, 0.9), (10, 10, 4, 4, 0.0005, 0.0))
    targets, (found,) = postprocess(IMAGES, raw, labels((0, 1, 0.75, 0.5, 0.1, 0.1)))
    np.testing.assert_allclose(targets, [[0, 1, 150, 50, 20, 10]])
    np.testing.assert_allclose(found, [[140, 45, 160, 55, 0.9, 1], [40, 45, 60, 55, 0.3, 0]])


def test_suppression_is_within_a_class_and_a_cell_counts_for_each_class() -> None:
    raw = candidates((50, 50, 20, 20, 0.8, 0.7), (51, 50, 20, 20, 0.6, 0.0))
    _, (found,) = postprocess(IMAGES, [raw, "other outputs"], labels())
    assert [(round(float(row[4]), 1), int(row[5])) for row in found] == [(0.8, 0), (0.7, 1)]
    _, (all_of_them,) = postprocess(IMAGES, raw.numpy(), labels(), iou_thres=0.99)
    assert len(all_of_them) == 3
    _, (first,) = postprocess(IMAGES, raw, labels(), iou_thres=0.99, max_det=1)
    assert len(first) == 1
    _, (none,) = postprocess(IMAGES, raw, labels(), conf_thres=0.95)
    assert none.shape == (0, 6)


@pytest.mark.parametrize("shape", [(1, 4, 10), (6, 10)])
def test_outputs_of_another_shape_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(DataError, match=r"\[N, 4 \+ classes, cells\] is expected of the network, it gave"):
        postprocess(IMAGES, torch.zeros(shape), labels())


def counted(raw: torch.Tensor, truth: torch.Tensor, placed: Any = ((1.0, 1.0), (0.0, 0.0))) -> list[Any]:
    targets, found = postprocess(IMAGES, raw, truth)
    shape = ((100, 200), placed)
    stats, seen = get_stats(IMAGES, found, ["a.jpg"], [shape], [], targets, len(THRESHOLDS), THRESHOLDS, 4)
    assert seen == 5
    return stats


def test_a_label_goes_to_the_best_box_that_overlaps_it_most() -> None:
    """The second box overlaps the label more, the first one is surer; the third is of the other class."""
    raw = candidates((54, 50, 20, 20, 0.9, 0), (50, 52, 20, 20, 0.8, 0), (50, 50, 20, 20, 0, 0.7))
    ((right, scores, classes, true),) = counted(raw, labels((0, 0, 0.25, 0.5, 0.1, 0.2)))
    np.testing.assert_allclose(scores, [0.9, 0.8, 0.7])
    assert (classes.tolist(), true.tolist()) == ([0, 0, 1], [0])
    assert right[:, 0].tolist() == [True, False, False]
    assert right[:, 5].tolist() == [False, True, False]  # at 0.75, the first one (0.67) is too far off
    assert not right[:, 9].any()


def test_boxes_and_labels_are_compared_in_the_file_and_cut_at_its_edges() -> None:
    """Scaled by a half, with a border of 25 above: cut at the left edge, the box is the label's."""
    raw = candidates((0, 50, 40, 20, 0.9, 0))
    for placed in (((0.5, 0.5), (0.0, 25.0)), None):
        targets, found = postprocess(IMAGES, raw, labels((0, 0, 0.05, 0.5, 0.1, 0.2)))
        shape = ((100, 400), placed)
        stats, _ = get_stats(IMAGES, found, ["a"], [shape], [], targets, len(THRESHOLDS), THRESHOLDS, 0)
        assert stats[0][0].all()


def test_pictures_without_boxes_or_labels_count_too() -> None:
    nothing = candidates((50, 50, 20, 20, 0, 0))
    assert counted(nothing, labels()) == []
    ((right, scores, _, true),) = counted(nothing, labels((0, 1, 0.5, 0.5, 0.1, 0.1)))
    assert (right.shape, scores.shape, true.tolist()) == ((0, 10), (0,), [1])
    ((right, _, _, true),) = counted(candidates((50, 50, 20, 20, 0.9, 0)), labels())
    assert (right.any().item(), len(true)) == (False, 0)


def test_figures_of_boxes_that_are_all_right() -> None:
    stats = counted(candidates((50, 50, 20, 20, 0.9, 0)), labels((0, 0, 0.25, 0.5, 0.1, 0.2)))
    tp, fp, p, r, f1, mp, mr, map50, ap50, whole, counts = get_metrics(stats)
    assert (tp.tolist(), fp.tolist(), counts[0], len(counts)) == ([1], [0], 1, 80)
    np.testing.assert_allclose([p[0], r[0], f1[0], mp, mr, map50, ap50[0], whole], 1, atol=0.006)


def test_figures_of_some_that_are_wrong() -> None:
    """Of class 0, the surer box of two is wrong: precision 1/2 at recall 1. Nothing of class 1 is found."""
    raw = candidates((150, 50, 20, 20, 0.9, 0), (50, 50, 20, 20, 0.8, 0))
    truth = labels((0, 0, 0.25, 0.5, 0.1, 0.2), (0, 1, 0.5, 0.5, 0.1, 0.2))
    tp, _, _, _, _, _, mr, map50, ap50, _, counts = get_metrics(counted(raw, truth))
    np.testing.assert_allclose(ap50, [0.5, 0], atol=0.006)
    assert map50 == pytest.approx(0.25, abs=0.003)
    assert (tp.tolist(), mr, counts.sum()) == ([1, 0], 0.5, 2)


def test_nothing_found_at_all_gives_zeros_and_no_labels_an_error() -> None:
    nothing = candidates((50, 50, 20, 20, 0, 0))
    found = get_metrics(counted(nothing, labels((0, 1, 0.5, 0.5, 0.1, 0.1))))
    assert [float(np.sum(one)) for one in found[:10]] == [0] * 10
    for stats in ([], counted(candidates((50, 50, 20, 20, 0.9, 0)), labels())):
        with pytest.raises(DataError, match="no labels were counted"):
            get_metrics(stats)
