"""Rendered scenes of text as detectors are trained on them: what is drawn, its maps, and losses that they share."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np
from PIL import Image

from utils.datasets.icdar import TextRegion
from utils.datasets.samples.text_scenes import render_scene
from utils.postprocess.polygons import shrink
from utils.preprocess.pytorch.text_detection import SceneTransform

Scene = tuple[np.ndarray, list[TextRegion]]
Render = Callable[[tuple[int, int], np.random.RandomState], tuple[Image.Image, list[TextRegion]]]
NEGATIVES = 3  # hard ones a positive, in all of the papers


def rendered(count: int, side: int, random: np.random.RandomState, render: Render = render_scene) -> list[Scene]:
    """Training scenes, which show invented words.

    Args:
        side: of the square pictures, in pixels; a multiple of 32.
        render: draws one of (width, height) pixels.

    Returns:
        (float16 [3, side, side] by the detectors' preprocessing, the texts) of each.
    """
    transform = SceneTransform(side, side)
    drawn = (render((side, side), random) for _ in range(count))
    return [(transform(image)[0].astype(np.float16), regions) for image, regions in drawn]


def stacked(rows: Iterable[Sequence[np.ndarray]]) -> list[Any]:
    """The first arrays of all rows in one float32 tensor [rows, ...], the second ones in another, and so on; torch."""
    import torch

    return [torch.from_numpy(np.stack(column)).float() for column in zip(*rows, strict=True)]


def cores(regions: Sequence[TextRegion], side: int, ratios: Sequence[float]) -> tuple[np.ndarray, np.ndarray]:
    """How deep in a text each pixel lies, and whether it counts.

    Args:
        side: of the square picture, in pixels.
        ratios: how far texts are shrunken, as `shrink` takes them.

    Returns:
        uint8 [side, side] twice: in how many of the shrunken forms of a text a pixel lies; 0 where text is that nobody
        has to find, or that vanishes when it is shrunken.
    """
    import cv2

    depth, counts = np.zeros((side, side), np.uint8), np.ones((side, side), np.uint8)
    for region in regions:
        forms = [form for ratio in ratios if (form := shrink(region.polygon, ratio)) is not None]
        if region.ignored or len(forms) < len(ratios):
            cv2.fillPoly(counts, [np.round(region.polygon).astype(np.int32)], 0)
            continue
        own = np.zeros((len(forms), side, side), np.uint8)
        for layer, form in zip(own, forms, strict=True):
            cv2.fillPoly(layer, [np.round(form).astype(np.int32)], 1)
        np.maximum(depth, own.sum(axis=0, dtype=np.uint8), out=depth)
    return depth, counts


def turned_maps(batch: Sequence[Any], random: np.random.RandomState) -> tuple[Any, ...]:
    """Tensors [..., S, S], mirrored or turned by quarters at random, all alike: shapes of text stay shapes of text."""
    quarters, mirrored = random.randint(4), random.rand() < 0.5
    moved = tuple(one.rot90(quarters, (-2, -1)) for one in batch)
    return tuple(one.flip(-1).contiguous() for one in moved) if mirrored else tuple(one.contiguous() for one in moved)


def mirrored_scene(scene: Scene, random: np.random.RandomState) -> Scene:
    """The scene, at random mirrored, upside down, or both; the corners of its texts run clockwise as before."""
    image, regions = scene
    side = image.shape[-1]
    across, down = random.rand(2) < 0.5
    pixels = image[:, :: -1 if down else 1, :: -1 if across else 1]
    moved = [TextRegion(_mirrored(region.polygon, side, across, down), region.text) for region in regions]
    return np.ascontiguousarray(pixels), moved


def _mirrored(polygon: np.ndarray, side: int, across: bool, down: bool) -> np.ndarray:
    points = np.where([across, down], side - polygon, polygon)
    return points[::-1] if across != down else points


def hard_cross_entropy(logits: Any, truth: Any, counts: Any) -> Any:
    """Cross-entropy over the positives and as many times `NEGATIVES` of the negatives, the worst ones.

    Args:
        logits: float tensor of any shape.
        truth: 1 where a text is, else 0, of the same shape.
        counts: 0 where nothing counts, else 1.
    """
    from torch.nn import functional as F

    each = F.binary_cross_entropy_with_logits(logits, truth, reduction="none") * counts
    positive = truth * counts
    most = int(min(NEGATIVES * positive.sum(), ((1 - truth) * counts).sum()))
    hardest = (each * (1 - truth)).flatten().topk(max(most, 1)).values
    return ((each * positive).sum() + hardest.sum()) / (positive.sum() + most + 1e-6)
