"""Makes sample.safetensors: ctpn_narrow, trained on rendered scenes of invented words that are about level.

The weights are good for checking the pipeline, and for nothing else. Run: python train_sample.py
"""

import sys
import time
from functools import partial
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

import numpy as np
from model import MODEL

from utils.datasets.samples.text_scenes import level, render_scene
from utils.training.text_columns import column_maps
from utils.training.text_regions import hard_cross_entropy, mirrored_scene, rendered
from zoo.training import train_on_text

SAMPLE = MODEL.variant()

SEED, SCENES, EPOCHS, BATCH, RATE = 0, 800, 10, 8, 4e-3
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


def main() -> None:
    """Train, print the metric on scenes that training never saw, write the weights."""
    import torch

    torch.manual_seed(SEED)
    random = np.random.RandomState(SEED)
    start = time.perf_counter()
    scenes = rendered(SCENES, SIDE, random, partial(render_scene, angles=level))

    def batch_of(chosen: np.ndarray, random: np.random.RandomState) -> tuple[Any, ...]:
        varied = [mirrored_scene(scenes[index], random) for index in chosen]
        columns = zip(*((image, *column_maps(regions, SIDE)) for image, regions in varied), strict=True)
        return tuple(torch.from_numpy(np.stack(column)).float() for column in columns)

    train_on_text(
        SAMPLE,
        SAMPLE.build(),
        batch_of,
        loss_of,
        random,
        scenes=SCENES,
        epochs=EPOCHS,
        batch=BATCH,
        rate=RATE,
        start=start,
    )


if __name__ == "__main__":
    main()
