"""Makes sample.safetensors: psenet_resnet18_narrow, trained on rendered scenes of invented words.

The weights are good for checking the pipeline, and for nothing else. Run: python train_sample.py
"""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

import numpy as np
from model import MODEL

from utils.training.text_regions import NEGATIVES, cores, rendered, stacked, turned_maps
from zoo.training import train_on_text

SAMPLE = MODEL.variant()

SCENES, EPOCHS, RATE = 800, 10, 4e-3
SIDE = 224
KERNELS, SMALLEST = 7, 0.4  # the smallest kernel is this much of its text
RATIOS = tuple(1 - (1 - SMALLEST) * number / (KERNELS - 1) for number in range(KERNELS))
TEXT = 0.7  # how much the loss of the whole texts weighs; the kernels have the rest


def loss_of(network: Any, images: Any, depth: Any, counts: Any) -> Any:
    """The paper's loss (section 3.4): dice over texts, three hard negatives a positive, and over kernels
    within texts."""
    import torch

    said = network.logits(images).sigmoid()
    truth = (depth[:, None] > torch.arange(KERNELS)[:, None, None]).float()
    texts = dice(said[:, 0], truth[:, 0], counts * hard(said[:, 0].detach(), truth[:, 0], counts))
    within = counts * (said[:, 0].detach() > 0.5)
    kernels = [dice(said[:, number], truth[:, number], within) for number in range(1, KERNELS)]
    return torch.stack([TEXT * texts, (1 - TEXT) * torch.stack(kernels).mean()])


def dice(said: Any, truth: Any, counts: Any) -> Any:
    """One less the paper's dice coefficient of each picture, where it counts; the mean of all pictures."""
    said, truth = (said * counts).flatten(1), (truth * counts).flatten(1)
    shared, sizes = (said * truth).sum(1), said.square().sum(1) + truth.square().sum(1)
    return (1 - 2 * shared / (sizes + 1e-3)).mean()


def hard(said: Any, text: Any, counts: Any) -> Any:
    """1 in texts, and in the background that looks most like text, three pixels of it for one of text."""
    outside = said * (1 - text) * counts
    most = max(int(min(NEGATIVES * (text * counts).sum(), ((1 - text) * counts).sum())), 1)
    least = outside.flatten().topk(most).values[-1]
    return ((outside >= least) | (text > 0)).float()


def drawn(random: np.random.RandomState) -> Sequence[Any]:
    """Pictures and their maps."""
    return [(image, *cores(regions, SIDE, RATIOS)) for image, regions in rendered(SCENES, SIDE, random)]


def varied(scenes: Sequence[Any], random: np.random.RandomState) -> Sequence[Any]:
    """Turned and mirrored at random, the maps with the pictures."""
    return turned_maps(stacked(scenes), random)


def main() -> None:
    """Train, print the metric on scenes that training never saw, write the weights."""
    train_on_text(SAMPLE, drawn, varied, loss_of, epochs=EPOCHS, rate=RATE)


if __name__ == "__main__":
    main()
