"""Makes sample.safetensors: GIN trained on made molecules that the sample data set does not hold.

The weights are good for checking the pipeline, and for nothing else. Run: python train_sample.py
"""

import sys
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

import numpy as np
from model import MODEL

from utils.datasets.samples.molecules import TRAINING_SEED, molecule
from utils.training.steps import OneCycle
from zoo.training import finish

SEED, MOLECULES, EPOCHS, BATCH, RATE, NODES = 0, 1500, 25, 50, 1e-2, 20


def prepared() -> tuple[Any, Any, Any]:
    """Nodes [N, 20, 7], adjacency [N, 20, 20] and classes [N] of the molecules to train on."""
    import torch

    made = [molecule(TRAINING_SEED + number) for number in range(MOLECULES)]
    rows = [MODEL.variant().task.preprocess(graph)[0] for graph, _ in made]
    nodes = [np.pad(one, ((0, NODES - len(one)), (0, 0))) for one, _ in rows]
    edges = [np.pad(one, (0, NODES - len(one))) for _, one in rows]
    return torch.from_numpy(np.stack(nodes)), torch.from_numpy(np.stack(edges)), torch.tensor([one for _, one in made])


def train() -> Any:
    """The trained network, ready for use."""
    import torch

    torch.manual_seed(SEED)
    nodes, adjacency, truths = prepared()
    network = MODEL.variant().build()
    steps = EPOCHS * -(-MOLECULES // BATCH)
    cycle = OneCycle(network.parameters(), RATE, steps, decay=1e-4)
    for _ in range(EPOCHS):
        for chosen in torch.randperm(MOLECULES).split(BATCH):
            loss = torch.nn.functional.cross_entropy(network(nodes[chosen], adjacency[chosen]), truths[chosen])
            cycle.step(loss)
    print(f"loss {loss.item():.4f}")
    return network.eval()


def main() -> None:
    """Train, print the accuracy on the held-out molecules, write the weights."""

    start = time.perf_counter()
    network = train()
    finish(MODEL.variant(), network, "molecules", start, half=False)


if __name__ == "__main__":
    main()
