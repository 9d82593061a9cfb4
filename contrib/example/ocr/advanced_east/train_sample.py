"""Makes sample.safetensors: advanced_east_narrow, trained on rendered scenes of invented words.

The weights are good for checking the pipeline, and for nothing else. Run: python train_sample.py
"""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

import numpy as np
from model import MODEL

from utils.training.text_ends import end_maps
from utils.training.text_regions import hard_cross_entropy, mirrored_scene, rendered, stacked
from zoo.training import train_on_text

SAMPLE = MODEL.variant()

SCENES, EPOCHS, RATE = 800, 10, 4e-3
SIDE = 224


def loss_of(
    network: Any, images: Any, inside: Any, counts: Any, end: Any, last: Any, corners: Any, shorter: Any
) -> Any:
    """Whether a cell lies in a text; of those, whether at an end, and at which; of the ends, where the corners are, in
    shorter sides of the text, so that large texts weigh no more than small ones."""
    import torch
    from torch.nn import functional as F

    codes, said = network.maps(images)
    text, ends = inside * counts, inside * end * counts

    def over(losses: Any, weights: Any) -> Any:
        return (losses * weights).sum() / (weights.sum() + 1e-6)

    entropy = F.binary_cross_entropy_with_logits
    apart = F.smooth_l1_loss(said / shorter[:, None], corners / shorter[:, None], beta=0.1, reduction="none")
    return torch.stack(
        [
            4 * hard_cross_entropy(codes[:, 0], inside, counts),
            over(entropy(codes[:, 1], end, reduction="none"), text),
            over(entropy(codes[:, 2], last, reduction="none"), ends),
            over(apart.sum(1), ends),
        ]
    )


def drawn(random: np.random.RandomState) -> Sequence[Any]:
    """Pictures and texts."""
    return rendered(SCENES, SIDE, random)


def varied(scenes: Sequence[Any], random: np.random.RandomState) -> Sequence[Any]:
    """Mirrored at random, with the maps of what is seen then."""
    mirrored = [mirrored_scene(scene, random) for scene in scenes]
    return stacked((image, *end_maps(regions, SIDE)) for image, regions in mirrored)


def main() -> None:
    """Train, print the metric on scenes that training never saw, write the weights."""
    train_on_text(SAMPLE, drawn, varied, loss_of, epochs=EPOCHS, rate=RATE)


if __name__ == "__main__":
    main()
