"""Object detection: a picture in, boxes with classes and scores out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from utils.datasets.coco import CocoDetection
from utils.datasets.folder import IMAGE_SUFFIXES
from utils.datasets.references import LISTINGS
from utils.datasets.references.as_published import arrange
from utils.datasets.sample import Sample
from utils.metrics.detection import CocoAveragePrecision, agreement
from utils.postprocess.pytorch.detection import Detections
from zoo.data import ReferenceData
from zoo.tasks.transformed import Transformed

COCO_MINI = ReferenceData(
    "coco_mini",
    "COCO val2017",
    LISTINGS / "coco_mini.tsv",
    arrange,
    "annotations: CC BY 4.0; each picture: the Creative Commons licence that the annotations name, many non-commercial",
    79,
    terms="COCO's pictures are Flickr's, each with a licence of its own, and COCO's terms of use hold for them",
    rule="79 of 5,000 pictures, those of the repository COCO-MINI",
)

# Drawn scenes, for detectors without pictures of their own
SCENES = Path(__file__).resolve().parents[2] / "utils" / "demos" / "scenes"

Decoder = Callable[[Sequence[np.ndarray], Sequence[Any]], list[Detections]]


class DetectionTransform(Protocol):
    """A picture to the inputs of a detector, and where it lies in them."""

    def __call__(
        self, source: Any, out: tuple[np.ndarray, ...] | None = None
    ) -> tuple[tuple[np.ndarray, ...], Any]: ...
    def resized(self, size: int) -> Any: ...
    def source_identity(self) -> str: ...


@dataclass(frozen=True)
class ObjectDetection(Transformed):
    """transform: a picture to the network's input. decoder: its outputs to boxes in the picture's own pixels. labels:
    readable class names in index order. shown, nms_iou: the least score of what a person gets to see, and the largest
    IoU of two such boxes of a class; the metric counts what the decoder keeps, which is more."""

    transform: DetectionTransform
    decoder: Decoder
    labels: tuple[str, ...]
    shown: float = 0.3
    nms_iou: float = 0.45
    suffixes: tuple[str, ...] = IMAGE_SUFFIXES
    data_name: str = "image"

    @property
    def listed(self) -> str:
        return (
            f"objects with a score of {self.shown} or more, of which no two of a class overlap by an "
            f"IoU of more than {self.nms_iou}; the counts in --json of example_valid.py hold all that the metric sees"
        )

    def postprocess(self, outputs: list[np.ndarray], metas: list[Any]) -> list[Detections]:
        return self.decoder(outputs, metas)

    def dataset(self, root: Path) -> Sequence[Sample]:
        return CocoDetection(root, self.labels)

    def metric(self) -> CocoAveragePrecision:
        return CocoAveragePrecision(len(self.labels))

    def agreement(self, one: Detections, other: Detections) -> bool:
        return agreement(one, other, self.shown)

    def _seen(self, prediction: Detections) -> Detections:
        return prediction.above(self.shown).suppressed(self.nms_iou)

    def describe(self, prediction: Detections, topk: int) -> str:
        """How many of each class, then every object: class, score, corners in pixels."""
        seen = self._seen(prediction)
        if not len(seen.scores):
            return f"nothing with a score of {self.shown} or more"
        names = [self.labels[index] for index in seen.classes]
        counts = ", ".join(f"{count} {name}" for name, count in Counter(names).most_common())
        rows = zip(names, seen.scores, seen.boxes, strict=True)
        return f"{counts}: " + ", ".join(
            f"{name} {score:.3f} [{' '.join(str(round(float(side))) for side in box)}]" for name, score, box in rows
        )

    def to_json(self, prediction: Detections) -> dict[str, Any]:
        seen = self._seen(prediction)
        rows = zip(seen.classes.tolist(), seen.scores.tolist(), seen.boxes.tolist(), strict=True)
        return {
            "size": list(seen.size),
            "objects": [
                {"index": index, "label": self.labels[index], "score": score, "box": box} for index, score, box in rows
            ],
        }

    def draw(self, data: Any, prediction: Detections) -> Any:
        from utils.draw.detection import draw_detections
        from utils.preprocess.pytorch.detection import upright

        return draw_detections(upright(data), self._seen(prediction), self.labels)

    def adapted(self, size: int | None, topk: int) -> ObjectDetection:
        return replace(self, transform=self.transform.resized(size)) if size else self
