"""Postprocessing of networks that say where the points of a face are: numbers to pixels of the picture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from utils.preprocess.pytorch.pose import Cut
from zoo_core.errors import DataError


class FoundPoints(NamedTuple):
    """The points of one face.

    Attributes:
        points: float32 [K, 2], x and y in pixels of the picture; they may lie outside of it.
        box: (left, top, right, bottom) of the face in pixels, as it was given.
    """

    points: np.ndarray
    box: tuple[float, float, float, float]


@dataclass(frozen=True)
class PointsDecoder:
    """Places from 0 to 1 in what the input shows, to places in the picture.

    Attributes:
        count: of the points.
    """

    count: int

    def __call__(self, outputs: Sequence[np.ndarray], metas: Sequence[Cut]) -> list[FoundPoints]:
        """Decode a batch.

        Args:
            outputs: [N, 2 x points], x and y of each, any float dtype.
            metas: what of a picture each input shows.

        Raises:
            DataError: the output does not fit the metas, or is not finite.
        """
        shape = [list(np.shape(one)) for one in outputs]
        if shape != [[len(metas), 2 * self.count]]:
            raise DataError(
                f"the network gave outputs of {shape}, expected [{len(metas)}, {2 * self.count}]. Is this another "
                "model's checkpoint?"
            )
        places = np.asarray(outputs[0], np.float32).reshape(len(metas), self.count, 2)
        if not np.isfinite(places).all():
            raise DataError("the network gave NaN or infinity. In float16 this is often an overflow: try float32.")
        return [
            FoundPoints((cut.centre + (one - np.float32(0.5)) * cut.size).astype(np.float32), cut.box)
            for one, cut in zip(places, metas, strict=True)
        ]
