"""Makes sample.safetensors: SASRec trained on drawn choices of persons that the sample data set does not hold.

The weights are good for checking the pipeline, and for nothing else. Run: python train_sample.py
"""

import sys
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

import numpy as np
from model import HISTORY, MODEL

from utils.datasets.samples.successions import ITEMS, TRAINING_SEED, draw
from utils.training.steps import OneCycle
from zoo.training import finish

SEED, PERSONS, EPOCHS, BATCH, RATE = 0, 8000, 60, 128, 3e-3


def windows() -> tuple[Any, Any]:
    """int64 [N, 20] choices, and [N, 20] what was chosen after each; zeros where there is none."""
    import torch

    history, following = np.zeros((2, PERSONS, HISTORY), np.int64)
    for row, chosen in enumerate(draw(PERSONS, TRAINING_SEED)):
        things = np.array(chosen[-HISTORY - 1 :]) + 1
        history[row, HISTORY + 1 - len(things) :] = things[:-1]
        following[row, HISTORY + 1 - len(things) :] = things[1:]
    return torch.from_numpy(history), torch.from_numpy(following)


def train() -> Any:
    """The network after training by the paper's loss: each next choice against one thing by chance."""
    import torch

    torch.manual_seed(SEED)
    history, following = windows()
    network = MODEL.variant().build()
    steps = EPOCHS * -(-PERSONS // BATCH)
    cycle = OneCycle(network.parameters(), RATE, steps, decay=1e-4)
    for epoch in range(EPOCHS):
        for chosen in torch.randperm(PERSONS).split(BATCH):
            states, right = network.states(history[chosen]), following[chosen]
            wrong = torch.randint(1, ITEMS + 1, right.shape)
            logits = torch.stack([(states * network.item_embedding(one)).sum(2) for one in (right, wrong)])
            targets = torch.stack([torch.ones(right.shape), torch.zeros(right.shape)])
            each = torch.nn.functional.binary_cross_entropy_with_logits(logits, targets, reduction="none").sum(0)
            loss = each[right > 0].mean()
            cycle.step(loss)
        if epoch % 10 == 9:
            print(f"epoch {epoch + 1}: loss {loss.item():.4f}", flush=True)
    return network.eval()


def main() -> None:
    """Train, print the figures on the held-out persons, write the weights."""

    start = time.perf_counter()
    network = train()
    finish(MODEL.variant(), network, "persons", start, half=False)


if __name__ == "__main__":
    main()
