"""The loss of detectors that find the middles of objects. torch is needed to call it."""

from __future__ import annotations

from typing import Any


def focal(logits: Any, truth: Any, counts: Any = 1) -> Any:
    """The focal loss of heatmaps, summed up and divided by the number of centres.

    Args:
        logits: of each cell being a centre, a tensor of any shape.
        truth: 1 at centres, and less the further away from one, of the same shape.
        counts: 0 where nothing counts, but for centres; of a shape that fits.
    """
    from torch.nn.functional import logsigmoid

    heat = logits.sigmoid()
    centre = truth.eq(1).float()
    right = centre * (1 - heat) ** 2 * logsigmoid(logits)
    wrong = (1 - centre) * counts * (1 - truth) ** 4 * heat**2 * logsigmoid(-logits)
    return -(right + wrong).sum() / max(int(centre.sum()), 1)
