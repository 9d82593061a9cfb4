"""Makes sample.safetensors: dbnet_resnet18_narrow, trained on rendered scenes of invented words.

The weights are good for checking the pipeline, and for nothing else. Run: python train_sample.py
"""

import sys
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

import numpy as np
from model import MODEL

from utils.datasets.icdar import TextRegion
from utils.datasets.samples.text_scenes import render_scene
from utils.postprocess.polygons import shrink, widen
from utils.preprocess.pytorch.text_detection import SceneTransform
from utils.training.steps import OneCycle
from zoo.training import finish

SAMPLE = MODEL.variant()

SEED, SCENES, EPOCHS, BATCH, RATE = 0, 800, 8, 8, 4e-3
SIDE = 224
VARIANT = "dbnet_resnet18_narrow"
SHRINK = 0.4
LOW, HIGH = 0.3, 0.7  # of the threshold map, far from and at the edge of a text


def rendered(random: np.random.RandomState) -> list[tuple[np.ndarray, ...]]:
    """Training scenes: (image by the model's preprocessing, text, counts, threshold, near), the last four [H, W]."""
    transform = SceneTransform(SIDE, SIDE)
    scenes = []
    for _ in range(SCENES):
        image, regions = render_scene((SIDE, SIDE), random)
        scenes.append((transform(image)[0].astype(np.float16), *labels(regions)))
    return scenes


def labels(regions: list[TextRegion]) -> tuple[np.ndarray, ...]:
    """The maps that the paper trains on (section 3.4), each [SIDE, SIDE].

    text: 1 in the shrunken regions. counts: 0 where text is that nobody has to find. threshold: rises to the edge of a
    text from both sides. near: 1 in that border.
    """
    import cv2

    text, near = np.zeros((2, SIDE, SIDE), np.uint8)
    counts = np.ones((SIDE, SIDE), np.uint8)
    threshold = np.full((SIDE, SIDE), LOW, np.float32)
    for region in regions:
        inner, outer = shrink(region.polygon, SHRINK), widen(region.polygon, 1 - SHRINK**2)
        if region.ignored or inner is None or outer is None:
            cv2.fillPoly(counts, [np.round(region.polygon).astype(np.int32)], 0)
            continue
        cv2.fillPoly(text, [np.round(inner).astype(np.int32)], 1)
        border = np.zeros_like(near)
        cv2.fillPoly(border, [np.round(outer).astype(np.int32)], 1)
        edge = np.ones_like(border)
        cv2.polylines(edge, [np.round(region.polygon).astype(np.int32)], True, 0)
        away = cv2.distanceTransform(edge, cv2.DIST_L2, 3) / distance(region.polygon)
        np.maximum(threshold, LOW + (HIGH - LOW) * np.clip(1 - away, 0, 1) * border, out=threshold)
        near |= border
    return text, counts, threshold.astype(np.float16), near & (1 - text)


def distance(polygon: np.ndarray) -> float:
    """How far a region is shrunken: area × (1 - ratio²) / perimeter."""
    from shapely.geometry import Polygon

    made = Polygon(polygon)
    return made.area * (1 - SHRINK**2) / made.length


def loss_of(network: Any, batch: tuple[Any, ...]) -> Any:
    """The paper's loss: cross-entropy (three hard negatives a positive), dice on the binary map, L1 on the border."""
    import torch
    from torch.nn import functional as F

    images, text, counts, threshold, near = batch
    logits, said, binary = (one[:, 0] for one in network.maps(images))
    each = F.binary_cross_entropy_with_logits(logits, text, reduction="none") * counts
    positive = text * counts
    most = int(min(3 * positive.sum(), ((1 - text) * counts).sum()))
    hardest = (each * (1 - text)).flatten().topk(max(most, 1)).values
    cross = ((each * positive).sum() + hardest.sum()) / (positive.sum() + most + 1e-6)
    dice = 1 - 2 * (binary * positive).sum() / ((binary * counts).sum() + positive.sum() + 1e-6)
    border = ((said - threshold).abs() * near).sum() / (near.sum() + 1e-6)
    return torch.stack([5 * cross, dice, 10 * border])


def turned(batch: tuple[Any, ...], random: np.random.RandomState) -> tuple[Any, ...]:
    """The batch, mirrored or turned by quarters at random: shapes of text stay shapes of text."""
    quarters, mirrored = random.randint(4), random.rand() < 0.5
    moved = tuple(one.rot90(quarters, (-2, -1)) for one in batch)
    return tuple(one.flip(-1).contiguous() for one in moved) if mirrored else tuple(one.contiguous() for one in moved)


def main() -> None:
    """Train, print the metric on scenes that training never saw, write the weights."""
    import torch

    torch.manual_seed(SEED)
    random = np.random.RandomState(SEED)
    start = time.perf_counter()
    scenes = rendered(random)
    print(f"{len(scenes)} scenes rendered, {time.perf_counter() - start:.0f} s", flush=True)
    network = SAMPLE.build().to(memory_format=torch.channels_last)  # a quarter faster
    total = EPOCHS * -(-len(scenes) // BATCH)
    cycle = OneCycle(network.parameters(), RATE, total, decay=1e-2, rise=0.15)
    for epoch in range(EPOCHS):
        network.train()
        losses = []
        for chosen in np.array_split(random.permutation(len(scenes)), total // EPOCHS):
            columns = zip(*(scenes[index] for index in chosen), strict=True)
            images, *maps = turned(tuple(torch.from_numpy(np.stack(column)).float() for column in columns), random)
            parts = loss_of(network, (images.to(memory_format=torch.channels_last), *maps))
            cycle.step(parts.sum())
            losses.append(parts.detach().numpy())
        cross, dice, border = np.mean(losses, axis=0)
        passed = time.perf_counter() - start
        print(f"epoch {epoch + 1}: loss {cross:.3f} + {dice:.3f} + {border:.3f}, {passed:.0f} s", flush=True)
    finish(SAMPLE, network, "scenes", start)


if __name__ == "__main__":
    main()
