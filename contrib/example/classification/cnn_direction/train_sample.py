"""Makes sample.safetensors: trained on invented words that the sample data does not hold, upright and turned.

The weights are good for checking the pipeline, and for nothing else. Run: python train_sample.py
"""

import sys
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

import numpy as np
from model import MODEL

from utils.datasets.samples.directions import training_pictures
from utils.training.steps import OneCycle
from zoo.training import finish

SAMPLE = MODEL.variant()

SEED, WORDS, EPOCHS, BATCH, RATE = 0, 10_000, 6, 64, 4e-3


def learn(network: Any, words: Any) -> None:
    """Train the network in place on [N, 1, 64, 64] upright words, each beside itself turned by 180 degrees."""
    import torch

    steps = EPOCHS * -(-len(words) // BATCH)
    cycle = OneCycle(network.parameters(), RATE, steps, decay=1e-2)
    generator = torch.Generator().manual_seed(SEED)
    start = time.perf_counter()
    for epoch in range(EPOCHS):
        losses = []
        for chosen in torch.randperm(len(words), generator=generator).split(BATCH):
            upright = words[chosen]
            targets = torch.tensor([0, 1]).repeat_interleave(len(chosen))
            loss = torch.nn.functional.cross_entropy(network(torch.cat([upright, upright.flip(2, 3)])), targets)
            cycle.step(loss)
            losses.append(loss.item())
        print(f"epoch {epoch + 1}: loss {np.mean(losses):.4f}, {time.perf_counter() - start:.0f} s", flush=True)


def main() -> None:
    """Train, print the metric on words that training never saw, write the weights."""
    import torch

    torch.manual_seed(SEED)
    start = time.perf_counter()
    pictures = training_pictures(WORDS, SEED + 1)
    words = torch.from_numpy(np.stack([SAMPLE.task.preprocess(picture)[0][0] for picture in pictures]))
    print(f"{len(words)} words rendered, {time.perf_counter() - start:.0f} s", flush=True)
    network = SAMPLE.build()
    learn(network, words)
    finish(SAMPLE, network, "words, upright and turned", start, half=False)


if __name__ == "__main__":
    main()
