"""Postprocessing of networks that say several things of a face, each with an output of its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from utils.datasets.face_attributes import Head
from utils.postprocess.pytorch.classification import Ranking, best
from zoo_core.errors import DataError


@dataclass(frozen=True)
class AttributesDecoder:
    """Logits of each attribute to a ranking of its classes.

    Attributes:
        heads: the attributes, in the order of the outputs.
    """

    heads: tuple[Head, ...]

    def __call__(self, outputs: Sequence[np.ndarray], metas: Sequence[object]) -> list[tuple[Ranking, ...]]:
        """Decode a batch.

        Args:
            outputs: for each attribute logits [N, classes], any float dtype.
            metas: what the preprocessing said of each of the N faces (only counted).

        Returns:
            For each face a ranking of all classes for each attribute; computed in float32.

        Raises:
            DataError: the outputs do not fit the attributes or the metas, or hold NaN or infinity.
        """
        got = [list(np.shape(one)) for one in outputs]
        wanted = [[len(metas), len(head.labels)] for head in self.heads]
        if got != wanted:
            names = ", ".join(head.name for head in self.heads)
            raise DataError(
                f"the network gave outputs of {got}, expected {wanted} for {names}. Is this another model's checkpoint?"
            )
        ranked = [best(np.asarray(one), one.shape[1]) for one in outputs]
        return [tuple(Ranking(*row) for row in rows) for rows in zip(*ranked, strict=True)]
