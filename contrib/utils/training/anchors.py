"""The loss of detectors with anchors, YOLOv3 to v5. torch is needed to call it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from utils.postprocess.pytorch.darknet_maps import EACH, DarknetDecoder
from utils.training.boxes import pair_iou

RATIO = 2.5  # an anchor stands for an object where neither side is so many times as large as the other's
BOX = 5.0  # weight of the places beside those of objectness and class


class Standing(NamedTuple):
    """The boxes of a map that stand for objects, K of them.

    Attributes:
        place: picture, anchor, row and column of each, int64 [K] each.
        truth: float32 [K, 5], as `anchor_loss` has it.
    """

    place: tuple[Any, Any, Any, Any]
    truth: Any


def anchor_loss(decoder: DarknetDecoder, maps: Sequence[Any], truth: Any) -> Any:
    """Places by 1 - IoU, objectness and classes by cross entropy; the objectness that is wanted is the IoU.

    An object is that of every anchor with a shape like its own, in the cell where its centre is, and where a centre
    reaches out of its cell by half a one, in the two cells that are nearest to it as well.

    Args:
        decoder: what makes objects of the maps.
        maps: as the network gives them, the coarsest first.
        truth: float32 [N, objects, 5]: class (-1 where there is none), centre x, y, width, height in pixels.
    """
    import torch

    total, count = torch.zeros(()), 0
    for number, one in enumerate(maps):
        rows = one.unflatten(1, (EACH, -1)).permute(0, 1, 3, 4, 2)  # [N, 3, H, W, 5 + classes]
        standing = _standing(decoder, number, rows.shape[2:4], truth)
        total = total + _of_map(decoder, number, rows, standing)
        count += len(standing.truth)
    return total / max(count, 1)


def _standing(decoder: DarknetDecoder, number: int, cells: Sequence[int], truth: Any) -> Standing:
    import torch

    anchors = torch.from_numpy(decoder.anchors_of(number))
    ratios = truth[:, :, None, 3:] / anchors
    alike = (torch.maximum(ratios, 1 / ratios).amax(-1) < RATIO) & (truth[..., 0] >= 0)[..., None]
    picture, thing, anchor = alike.nonzero(as_tuple=True)
    chosen = truth[picture, thing]
    centre = chosen[:, 1:3] / decoder.strides[number]
    own = centre.floor()
    beside = torch.where(centre - own < 0.5, -1.0, 1.0)
    shifts = torch.tensor([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]] if decoder.reach[number] >= 2 else [[0.0, 0.0]])
    column, row = (own + beside * shifts[:, None]).flatten(0, 1).long().unbind(1)
    inside = (column >= 0) & (column < cells[1]) & (row >= 0) & (row < cells[0])
    picture, anchor, chosen = (one.repeat(len(shifts), *([1] * (one.ndim - 1))) for one in (picture, anchor, chosen))
    return Standing((picture[inside], anchor[inside], row[inside], column[inside]), chosen[inside])


def _of_map(decoder: DarknetDecoder, number: int, rows: Any, standing: Standing) -> Any:
    """The sum over the boxes of a map."""
    import torch
    from torch.nn import functional

    (_, anchor, row, column), truth = standing
    own = rows[standing.place]
    sizes = torch.from_numpy(decoder.anchors_of(number))[anchor]
    cell = torch.stack([column, row], 1) + 0.5
    centres = ((own[:, :2].sigmoid() - 0.5) * decoder.reach[number] + cell) * decoder.strides[number]
    ratios = (2 * own[:, 2:4].sigmoid()).square() if decoder.squared else own[:, 2:4].clamp(max=4).exp()
    overlap = pair_iou(torch.cat([centres, ratios * sizes], 1), truth[:, 1:])
    wanted = torch.zeros(rows.shape[:4])
    wanted[standing.place] = overlap.detach()
    labels = functional.one_hot(truth[:, 0].long(), decoder.rows.classes).float()
    cross_entropy = functional.binary_cross_entropy_with_logits
    objects = cross_entropy(rows[..., 4], wanted, reduction="sum")
    return BOX * (1 - overlap).sum() + objects + cross_entropy(own[:, 5:], labels, reduction="sum")
