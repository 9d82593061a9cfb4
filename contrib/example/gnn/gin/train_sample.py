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
from zoo.training import held_out_figures
from zoo_core.files import atomic_write

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
    optimiser = torch.optim.AdamW(network.parameters(), lr=RATE, weight_decay=1e-4)
    steps = EPOCHS * -(-MOLECULES // BATCH)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, max_lr=RATE, total_steps=steps)
    for _ in range(EPOCHS):
        for chosen in torch.randperm(MOLECULES).split(BATCH):
            loss = torch.nn.functional.cross_entropy(network(nodes[chosen], adjacency[chosen]), truths[chosen])
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
    print(f"loss {loss.item():.4f}")
    return network.eval()


def main() -> None:
    """Train, print the accuracy on the held-out molecules, write the weights."""
    from safetensors.torch import save_file

    start = time.perf_counter()
    network = train()
    print(held_out_figures(MODEL.variant(), network), f"{time.perf_counter() - start:.0f} s")
    with atomic_write(MODEL.variant().sample_weights) as temporary:
        save_file(network.state_dict(), str(temporary))


if __name__ == "__main__":
    main()
