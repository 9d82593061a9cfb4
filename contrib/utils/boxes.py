"""Boxes: overlap, and non-maximum suppression. numpy only.

A box is (left, top, right, bottom) in pixels, x to the right and y down; its width is right - left, without the "+ 1"
of old code. Arrays of boxes are [N, 4], any float dtype.
"""

import numpy as np

_PAIRED = 512  # of so many boxes, the overlaps of all pairs are worked out at once
LARGEST = 10.0  # logarithm of a size in cells, beyond any picture: exp does not overflow


def area(boxes: np.ndarray) -> np.ndarray:
    """[N, 4] to [N], in square pixels."""
    return (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])


def iou(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Intersection over union of every pair: [N, 4] and [M, 4] to [N, M], 0 to 1; 0 where both boxes are empty."""
    corner = np.maximum(one[:, None, :2], other[None, :, :2])
    opposite = np.minimum(one[:, None, 2:], other[None, :, 2:])
    common = np.clip(opposite - corner, 0, None).prod(axis=2)
    union = area(one)[:, None] + area(other)[None] - common
    return np.divide(common, union, out=np.zeros_like(common), where=union > 0)


def from_centres(boxes: np.ndarray) -> np.ndarray:
    """[..., 4] of (centre x, centre y, width, height) to (left, top, right, bottom)."""
    half = boxes[..., 2:] / 2
    return np.concatenate([boxes[..., :2] - half, boxes[..., :2] + half], axis=-1)


def nms(boxes: np.ndarray, scores: np.ndarray, threshold: float) -> np.ndarray:
    """Greedy non-maximum suppression: the best box stays, boxes with an IoU above `threshold` with it go, and so on.

    Args:
        boxes: [N, 4].
        scores: [N]; among equals the first one is the better.
        threshold: the largest IoU that two boxes may have, 0 to 1.

    Returns:
        int64 [K]: the indices of the boxes that stay, best first, as torchvision.ops.nms gives them.
    """
    return batched_nms(boxes, scores, np.zeros(len(boxes), np.int64), threshold)


def batched_nms(boxes: np.ndarray, scores: np.ndarray, classes: np.ndarray, threshold: float) -> np.ndarray:
    """As `nms`, but a box suppresses boxes of its own class only (`classes` is an integer array, [N]).

    The result is that of torchvision.ops.batched_nms. Time grows with the boxes of a class, squared.
    """
    order = np.argsort(-scores, kind="stable")
    stays = np.zeros(len(order), bool)
    labels = classes[order]
    for label in np.unique(labels):
        own = np.flatnonzero(labels == label)
        stays[own[_greedy(boxes[order[own]], threshold)]] = True
    return order[stays].astype(np.int64)


def _greedy(boxes: np.ndarray, threshold: float) -> np.ndarray:
    """Which of the boxes [N, 4], best first, stay."""
    if len(boxes) > _PAIRED:
        kept, rest = [], np.arange(len(boxes))
        while len(rest):
            best, rest = rest[0], rest[1:]
            kept.append(best)
            rest = rest[iou(boxes[best : best + 1], boxes[rest])[0] <= threshold]
        return np.array(kept, np.int64)
    alive, overlaps = np.ones(len(boxes), bool), iou(boxes, boxes) > threshold
    for number in range(len(boxes)):
        if alive[number]:
            alive[number + 1 :] &= ~overlaps[number, number + 1 :]
    return np.flatnonzero(alive)
