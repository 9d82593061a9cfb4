"""Metrics of instance segmentation: COCO's average precision of masks, and of boxes, computed by pycocotools."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from utils.datasets.coco_instances import InstanceTruth
from utils.metrics.base import MetricInfo, require_as_many
from utils.metrics.coco_evaluation import annotation, precision
from utils.metrics.counts import fields_of, foreign, is_count
from utils.metrics.detection import CocoAveragePrecision
from utils.metrics.detection import agreement as boxes_agree
from utils.postprocess.pytorch.instances import Instances
from zoo_core.errors import DataError

_FIELDS = {"image", "size", "truth", "found"}


class CocoMaskPrecision:
    """Mean average precision over classes of masks, as COCO evaluates them, and that of the boxes around them.

    mask_map50 (primary) is the mean at an IoU of 0.5, mask_map the mean over 0.5, 0.55 … 0.95, COCO's own ranking.

    Args:
        classes: how many classes there are.
    """

    infos = (
        MetricInfo("mask_map50", "fraction", 0.0, 1.0, True),
        MetricInfo("mask_map", "fraction", 0.0, 1.0, True),
        *CocoAveragePrecision.infos,
    )

    def __init__(self, classes: int) -> None:
        self._classes = classes
        self._boxes = CocoAveragePrecision(classes)
        self._masks: dict[int | str, dict[str, Any]] = {}

    def update(self, predictions: Sequence[Instances], truths: Sequence[InstanceTruth]) -> None:
        """Count one batch.

        Raises:
            DataError: different lengths, a truth that is no InstanceTruth, a picture of another size than the truth
                says or that was counted before, or a class that there is not. Nothing has been counted then.
        """
        require_as_many(predictions, truths)
        masks = {}
        for found, truth in zip(predictions, truths, strict=True):
            if not isinstance(truth, InstanceTruth):
                raise DataError(f"truth {truth!r:.80}: the masks of a picture are expected (InstanceTruth).")
            if found.found.size != truth.size:
                raise DataError(
                    f"picture {truth.image} has {found.found.size[0]} x {found.found.size[1]} pixels; its annotations "
                    f"are of one with {truth.size[0]} x {truth.size[1]}. Is it turned, or scaled?"
                )
            masks[truth.image] = {
                "image": truth.image,
                "size": list(truth.size),
                "truth": list(truth.masks),
                "found": [encoded(mask.whole(truth.size)) for mask in found.masks],
            }
        self._boxes.update([one.found for one in predictions], [one.boxed() for one in truths])
        self._masks.update(masks)

    def compute(self) -> dict[str, float]:
        """{"mask_map50": fraction, "mask_map": fraction, "map50": …, "map": …}; DataError as for boxes."""
        boxes = self._boxes.compute()
        pictures = sorted(self._boxes.state()["pictures"], key=lambda entry: str(entry["image"]))
        true, found, sizes = [], [], []
        for number, entry in enumerate(pictures):
            masks = self._masks[entry["image"]]
            size = masks["size"]
            sizes.append((size[0], size[1]))
            for (*box, index, crowd, area), counts in zip(entry["truth"], masks["truth"], strict=True):
                mask = _segmentation(counts, size)
                true.append(annotation(number, int(index), box, iscrowd=int(crowd), area=area, segmentation=mask))
            for (*box, index, score), counts in zip(entry["found"], masks["found"], strict=True):
                mask = _segmentation(counts, size)
                found.append(annotation(number, int(index), box, score=score, segmentation=mask))
        all_sizes, most = 0, -1
        table = precision(true, found, pictures=len(pictures), classes=self._classes, kind="segm", sizes=sizes)
        table = table[:, :, :, all_sizes, most]
        return {"mask_map50": _mean(table[:1]), "mask_map": _mean(table), **boxes}

    def state(self) -> dict[str, Any]:
        """{"boxes": as CocoAveragePrecision has it, "masks": [{"image": id, "size", "truth", "found"}, …]}; a mask is
        COCO's compressed run lengths."""
        return {"boxes": self._boxes.state(), "masks": list(self._masks.values())}

    def merge(self, state: dict[str, Any]) -> None:
        """Add the pictures of another process, as its `state()` gave them; DataError when they are not that."""
        what = "an average precision of masks"
        fields = fields_of(state, ("boxes", "masks"), what)
        CocoAveragePrecision(self._classes).merge(fields["boxes"])  # whether they are such at all
        if not _fit(fields["boxes"]["pictures"], fields["masks"]):
            raise foreign(what, state)
        self._boxes.merge(fields["boxes"])
        self._masks.update((one["image"], one) for one in fields["masks"])


def encoded(mask: np.ndarray) -> str:
    """bool [H, W] as COCO's compressed run lengths."""
    from pycocotools.mask import encode

    return str(encode(np.asfortranarray(mask, np.uint8))["counts"], "ascii")


def agreement(one: Instances, other: Instances, score: float, share: float = 0.9) -> bool:
    """Whether two runtimes found the same: boxes as those of a detector, and the same pixels of each object.

    Args:
        one, other: what two runtimes found in a picture.
        score: the least one that counts.
        share: of the pixels that one of two masks has, how many both must have.
    """
    from utils.boxes import iou

    if not boxes_agree(one.found, other.found, score):
        return False
    sure = one.above(score + 0.02)
    if not len(sure.masks):
        return True
    near = iou(sure.found.boxes, other.found.boxes) * (sure.found.classes[:, None] == other.found.classes[None])
    size = one.found.size
    for mask, place in zip(sure.masks, near.argmax(axis=1), strict=True):
        mine, theirs = mask.whole(size), other.masks[place].whole(size)
        if (mine & theirs).sum() < share * (mine | theirs).sum():
            return False
    return True


def _segmentation(counts: str, size: Sequence[int]) -> dict[str, Any]:
    return {"size": [size[1], size[0]], "counts": counts.encode("ascii")}


def _fit(pictures: Any, masks: Any) -> bool:
    """Whether each picture has a mask for each of its rows."""
    return isinstance(masks, list) and len(pictures) == len(masks) and all(map(_fits, pictures, masks))


def _fits(picture: dict[str, Any], own: Any) -> bool:
    if not isinstance(own, dict) or set(own) != _FIELDS or own["image"] != picture["image"]:
        return False
    size = own["size"]
    if not isinstance(size, list) or len(size) != 2 or not all(map(is_count, size)):
        return False
    return all(
        isinstance(own[side], list)
        and len(own[side]) == len(picture[side])
        and all(_covers(counts, size[0] * size[1]) for counts in own[side])
        for side in ("truth", "found")
    )


def _covers(counts: Any, pixels: int) -> bool:
    """Whether `counts` are compressed run lengths of so many pixels: pycocotools writes whatever others say into memory
    that it has not.

    A run is given in groups of five bits, the lowest first, with a sixth bit where another group follows; from the
    fourth run on, as its difference from the run two before it, whose sign the last group holds.
    """
    if not isinstance(counts, str):
        return False
    runs: list[int] = []
    value = shift = 0
    for character in counts:
        group = ord(character) - ord("0")
        if not 0 <= group < 64:
            return False
        value |= (group & 31) << shift
        shift += 5
        if group & 32:
            continue
        if group & 16:
            value -= 1 << shift
        runs.append(value + (runs[-2] if len(runs) > 2 else 0))
        value = shift = 0
    return shift == 0 and all(run >= 0 for run in runs) and sum(runs) == pixels


def _mean(precisions: np.ndarray) -> float:
    return float(precisions[precisions > -1].mean())
