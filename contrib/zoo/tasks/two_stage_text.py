"""Text detection in two stages: level boxes of a detector of objects, of which text is the only class."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from PIL import Image

from utils.postprocess.pytorch.detection import Detections
from utils.preprocess.image import upright
from utils.preprocess.pytorch.rcnn import RcnnTransform
from zoo.task import Run

from .text_detection import FoundText, FoundTexts, Reader
from .two_stage_detection import TwoStageDetection


@dataclass(frozen=True)
class TwoStageText(FoundTexts):
    """A two-stage detector whose objects are texts.

    finding: the detector. reader: what reads the found texts for drawings.
    """

    finding: TwoStageDetection
    reader: Reader | None = None
    padding = TwoStageDetection.padding
    beside = TwoStageDetection.beside

    @property
    def transform(self) -> RcnnTransform:
        """A picture to the network's inputs."""
        return self.finding.transform

    @property
    def least(self) -> float:
        return self.finding.decoder.score

    def picture(self, data: Any) -> Image.Image:
        return upright(data)

    def length(self, data: Any) -> int:
        return self.finding.length(data)

    def run(self, parts: Mapping[str, Run], arrays: list[np.ndarray]) -> list[np.ndarray]:
        return self.finding.run(parts, arrays)

    def postprocess(self, outputs: list[np.ndarray], metas: list[Any]) -> list[list[FoundText]]:
        return [_texts(found) for found in self.finding.postprocess(outputs, metas)]

    def adapted(self, size: int | None, topk: int) -> TwoStageText:
        if not size:
            return self
        return replace(self, finding=replace(self.finding, transform=self.transform.resized(size)))


def _texts(found: Detections) -> list[FoundText]:
    """Boxes as texts, in the same order."""
    corners = found.boxes.astype(np.float64)[:, [0, 1, 2, 1, 2, 3, 0, 3]].reshape(-1, 4, 2)
    return [FoundText(one, float(score)) for one, score in zip(corners, found.scores, strict=True)]
