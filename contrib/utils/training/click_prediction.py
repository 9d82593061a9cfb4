"""Trains a network that predicts clicks on rows of the drawn click log, and says how well it does on held-out ones."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from utils.datasets.samples.clicks import HELD_OUT_ROWS, HELD_OUT_SEED, TRAINING_SEED, Clicks, draw
from utils.training.steps import OneCycle, round_weights, save_weights

SEED, ROWS, EPOCHS, BATCH, RATE, DECAY = 0, 600_000, 3, 1024, 3e-3, 1e-5
Preprocess = Callable[[str], tuple[Sequence[np.ndarray], Any]]


def train(build: Callable[[], Any], preprocess: Preprocess, weights: Path, rows: int = ROWS) -> None:
    """Train what `build` makes on `rows` rows that the sample data set does not hold, and write `weights`.

    Prints AUC and log loss on the rows of the sample data set, beside the best possible, with the weights rounded to
    float16 as they are written.

    Args:
        build: makes the torch network: float32 [N, 13] and int64 [N, 26] to a logit, float32 [N, 1].
        preprocess: makes of a row, text, the network's inputs without the batch dimension, and what it notes of it.
        weights: the safetensors file, float16.
        rows: how many to train on.
    """
    import torch

    torch.manual_seed(SEED)
    start = time.perf_counter()
    *inputs, targets = _tensors(draw(rows, TRAINING_SEED), preprocess)
    network = build()
    _fit(network, inputs, targets, start)
    round_weights(network)
    _score(network, preprocess)
    print(f"{time.perf_counter() - start:.0f} s in all")
    save_weights(network, weights)


def _tensors(clicks: Clicks, preprocess: Preprocess) -> list[Any]:
    """The network's inputs for the rows, by the model's own preprocessing, and the labels, float32 [N, 1]."""
    import torch

    rows = [preprocess(row)[0] for row in clicks.rows]
    arrays = [*map(np.stack, zip(*rows, strict=True)), clicks.labels.astype(np.float32)[:, None]]
    return [torch.from_numpy(array) for array in arrays]


def _fit(network: Any, inputs: list[Any], targets: Any, start: float) -> None:
    """Minimise the cross entropy with AdamW, one cycle of the learning rate over all epochs."""
    import torch

    steps = EPOCHS * -(-len(targets) // BATCH)
    cycle = OneCycle(network.parameters(), RATE, steps, decay=DECAY)
    for epoch in range(EPOCHS):
        for chosen in torch.randperm(len(targets)).split(BATCH):
            logits = network(*(column[chosen] for column in inputs))
            loss = torch.nn.functional.binary_cross_entropy_with_logits(logits, targets[chosen])
            cycle.step(loss)
        print(f"epoch {epoch + 1}: loss {loss.item():.4f}, {time.perf_counter() - start:.0f} s")


def _score(network: Any, preprocess: Preprocess) -> None:
    """Print AUC and log loss on the held-out rows, beside those of the true probabilities."""
    import torch
    from sklearn.metrics import log_loss, roc_auc_score

    held_out = draw(HELD_OUT_ROWS, HELD_OUT_SEED)
    *inputs, _ = _tensors(held_out, preprocess)
    with torch.inference_mode():
        scores = network(*inputs).double().sigmoid().numpy()[:, 0]
    for name, measure in (("AUC", roc_auc_score), ("log loss", log_loss)):
        said, best = measure(held_out.labels, scores), measure(held_out.labels, held_out.probabilities)
        print(f"{name} on {HELD_OUT_ROWS} held-out rows: {said:.4f}, best possible {best:.4f}")
