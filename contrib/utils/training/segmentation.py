"""Drawn scenes as networks of segmentation are trained on them. torch is needed to call it."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np
from PIL import Image

from utils.datasets.samples.scenes import sized_scene
from utils.datasets.voc_segmentation import VOID
from utils.training.steps import OneCycle

Preprocess = Callable[[Any], tuple[tuple[np.ndarray, ...], Any]]

SEED = 0  # of the order of scenes, and of their turns
REPORTED = 80  # steps between two lines that say how far it is
# four pixels of five are background: the loss looks at the others more than at each of those
WEIGHTS = (0.4, 1.0, 1.0, 1.0, 1.0)


def drawn(preprocess: Preprocess, count: int) -> tuple[np.ndarray, np.ndarray]:
    """The first `count` scenes and their masks, as the network takes them.

    Args:
        preprocess: of the model's task, whose note of a picture says what part of the input it fills (`size`).
        count: scenes.

    Returns:
        float16 [count, 3, H, W], and the classes of the pixels, uint8 [count, H, W], void outside the pictures.
    """
    pictures, masks = [], []
    for seed in range(count):
        scene = sized_scene(seed)
        (array,), fit = preprocess(Image.fromarray(scene.image))
        mask = np.full(array.shape[1:], VOID, np.uint8)
        scaled = Image.fromarray(scene.mask).resize(fit.size, Image.Resampling.NEAREST)
        mask[: fit.size[1], : fit.size[0]] = np.asarray(scaled)
        pictures.append(array.astype(np.float16))
        masks.append(mask)
    return np.stack(pictures), np.stack(masks)


def turned(
    random: np.random.RandomState, pictures: np.ndarray, masks: np.ndarray, batch: int
) -> tuple[np.ndarray, np.ndarray]:
    """`batch` scenes, each turned by quarters and mirrored at random: float32 and int64, the shapes of `drawn`, whose
    inputs have to be squares."""
    parts = []
    for number in random.choice(len(pictures), batch, replace=False):
        turns, mirrored = random.randint(4), random.randint(2)
        both = [np.rot90(one[number], turns, (-2, -1)) for one in (pictures, masks)]
        parts.append([one[..., ::-1] if mirrored else one for one in both])
    inputs, truths = (np.stack(column) for column in zip(*parts, strict=True))
    return inputs.astype(np.float32), truths.astype(np.int64)


def fit(network: Any, preprocess: Preprocess, *, scenes: int, steps: int, batch: int, rate: float) -> None:
    """Minimise the cross entropy of the pixels that are not void with AdamW, one cycle of the learning rate.

    Args:
        network: a torch network from [N, 3, H, W] to logits [N, classes, H, W], trained in place and left in training
            mode.
        preprocess: as `drawn` takes it.
        scenes: how many are drawn.
        steps, batch, rate: of the training: steps, scenes a step, the highest learning rate.
    """
    import torch

    random = np.random.RandomState(SEED)
    start = time.perf_counter()
    pictures, masks = drawn(preprocess, scenes)
    print(f"{scenes} scenes drawn, {time.perf_counter() - start:.0f} s", flush=True)
    network.train().to(memory_format=torch.channels_last)
    cycle = OneCycle(network.parameters(), rate, steps, decay=1e-3, rise=0.15)
    weights = torch.tensor(WEIGHTS)
    for step in range(steps):
        inputs, truths = map(torch.from_numpy, turned(random, pictures, masks, batch))
        logits = network(inputs.contiguous(memory_format=torch.channels_last))
        loss = torch.nn.functional.cross_entropy(logits, truths, weights, ignore_index=VOID)
        cycle.step(loss)
        if step % REPORTED == REPORTED - 1:
            print(f"step {step + 1}: loss {loss.item():.3f}, {time.perf_counter() - start:.0f} s", flush=True)
