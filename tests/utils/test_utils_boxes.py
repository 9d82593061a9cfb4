"""Overlap and suppression of boxes: equal to torchvision's, and right where that has no answer."""

import numpy as np
import pytest

from utils.boxes import area, batched_nms, from_centres, iou, nms


def boxes(count: int, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Many boxes that overlap; scores with ties; three classes."""
    random = np.random.default_rng(seed)
    centres = np.concatenate([random.uniform(0, 100, (count, 2)), random.uniform(5, 60, (count, 2))], 1)
    scores = np.round(random.uniform(0, 1, count), 2).astype(np.float32)
    return from_centres(centres).astype(np.float32), scores, random.integers(0, 3, count)


@pytest.mark.parametrize("count", [0, 1, 40, 500])
@pytest.mark.parametrize("threshold", [0.3, 0.65])
def test_suppression_is_that_of_torchvision(count, threshold):
    torch, ops = pytest.importorskip("torch"), pytest.importorskip("torchvision.ops")
    several, scores, classes = boxes(count, seed=count)
    unique = scores + np.arange(count, dtype=np.float32) * 1e-4  # torchvision does not say which of two equals wins
    tensors = [torch.from_numpy(array) for array in (several, unique)]
    want = ops.batched_nms(*tensors, torch.from_numpy(classes), threshold)
    assert batched_nms(several, unique, classes, threshold).tolist() == want.tolist()
    assert nms(several, unique, threshold).tolist() == ops.nms(*tensors, threshold).tolist()


def test_overlap_is_that_of_torchvision():
    torch, ops = pytest.importorskip("torch"), pytest.importorskip("torchvision.ops")
    one, other = boxes(30, seed=1)[0], boxes(50, seed=2)[0]
    want = ops.box_iou(torch.from_numpy(one), torch.from_numpy(other)).numpy()
    np.testing.assert_allclose(iou(one, other), want, rtol=1e-6)
    np.testing.assert_allclose(area(one), ops.box_area(torch.from_numpy(one)).numpy(), rtol=1e-6)


def test_what_stays_hardly_overlaps_and_the_rest_does():
    several, scores, classes = boxes(200, seed=7)
    kept = batched_nms(several, scores, classes, 0.5)
    gone = np.setdiff1d(np.arange(200), kept)
    same = classes[:, None] == classes[None]
    overlap = iou(several, several) * same
    assert (overlap[np.ix_(kept, kept)] - np.eye(len(kept)) <= 0.5).all()
    assert (overlap[np.ix_(gone, kept)].max(axis=1) > 0.5).all()
    assert (np.diff(scores[kept]) <= 0).all()


def test_by_hand():
    several = np.array([[0, 0, 10, 10], [0, 0, 10, 5], [20, 20, 30, 30], [0, 0, 10, 10]], np.float32)
    assert iou(several[:1], several)[0].tolist() == [1, 0.5, 0, 1]
    scores = np.array([0.5, 0.9, 0.1, 0.5], np.float32)
    assert nms(several, scores, 0.5).tolist() == [1, 0, 2]  # an overlap of exactly 0.5 is allowed; the first of equals
    assert nms(several, scores, 0.4).tolist() == [1, 2]
    assert batched_nms(several, scores, np.array([0, 1, 0, 2]), 0.4).tolist() == [1, 0, 3, 2]


def test_empty_boxes_overlap_nothing():
    point = np.array([[3, 3, 3, 3]], np.float32)
    assert iou(point, point).tolist() == [[0]]
    assert nms(np.zeros((0, 4), np.float32), np.zeros(0, np.float32), 0.5).tolist() == []


def test_from_centres():
    assert from_centres(np.array([[5.0, 6.0, 4.0, 2.0]])).tolist() == [[3, 5, 7, 7]]
