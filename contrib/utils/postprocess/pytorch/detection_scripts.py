"""The detection functions that existing scripts import: suppression, matching and figures, on torch tensors.

The zoo's own detectors decode with `detection`, and are measured by `utils.metrics.detection`, which is COCO's own
evaluation; the figures here are the quicker ones of training scripts, and differ from those by some thousandths.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from utils.boxes import iou
from zoo_core.errors import DataError

_MOST = 30_000  # candidates of a picture that suppression looks at
_COCO_CLASSES = 80
_CONFIDENCES = np.linspace(0, 1, 1000)
_RECALLS = np.linspace(0, 1, 101)
_SMOOTHED_OVER = 101  # of the confidences
_TINY = 1e-16


def postprocess(
    images: Any,
    preds: Any,
    targets: Any,
    conf_thres: float = 0.001,
    iou_thres: float = 0.7,
    max_det: int = 300,
    device: Any = "cpu",
) -> tuple[Any, list[Any]]:
    """Labels in pixels, and what is left of the network's candidates after suppression within each class.

    Args:
        images: [N, 3, height, width], of which only the size is looked at.
        preds: [N, 4 + classes, cells], tensor or array, or a list whose first entry that is: centre x and y, width,
            height in pixels of the input, then a probability for each class.
        targets: tensor [M, 6]: picture, class, centre x and y, width, height from 0 to 1. Changed in place.
        conf_thres: the least probability; a cell counts once for each class above it.
        iou_thres: the largest IoU that two boxes of a class may have.
        max_det: the most boxes of a picture.
        device: where the targets are.

    Returns:
        (targets with coordinates in pixels, for each picture a tensor [K, 6]: left, top, right, bottom, probability,
        class, best first).

    Raises:
        DataError: `preds` has another shape.
    """
    import torch

    height, width = images.shape[2:]
    targets[:, 2:] *= torch.tensor((width, height, width, height), device=device)
    candidates = torch.as_tensor(preds[0] if isinstance(preds, (list, tuple)) else preds).float()
    if candidates.ndim != 3 or candidates.shape[1] < 5:
        raise DataError(f"[N, 4 + classes, cells] is expected of the network, it gave {list(candidates.shape)}.")
    return targets, [_suppressed(one, conf_thres, iou_thres, max_det) for one in candidates]


def _suppressed(candidates: Any, least: float, most_overlap: float, most: int) -> Any:
    """[4 + classes, cells] to [K, 6]."""
    import torch
    from torchvision.ops import batched_nms, box_convert

    boxes, scores = box_convert(candidates[:4].T, "cxcywh", "xyxy"), candidates[4:].T
    cells, classes = (scores > least).nonzero(as_tuple=True)
    found, best = scores[cells, classes].sort(descending=True, stable=True)
    found, best = found[:_MOST], best[:_MOST]
    boxes, classes = boxes[cells[best]], classes[best]
    kept = batched_nms(boxes, found, classes, most_overlap)[:most]
    return torch.cat([boxes[kept], found[kept, None], classes[kept, None].float()], dim=1)


def get_stats(
    images: Any,
    preds: Sequence[Any],
    paths: Sequence[str],
    shapes: Sequence[Any],
    stats: list[Any],
    targets: Any,
    niou: int,
    iouv: Any,
    seen: int,
    device: Any = "cpu",
) -> tuple[list[Any], int]:
    """Which of a batch's boxes are right, put behind `stats`.

    Args:
        images: [N, 3, height, width].
        preds, targets: as `postprocess` gives them.
        paths: of the pictures; not looked at.
        shapes: for each picture ((height, width) of the file, ((scale y, scale x), (border x, border y)) or None, where
            the picture lies in the middle of the input).
        stats: grows by (right [K, thresholds], probabilities [K], classes [K], true classes [M]) a picture, tensors.
        niou, iouv: the IoU thresholds, a tensor, and how many they are.
        seen: pictures so far.
        device: where the tensors are to be.

    Returns:
        (stats, pictures so far).
    """
    import torch

    size = tuple(images.shape[2:])
    for number, found in enumerate(preds):
        labels = targets[targets[:, 0] == number, 1:].cpu()
        if len(found) or len(labels):
            truth = torch.cat([labels[:, 1:3] - labels[:, 3:5] / 2, labels[:, 1:3] + labels[:, 3:5] / 2], dim=1)
            boxes = [_in_picture(one.cpu().numpy(), size, shapes[number]) for one in (found[:, :4], truth)]
            classes = [found[:, 5].cpu().numpy(), labels[:, 0].numpy()]
            right = torch.tensor(_matched(boxes, classes, iouv.cpu().numpy()[:niou]), device=device)
            stats.append((right, found[:, 4], found[:, 5], labels[:, 0].to(device)))
    return stats, seen + len(preds)


def _in_picture(boxes: np.ndarray, size: tuple[int, ...], shape: Any) -> np.ndarray:
    """Boxes in pixels of the input to pixels of the file, cut at its edges."""
    (height, width), placed = shape[0], shape[1]
    if placed is None:
        scale = min(size[0] / height, size[1] / width)
        border = ((size[1] - width * scale) / 2, (size[0] - height * scale) / 2)
    else:
        scale, border = placed[0][0], placed[1]
    return np.clip((boxes - np.array([*border, *border])) / scale, 0, [width, height, width, height])


def _matched(boxes: Sequence[np.ndarray], classes: Sequence[np.ndarray], thresholds: np.ndarray) -> np.ndarray:
    """[K, thresholds]: whether each box, best first, has a label of its class that no better box has.

    A box goes for the label that it overlaps most.
    """
    right = np.zeros((len(boxes[0]), len(thresholds)), bool)
    if not len(boxes[0]) or not len(boxes[1]):
        return right
    overlap = iou(boxes[0], boxes[1]) * (classes[0][:, None] == classes[1])
    label, most = overlap.argmax(axis=1), overlap.max(axis=1)
    for place, threshold in enumerate(thresholds):
        near = np.flatnonzero((most >= threshold) & (most > 0))
        first = np.unique(label[near], return_index=True)[1]
        right[near[first], place] = True
    return right


def get_metrics(stats: Sequence[Any]) -> tuple[Any, ...]:
    """The figures of a data set.

    Args:
        stats: as `get_stats` gives them; the first IoU threshold is 0.5.

    Returns:
        (true positives, false positives, precision, recall, F1 of each class that has labels, at the confidence where
        the mean F1 is best; mean precision, mean recall, mAP at IoU 0.5, AP of each class at 0.5, mAP over all
        thresholds, labels of each of COCO's 80 classes).

    Raises:
        DataError: there are no labels.
    """
    columns = [np.concatenate([np.asarray(one.cpu()) for one in column]) for column in zip(*stats, strict=True)]
    if not columns or not len(columns[3]):
        raise DataError("no labels were counted, so there are no figures. Is the data set empty?")
    right, scores, found, true = columns
    order = np.argsort(-scores, kind="stable")
    kinds, labels = np.unique(true, return_counts=True)
    curves = [
        _curves(right[order][found[order] == kind], scores[order][found[order] == kind], count)
        for kind, count in zip(kinds, labels, strict=True)
    ]
    precisions, recalls, averages = (np.stack(one) for one in zip(*curves, strict=True))
    f1 = 2 * precisions * recalls / (precisions + recalls + _TINY)
    edges = np.pad(f1.mean(axis=0), _SMOOTHED_OVER // 2, mode="edge")
    best = int(np.convolve(edges, np.ones(_SMOOTHED_OVER) / _SMOOTHED_OVER, mode="valid").argmax())
    p, r = precisions[:, best], recalls[:, best]
    tp = (r * labels).round()
    fp = (tp / (p + _TINY) - tp).round()
    counts = np.bincount(true.astype(int), minlength=_COCO_CLASSES)
    at_half = averages[:, 0]
    return tp, fp, p, r, f1[:, best], p.mean(), r.mean(), at_half.mean(), at_half, averages.mean(), counts


def _curves(right: np.ndarray, scores: np.ndarray, labels: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Of one class, best boxes first: precision and recall at IoU 0.5 by confidence, and AP at each threshold."""
    if not len(right):
        return np.zeros_like(_CONFIDENCES), np.zeros_like(_CONFIDENCES), np.zeros(right.shape[1])
    hits = right.cumsum(axis=0)
    recall, precision = hits / labels, hits / np.arange(1, len(right) + 1)[:, None]
    by_confidence = [
        np.interp(-_CONFIDENCES, -scores, curve[:, 0], left=at_none)
        for curve, at_none in ((precision, 1.0), (recall, 0.0))
    ]
    averages = [_average(recall[:, place], precision[:, place]) for place in range(right.shape[1])]
    return by_confidence[0], by_confidence[1], np.array(averages)


def _average(recall: np.ndarray, precision: np.ndarray) -> float:
    """The area under the best precision that is to be had at each recall or beyond, by 101 points.

    Between two recalls it is interpolated, down to 0 behind the last one too, as training scripts do.
    """
    reached = np.maximum.accumulate(np.concatenate([[1.0], precision, [0.0]])[::-1])[::-1]
    heights = np.interp(_RECALLS, np.concatenate([[0.0], recall, [1.0]]), reached)
    return float(((heights[1:] + heights[:-1]) / 2 * np.diff(_RECALLS)).sum())
