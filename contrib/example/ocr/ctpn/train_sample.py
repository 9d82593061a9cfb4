"""Makes sample.safetensors: ctpn_narrow, trained on rendered scenes of invented words that are about level.

The weights are good for checking the pipeline, and for nothing else. Run: python train_sample.py
"""

import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

import numpy as np
from model import MODEL

from utils.datasets.samples.text_scenes import level, render_scene
from utils.training.text_columns import column_maps
from utils.training.text_regions import hard_cross_entropy, mirrored_scene, rendered, stacked
from zoo.training import train_on_text

SAMPLE = MODEL.variant()

SCENES, EPOCHS, RATE = 800, 10, 4e-3
SIDE = 224


def loss_of(network: Any, images: Any, text: Any, counts: Any, heights: Any, sides: Any, near: Any) -> Any:
    """The paper's loss (section 3.4): which anchors are text, how high it is there, and where it ends."""
    import torch
    from torch.nn import functional as F

    said, high, ends = network.maps(images)

    def over(losses: Any, weights: Any) -> Any:
        return (losses * weights).sum() / (weights.sum() + 1e-6)

    apart = F.smooth_l1_loss(high, heights, beta=0.1, reduction="none").unflatten(1, (2, -1)).sum(1)
    return torch.stack(
        [
            hard_cross_entropy(said, text, counts),
            over(apart, text),
            2 * over(F.smooth_l1_loss(ends, sides, beta=0.1, reduction="none"), near),
        ]
    )


def drawn(random: np.random.RandomState) -> Sequence[Any]:
    """Pictures and texts."""
    return rendered(SCENES, SIDE, random, partial(render_scene, angles=level))


def varied(scenes: Sequence[Any], random: np.random.RandomState) -> Sequence[Any]:
    """Mirrored at random, with the maps of what is seen then."""
    mirrored = [mirrored_scene(scene, random) for scene in scenes]
    return stacked((image, *column_maps(regions, SIDE)) for image, regions in mirrored)


def main() -> None:
    """Train, print the metric on scenes that training never saw, write the weights."""
    train_on_text(SAMPLE, drawn, varied, loss_of, epochs=EPOCHS, rate=RATE)


if __name__ == "__main__":
    main()
