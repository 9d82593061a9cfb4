"""Object detection by queries: in one graph with a mask of the picture, or in two with a choice between them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from utils.preprocess.pytorch.detr import MaskedTransform
from zoo.task import Run, as_list

from .detection import ObjectDetection


@dataclass(frozen=True, kw_only=True)
class MaskedDetection(ObjectDetection):
    """Pictures of a batch are filled up to a common size, and a mask says what is filling: what the network says of a
    picture depends a little on how far, because its convolutions see the filling."""

    transform: MaskedTransform
    padding = (0.0, 0.0)

    def length(self, data: Any) -> int:
        """The pixels that a picture takes in the input."""
        return self.transform.positions(data)


@dataclass(frozen=True, kw_only=True)
class QueryDetection(ObjectDetection):
    """The first part says of every place of the picture how probably an object is there, the second one looks at the
    best of them. The order of the best is a matter of rounding, and each part is compared without it.

    queries: how many places the second part looks at.
    """

    queries: int

    def run(self, parts: Mapping[str, Run], arrays: list[np.ndarray]) -> list[np.ndarray]:
        """Logits [N, queries, classes] and boxes [N, queries, 4]."""
        propose, decide = parts.values()
        memory, features, scores, boxes = as_list(propose(arrays))
        best = np.argsort(-scores, axis=1, kind="stable")[:, : self.queries, None]
        chosen = [np.take_along_axis(one, best, axis=1) for one in (features, boxes)]
        return as_list(decide([memory, *chosen]))
