"""Objects of one class that a general detector finds, as faces."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from utils.postprocess.pytorch.detection import Detections
from utils.postprocess.pytorch.face import FoundFaces


@dataclass(frozen=True)
class ObjectsAsFaces:
    """The decoder of a detector whose only class is a face.

    Attributes:
        objects: makes objects of the network's outputs.
    """

    objects: Callable[[Sequence[np.ndarray], Sequence[Any]], list[Detections]]

    def __call__(self, outputs: Sequence[np.ndarray], metas: Sequence[Any]) -> list[FoundFaces]:
        """Decode a batch: faces without landmarks, whose boxes are cut at the picture's edges.

        Args:
            outputs, metas: as `objects` takes them.

        Raises:
            DataError: as `objects` does.
        """
        return [_faces(found) for found in self.objects(outputs, metas)]


def _faces(found: Detections) -> FoundFaces:
    corners = found.boxes.reshape(-1, 2, 2).clip(0, np.array(found.size, np.float32))
    return FoundFaces(corners.reshape(-1, 4), found.scores, np.zeros((len(found.scores), 0, 2), np.float32), found.size)
