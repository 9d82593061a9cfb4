"""Trains a network that classifies nodes on planted partitions, and says how well it does on other graphs."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from utils.datasets.graph import Graph, NodeTruth
from utils.datasets.samples.graphs import TRAINING_SEED, held_out, planted
from utils.training.steps import OneCycle, save_weights

SEED, GRAPHS, EPOCHS, BATCH, RATE = 0, 400, 30, 16, 1e-2
Preprocess = Callable[[Graph], tuple[Sequence[np.ndarray], Any]]


def train(build: Callable[[], Any], preprocess: Preprocess, weights: Path) -> None:
    """Train what `build` makes on 400 graphs, print the accuracy on the sample's graphs, and write `weights`.

    Args:
        build: makes the torch network: features [N, nodes, F] and adjacency [N, nodes, nodes] to logits.
        preprocess: makes of a graph the network's inputs without the batch dimension, and what it notes of it.
        weights: the safetensors file.
    """
    import torch

    torch.manual_seed(SEED)
    start = time.perf_counter()
    network = build()
    _fit(network, _prepared([planted(TRAINING_SEED + number) for number in range(GRAPHS)], preprocess))
    network.eval()
    graphs = held_out()
    features, adjacency, labels, mask = _prepared(list(graphs.values()), preprocess)
    with torch.inference_mode():
        right = network(features, adjacency).argmax(2) == labels
    each = {name: right[row][mask[row]].float().mean().item() for row, name in enumerate(graphs)}
    print(f"{right[mask].float().mean():.4f} of {int(mask.sum())} nodes, karate club {each['karate']:.4f}")
    print(f"{time.perf_counter() - start:.0f} s in all")
    save_weights(network, weights, half=False)


def _prepared(graphs: list[tuple[Graph, NodeTruth]], preprocess: Preprocess) -> list[Any]:
    """Inputs by the model's own preprocessing, labels, and which nodes count; all padded to the largest graph."""
    import torch

    rows = [preprocess(graph)[0] for graph, _ in graphs]
    columns = [*zip(*rows, strict=True), [truth.labels for _, truth in graphs], [truth.mask for _, truth in graphs]]
    longest = max(len(graph.names) for graph, _ in graphs)

    def padded(array: np.ndarray) -> np.ndarray:
        square = array.shape == (len(array), len(array))
        behind = [(0, longest - size) if square or axis == 0 else (0, 0) for axis, size in enumerate(array.shape)]
        return np.pad(array, behind)

    return [torch.from_numpy(np.stack([padded(array) for array in column])) for column in columns]


def _fit(network: Any, data: list[Any]) -> None:
    """Minimise the cross entropy of the nodes that count with AdamW, one cycle of the learning rate."""
    import torch

    features, adjacency, labels, mask = data
    steps = EPOCHS * -(-GRAPHS // BATCH)
    cycle = OneCycle(network.parameters(), RATE, steps, decay=5e-4)
    for _ in range(EPOCHS):
        for chosen in torch.randperm(GRAPHS).split(BATCH):
            logits = network(features[chosen], adjacency[chosen])[mask[chosen]]
            loss = torch.nn.functional.cross_entropy(logits, labels[chosen][mask[chosen]])
            cycle.step(loss)
