"""Trains a classifier of texts on the generated reviews, and says how well it does on held-out ones."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from utils.datasets.samples.reviews import Review, load_split
from utils.metrics.text_classification import AccuracyAndF1
from utils.training.steps import OneCycle, round_weights, save_weights


@dataclass(frozen=True)
class Texts:
    """What a network takes of texts.

    Attributes:
        preprocess: from a text to the network's inputs without the batch dimension, ids first, and a note of it.
        postprocess: from logits and the notes to rankings of classes.
        padding: what each input is filled up with.
        unknown: the id of a word that the network does not know.
    """

    preprocess: Callable[[str], tuple[Sequence[np.ndarray], Any]]
    postprocess: Callable[[list[np.ndarray], list[Any]], list[Any]]
    padding: Sequence[float]
    unknown: int


@dataclass(frozen=True)
class Recipe:
    """How it is trained. hidden: the share of words that are replaced by the unknown one, so that it means nothing."""

    epochs: int = 6
    batch: int = 64
    rate: float = 1e-3
    hidden: float = 0.05
    seed: int = 0


def train(build: Callable[[], Any], texts: Texts, weights: Path, recipe: Recipe) -> None:
    """Train what `build` makes, print the metric on reviews that training never saw, and write `weights`.

    Args:
        build: makes the torch network, from its inputs to logits.
        texts: what it takes.
        weights: the safetensors file, float16.
        recipe: how.
    """
    import torch

    torch.manual_seed(recipe.seed)
    start = time.perf_counter()
    training, held_out = load_split()
    inputs, labels = _encoded(texts, training)
    network = build()
    network.train()
    steps = recipe.epochs * -(-len(training) // recipe.batch)
    cycle = OneCycle(network.parameters(), recipe.rate, steps, decay=1e-2)
    for epoch in range(recipe.epochs):
        for chosen in _batches(inputs[0] != texts.padding[0], recipe.batch):
            given = _hidden(_cut([one[chosen] for one in inputs], texts.padding[0]), texts, recipe.hidden)
            loss = torch.nn.functional.cross_entropy(network(*given), labels[chosen])
            cycle.step(loss)
        print(f"epoch {epoch + 1}: loss {loss.item():.4f}, {time.perf_counter() - start:.0f} s", flush=True)
    round_weights(network.eval())
    print(f"{len(held_out)} held-out reviews: {_figures(network, texts, held_out)}")
    print(f"{time.perf_counter() - start:.0f} s in all")
    save_weights(network, weights)


def _encoded(texts: Texts, reviews: list[Review]) -> tuple[list[Any], Any]:
    """The inputs, [N, longest] each, filled up; and the labels, int64 [N]."""
    import torch

    rows = [texts.preprocess(review.sentence)[0] for review in reviews]
    inputs = []
    for filling, column in zip(texts.padding, zip(*rows, strict=True), strict=True):
        filled = np.full((len(rows), max(map(len, column))), filling, column[0].dtype)
        for place, row in zip(filled, column, strict=True):
            place[: len(row)] = row
        inputs.append(torch.from_numpy(filled))
    return inputs, torch.tensor([review.label for review in reviews])


def _batches(real: Any, size: int) -> list[Any]:
    """Indices of texts, a batch each, in random order; those of a batch are of similar length."""
    import torch

    lengths = real.sum(1)
    groups = torch.randperm(len(real)).split(8 * size)
    return [batch for group in groups for batch in group[lengths[group].argsort()].split(size)]


def _cut(inputs: list[Any], filling: float) -> list[Any]:
    """A batch as wide as its longest text."""
    longest = int((inputs[0] != filling).sum(1).max())
    return [one[:, :longest] for one in inputs]


def _hidden(inputs: list[Any], texts: Texts, share: float) -> list[Any]:
    """A batch with a share of its words unknown."""
    import torch

    ids = inputs[0]
    drawn = (torch.rand(ids.shape) < share) & (ids != texts.padding[0])
    return [torch.where(drawn, texts.unknown, ids), *inputs[1:]]


def _figures(network: Any, texts: Texts, reviews: list[Review]) -> str:
    """The metric, in words."""
    import torch

    inputs, _ = _encoded(texts, reviews)
    with torch.inference_mode():
        logits = network(*inputs).numpy()
    metric = AccuracyAndF1(logits.shape[1])
    metas = [texts.preprocess(review.sentence)[1] for review in reviews]
    metric.update(texts.postprocess([logits], metas), [review.label for review in reviews])
    return ", ".join(f"{name} {value:.4f}" for name, value in metric.compute().items())
