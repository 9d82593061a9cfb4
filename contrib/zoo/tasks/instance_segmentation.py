"""Instance segmentation: a picture in, objects with classes, scores, boxes and masks out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from utils.datasets.coco_instances import CocoInstances
from utils.datasets.sample import Sample
from utils.metrics.instances import CocoMaskPrecision, agreement
from utils.postprocess.pytorch.instances import CELLS, POOLED, InstanceDecoder, Instances, chosen_masks
from utils.postprocess.pytorch.segmentation import run_lengths
from utils.preprocess.pytorch.scaled import Scaled
from utils.roi_align import pooled_regions
from zoo.task import Run, as_list

from .two_stage_detection import TwoStageDetection


@dataclass(frozen=True, kw_only=True)
class InstanceSegmentation(TwoStageDetection):
    """A detector in two stages, and a third part, which says of each object that was found which pixels of its box
    belong to it."""

    nms_iou: float = 1.0  # the decoder has suppressed what overlaps

    def run(self, parts: Mapping[str, Run], arrays: list[np.ndarray]) -> list[np.ndarray]:
        """What `InstanceDecoder` takes. The third part is called for a picture at a time."""
        propose, classify, mask = parts.values()
        outputs, maps, powers = self.stages(propose, classify, arrays)
        sizes = [(int(height), int(width)) for height, width in arrays[1]]
        found = self.decoder.in_input(outputs, [Scaled(size, size) for size in sizes])
        masks = [np.empty((0, CELLS, CELLS), np.float32)]
        for number, (boxes, _, classes) in enumerate(found):
            if len(boxes):
                regions = pooled_regions([one[number] for one in maps], boxes, powers, POOLED)
                masks.append(chosen_masks(as_list(mask([regions]))[0], classes))
        columns = [np.concatenate(column) for column in zip(*found, strict=True)]
        return [*columns, np.concatenate(masks), np.array([len(one[0]) for one in found], np.int64)]

    def postprocess(self, outputs: list[np.ndarray], metas: list[Any]) -> list[Any]:
        return InstanceDecoder(self.decoder.classes)(outputs, metas)

    def dataset(self, root: Path) -> Sequence[Sample]:
        return CocoInstances(root, self.labels)

    def metric(self) -> Any:
        return CocoMaskPrecision(len(self.labels))

    def agreement(self, one: Any, other: Any) -> bool:
        return agreement(one, other, self.shown)

    def describe(self, prediction: Any, topk: int) -> str:
        """How many of each class, then every object: class, score, corners in pixels."""
        return super().describe(prediction.found, topk)

    def to_json(self, prediction: Any) -> dict[str, Any]:
        """As of a detector, and of each object `area`, its pixels, and `mask`, COCO's uncompressed run lengths."""
        seen: Instances = prediction.above(self.shown)
        said = super().to_json(seen.found)
        for entry, mask in zip(said["objects"], seen.masks, strict=True):
            whole = mask.whole(seen.found.size)
            entry["area"] = int(whole.sum())
            entry["mask"] = {"size": list(whole.shape), "counts": run_lengths(whole)}
        return said

    def draw(self, data: Any, prediction: Any) -> Any:
        from utils.draw.instances import draw_instances
        from utils.preprocess.pytorch.detection import upright

        return draw_instances(upright(data), prediction.above(self.shown), self.labels)
