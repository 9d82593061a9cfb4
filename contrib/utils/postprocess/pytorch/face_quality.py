"""Postprocessing of a network that judges faces: angles, and a map for each of five points."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from utils.preprocess.fit import Fit
from zoo_core.errors import DataError

POINTS, ANGLES = 5, 3
DEGREES = 90.0  # of an angle that the network calls 1
SURE = 0.25  # of a map's probability on one cell, above which a point counts as surely seen


class FaceQuality(NamedTuple):
    """What is said of a face.

    Attributes:
        angles: float32 [3], yaw, pitch and roll in degrees.
        points: float32 [5, 2], x and y in pixels of the picture: eye, eye, nose, corners of the mouth.
        scores: float32 [5], the probability of each point's cell, 0 to 1.
    """

    angles: np.ndarray
    points: np.ndarray
    scores: np.ndarray

    @property
    def quality(self) -> float:
        """0 to 1: the mean over the points of their scores, of which 0.25 counts as 1."""
        return float(np.minimum(self.scores, SURE).mean() / SURE)


@dataclass(frozen=True)
class QualityDecoder:
    """Angles in units of 90 degrees to degrees; each map's softmax, and the middle of its best cell, to a point."""

    def __call__(self, outputs: Sequence[np.ndarray], metas: Sequence[Fit]) -> list[FaceQuality]:
        """Decode a batch.

        Args:
            outputs: angles [N, 3] and maps [N, 5, H, W], logits, any float dtype.
            metas: how each of the N pictures lies in its input, which it fills.

        Raises:
            DataError: the outputs do not fit each other or the metas, or are not finite.
        """
        got = [list(np.shape(one)) for one in outputs]
        wanted = [[len(metas), ANGLES], [len(metas), POINTS]]
        if [shape[:2] for shape in got] != wanted or [len(shape) for shape in got] != [2, 4]:
            raise DataError(
                f"the network gave outputs of {got}, expected [{len(metas)}, 3] and [{len(metas)}, 5, H, W]. Is this "
                "another model's checkpoint?"
            )
        angles, maps = (np.asarray(one, np.float32) for one in outputs)
        if not (np.isfinite(angles).all() and np.isfinite(maps).all()):
            raise DataError("the network gave NaN or infinity. In float16 this is often an overflow: try float32.")
        return [self._one(*one) for one in zip(angles, maps, metas, strict=True)]

    @staticmethod
    def _one(angles: np.ndarray, maps: np.ndarray, fit: Fit) -> FaceQuality:
        height, width = maps.shape[1:]
        flat = maps.reshape(POINTS, -1)
        best = flat.argmax(axis=1)
        likely = np.exp(flat - flat.max(axis=1, keepdims=True))
        rows, columns = np.divmod(best, width)
        cells = np.stack([(columns + 0.5) * fit.size[0] / width, (rows + 0.5) * fit.size[1] / height], axis=1)
        return FaceQuality(
            angles * np.float32(DEGREES), fit.to_original(cells).astype(np.float32), 1 / likely.sum(axis=1)
        )
