"""Makes sample.safetensors: U-Net with 8 channels in its first level, trained on drawn scenes.

The weights are good for checking the pipeline, and for nothing else. Run: python train_sample.py
"""

import sys
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

import numpy as np
from model import MODEL, SIZE
from PIL import Image

from utils.datasets.samples.scenes import sized_scene
from utils.datasets.voc_segmentation import VOID
from utils.training.steps import OneCycle
from zoo.training import finish

SAMPLE = MODEL.variant()

SEED, SCENES, STEPS, BATCH, RATE = 0, 1200, 3000, 12, 5e-3
# four pixels of five are background: the loss looks at the others more than at each of those
WEIGHTS = (0.4, 1.0, 1.0, 1.0, 1.0)


def drawn(count: int) -> tuple[np.ndarray, np.ndarray]:
    """float16 [count, 3, SIZE, SIZE] by the model's own preprocessing, and uint8 [count, SIZE, SIZE], void outside."""
    pictures = np.empty((count, 3, SIZE, SIZE), np.float16)
    masks = np.full((count, SIZE, SIZE), VOID, np.uint8)
    for seed in range(count):
        scene = sized_scene(seed)
        (pictures[seed],), fit = SAMPLE.task.preprocess(Image.fromarray(scene.image))
        scaled = Image.fromarray(scene.mask).resize(fit.size, Image.Resampling.NEAREST)
        masks[seed, : fit.size[1], : fit.size[0]] = np.asarray(scaled)
    return pictures, masks


def batch_of(random: np.random.RandomState, pictures: np.ndarray, masks: np.ndarray) -> tuple[Any, Any]:
    """Scenes, each turned and mirrored at random."""
    import torch

    parts = []
    for number in random.choice(len(pictures), BATCH, replace=False):
        turns, mirrored = random.randint(4), random.randint(2)
        both = [np.rot90(one[number], turns, (-2, -1)) for one in (pictures, masks)]
        parts.append([one[..., ::-1] if mirrored else one for one in both])
    inputs, truths = (np.stack(column) for column in zip(*parts, strict=True))
    return torch.from_numpy(inputs.astype(np.float32)), torch.from_numpy(truths.astype(np.int64))


def main() -> None:
    """Train, print the figures on scenes that training never saw, write the weights as float16."""
    import torch

    torch.manual_seed(SEED)
    random = np.random.RandomState(SEED)
    start = time.perf_counter()
    pictures, masks = drawn(SCENES)
    print(f"{SCENES} scenes drawn, {time.perf_counter() - start:.0f} s")
    network = SAMPLE.build().train().to(memory_format=torch.channels_last)
    cycle = OneCycle(network.parameters(), RATE, STEPS, decay=1e-3, rise=0.15)
    weights = torch.tensor(WEIGHTS)
    for step in range(STEPS):
        inputs, truths = batch_of(random, pictures, masks)
        logits = network(inputs.contiguous(memory_format=torch.channels_last))
        loss = torch.nn.functional.cross_entropy(logits, truths, weights, ignore_index=VOID)
        cycle.step(loss)
        if step % 80 == 79:
            print(f"step {step + 1}: loss {loss.item():.3f}, {time.perf_counter() - start:.0f} s", flush=True)
    finish(SAMPLE, network, "scenes", start)


if __name__ == "__main__":
    main()
