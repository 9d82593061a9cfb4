"""Pictures with boxes, varied while a network is trained on them, and their overlap. torch is needed to call it."""

from __future__ import annotations

from typing import Any


def varied(images: Any, targets: Any, generator: Any) -> tuple[Any, Any]:
    """A batch turned upside down, mirrored and transposed by chance, each picture with its channels shuffled.

    Args:
        images: tensor [N, 3, S, S], of any type.
        targets: float32 [N, objects, 5]: class, centre x, y, width, height in pixels of the input.
        generator: torch's, of random numbers.

    Returns:
        float32 [N, 3, S, S], and the targets of what is seen in it.
    """
    import torch

    images, targets, side = images.float(), targets.clone(), images.shape[-1]
    chances = torch.rand(3, generator=generator) < 0.5
    for axis in (0, 1):
        if chances[axis]:
            images = images.flip(3 - axis)
            targets[..., 1 + axis] = side - targets[..., 1 + axis]
    if chances[2]:
        images, targets = images.transpose(2, 3), targets[..., [0, 2, 1, 4, 3]]
    orders = torch.rand(len(images), 3, generator=generator).argsort(1)
    images = images.gather(1, orders[..., None, None].expand_as(images))
    return images.contiguous(), targets


def pair_iou(one: Any, other: Any) -> Any:
    """IoU of boxes (centre x, y, width, height) over the last axis, which both broadcast over the others."""
    import torch

    low = torch.maximum(one[..., :2] - one[..., 2:] / 2, other[..., :2] - other[..., 2:] / 2)
    high = torch.minimum(one[..., :2] + one[..., 2:] / 2, other[..., :2] + other[..., 2:] / 2)
    common = (high - low).clamp(min=0).prod(-1)
    return common / (one[..., 2:].prod(-1) + other[..., 2:].prod(-1) - common + 1e-9)
