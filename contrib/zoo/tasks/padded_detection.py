"""Object detection in pictures of different sizes, which are filled up to a common one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from engine.spec import TensorSpec
from utils.preprocess.pytorch.rcnn import RcnnTransform
from zoo.task import Run

from .detection import ObjectDetection


@dataclass(frozen=True, kw_only=True)
class PaddedDetection(ObjectDetection):
    """Pictures of a batch are filled up to a common size, as torchvision does it: what the network says of a picture
    depends a little on how far."""

    transform: RcnnTransform
    padding = (0.0, 0.0)  # of the picture; its size needs none
    beside = (TensorSpec("sizes", "int64", ("batch", 2)),)

    def length(self, data: Any) -> int:
        """The pixels that a picture takes in the input."""
        return self.transform.positions(data)

    def run(self, parts: Mapping[str, Run], arrays: list[np.ndarray]) -> list[np.ndarray]:
        """What the only part says of the pictures; where they lie in the input, the decoder is told."""
        return super().run(parts, arrays[:1])
