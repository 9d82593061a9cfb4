"""What bottom-up pose networks are trained to give: maps of points and of limbs. torch is needed to call it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from utils.keypoints import coco_points


def with_neck(points: np.ndarray, names: Sequence[str]) -> np.ndarray:
    """Points float64 [..., 17, 2] in COCO's order to [..., K, 2] as `names` has them; a neck is between shoulders."""
    own = coco_points()
    neck = (points[..., own.index("left_shoulder"), :] + points[..., own.index("right_shoulder"), :]) / 2
    return np.stack([neck if name == "neck" else points[..., own.index(name), :] for name in names], axis=-2)


def part_maps(places: Any, limbs: Sequence[tuple[int, int]], size: tuple[int, int], spread: float, thick: float) -> Any:
    """The maps of a batch of scenes.

    Args:
        places: float32 [N, people, K, 2], x and y in cells; NaN for people that a scene does not have.
        limbs: the two points of each limb.
        size: rows and columns of a map.
        spread: of the bell around a point, in cells.
        thick: so many cells to both sides of a limb show along it.

    Returns:
        float32 [N, K + 1 + 2 * limbs, rows, columns]: bells, 1 at their top, where two meet the higher one; the
        background, which is 1 where none is; x and y of each limb's unit vector, where two meet their mean.
    """
    import torch

    down, across = torch.arange(size[0], dtype=torch.float32), torch.arange(size[1], dtype=torch.float32)
    bell_x = torch.exp(-((across - places[..., :1]) ** 2) / (2 * spread**2))
    bell_y = torch.exp(-((down - places[..., 1:]) ** 2) / (2 * spread**2))
    heat = (bell_y[..., :, None] * bell_x[..., None, :]).nan_to_num(0).amax(dim=1)
    one, other = (places[:, :, [limb[end] for limb in limbs]] for end in (0, 1))
    way = other - one
    length = way.norm(dim=-1, keepdim=True)
    unit = way / length.clamp(min=1e-6)
    beside_x, beside_y = across - one[..., :1], down - one[..., 1:]
    along = beside_y[..., :, None] * unit[..., 1:, None] + beside_x[..., None, :] * unit[..., :1, None]
    off = beside_y[..., :, None] * unit[..., :1, None] - beside_x[..., None, :] * unit[..., 1:, None]
    on = ((along >= 0) & (along <= length[..., None]) & (off.abs() <= thick)).float()  # NaN is on nothing
    shown = on[..., None, :, :] * unit.nan_to_num(0)[..., None, None]
    fields = shown.sum(dim=1) / on.sum(dim=1).clamp(min=1)[:, :, None]
    return torch.cat([heat, 1 - heat.amax(dim=1, keepdim=True), fields.flatten(1, 2)], dim=1)
