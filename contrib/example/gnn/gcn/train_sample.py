"""Makes sample.safetensors (GCN) and sample_gat.safetensors: trained on other planted partitions than are held out.

The weights are good for checking the pipeline, and for nothing else. Run: python train_sample.py
"""

import sys
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

import numpy as np
from model import MODEL

from utils.datasets.graph import Graph, NodeTruth
from utils.datasets.samples.graphs import TRAINING_SEED, held_out, planted
from zoo_core.files import atomic_write

SEED, GRAPHS, EPOCHS, BATCH, RATE = 0, 400, 30, 16, 1e-2
VARIANTS = ("gcn", "gat")  # those of the small graphs; train_cora.py is the one of Cora


def prepared(graphs: list[tuple[Graph, NodeTruth]]) -> list[Any]:
    """Inputs by the model's own preprocessing, labels, and which nodes count; all padded to the largest graph."""
    import torch

    rows = [MODEL.variant().task.preprocess(graph)[0] for graph, _ in graphs]
    columns = [*zip(*rows, strict=True), [truth.labels for _, truth in graphs], [truth.mask for _, truth in graphs]]
    longest = max(len(graph.names) for graph, _ in graphs)

    def padded(array: np.ndarray) -> np.ndarray:
        square = array.shape == (len(array), len(array))
        behind = [(0, longest - size) if square or axis == 0 else (0, 0) for axis, size in enumerate(array.shape)]
        return np.pad(array, behind)

    return [torch.from_numpy(np.stack([padded(array) for array in column])) for column in columns]


def train(variant: str) -> Any:
    """The trained network of `variant`, ready for use."""
    import torch

    torch.manual_seed(SEED)
    features, adjacency, labels, mask = prepared([planted(TRAINING_SEED + number) for number in range(GRAPHS)])
    network = MODEL.variant(variant).build()
    steps = EPOCHS * -(-GRAPHS // BATCH)
    optimiser = torch.optim.AdamW(network.parameters(), lr=RATE, weight_decay=5e-4)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, max_lr=RATE, total_steps=steps)
    for _ in range(EPOCHS):
        for chosen in torch.randperm(GRAPHS).split(BATCH):
            logits = network(features[chosen], adjacency[chosen])[mask[chosen]]
            loss = torch.nn.functional.cross_entropy(logits, labels[chosen][mask[chosen]])
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
    print(f"{variant}: loss {loss.item():.4f}")
    return network.eval()


def main() -> None:
    """Train both variants, print the accuracy on graphs that training never saw, write the weights."""
    import torch
    from safetensors.torch import save_file

    start = time.perf_counter()
    graphs = held_out()
    features, adjacency, labels, mask = prepared(list(graphs.values()))
    for variant in VARIANTS:
        network = train(variant)
        with torch.inference_mode():
            right = network(features, adjacency).argmax(2) == labels
        each = {name: right[row][mask[row]].float().mean().item() for row, name in enumerate(graphs)}
        print(
            f"{variant}: {right[mask].float().mean():.4f} of {int(mask.sum())} nodes, karate club {each['karate']:.4f}"
        )
        print(f"{time.perf_counter() - start:.0f} s so far")
        with atomic_write(MODEL.variant(variant).sample_weights) as temporary:
            save_file(network.state_dict(), str(temporary))


if __name__ == "__main__":
    main()
