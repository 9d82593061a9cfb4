"""Makes sample.safetensors: dbnet_resnet18_narrow, trained on rendered scenes of invented words.

The weights are good for checking the pipeline, and for nothing else. Run: python train_sample.py
"""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

import numpy as np
from model import MODEL

from utils.datasets.icdar import TextRegion
from utils.postprocess.polygons import reach, shrink, widen
from utils.training.text_regions import cores, hard_cross_entropy, rendered, stacked, turned_maps
from zoo.training import train_on_text

SAMPLE = MODEL.variant()

SCENES, EPOCHS, RATE = 800, 8, 4e-3
SIDE = 224
SHRINK = 0.4
LOW, HIGH = 0.3, 0.7  # of the threshold map, far from and at the edge of a text


def labels(regions: list[TextRegion]) -> tuple[np.ndarray, ...]:
    """The maps that the paper trains on (section 3.4), each [SIDE, SIDE].

    text: 1 in the shrunken regions. counts: 0 where text is that nobody has to find. threshold: rises to the edge of a
    text from both sides. near: 1 in that border.
    """
    import cv2

    text, counts = cores(regions, SIDE, (SHRINK,))
    near = np.zeros_like(text)
    threshold = np.full((SIDE, SIDE), LOW, np.float32)
    for region in regions:
        outer = widen(region.polygon, 1 - SHRINK**2)
        if region.ignored or outer is None or shrink(region.polygon, SHRINK) is None:
            continue
        border = np.zeros_like(near)
        cv2.fillPoly(border, [np.round(outer).astype(np.int32)], 1)
        edge = np.ones_like(border)
        cv2.polylines(edge, [np.round(region.polygon).astype(np.int32)], True, 0)
        away = cv2.distanceTransform(edge, cv2.DIST_L2, 3) / (reach(region.polygon) * (1 - SHRINK**2))
        np.maximum(threshold, LOW + (HIGH - LOW) * np.clip(1 - away, 0, 1) * border, out=threshold)
        near |= border
    return text, counts, threshold.astype(np.float16), near & (1 - text)


def loss_of(network: Any, images: Any, text: Any, counts: Any, threshold: Any, near: Any) -> Any:
    """The paper's loss: cross-entropy (three hard negatives a positive), dice on the binary map, L1 on the border."""
    import torch

    logits, said, binary = (one[:, 0] for one in network.maps(images))
    positive = text * counts
    dice = 1 - 2 * (binary * positive).sum() / ((binary * counts).sum() + positive.sum() + 1e-6)
    border = ((said - threshold).abs() * near).sum() / (near.sum() + 1e-6)
    return torch.stack([5 * hard_cross_entropy(logits, text, counts), dice, 10 * border])


def drawn(random: np.random.RandomState) -> Sequence[Any]:
    """Pictures and their maps."""
    return [(image, *labels(regions)) for image, regions in rendered(SCENES, SIDE, random)]


def varied(scenes: Sequence[Any], random: np.random.RandomState) -> Sequence[Any]:
    """Turned and mirrored at random, the maps with the pictures."""
    return turned_maps(stacked(scenes), random)


def main() -> None:
    """Train, print the metric on scenes that training never saw, write the weights."""
    train_on_text(SAMPLE, drawn, varied, loss_of, epochs=EPOCHS, rate=RATE)


if __name__ == "__main__":
    main()
