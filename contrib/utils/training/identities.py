"""Training of networks that tell people apart. torch is needed to call it, not to import it."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import numpy as np

from utils.training.steps import SETTLED, OneCycle

SCALE = 24.0  # of cosines


@dataclass(frozen=True)
class Lesson:
    """How long and how fast: steps, pictures a step, the highest rate, the margin between people, the seed."""

    steps: int
    batch: int
    rate: float
    margin: float
    seed: int = 0


def margin_loss(embeddings: Any, centres: Any, people: Any, margin: float) -> Any:
    """Cross entropy of scaled cosines to each person's centre, the true one made smaller by `margin` (CosFace).

    Args:
        embeddings: tensor [N, D]. centres: tensor [people, D]. people: int64 [N].
    """
    from torch.nn.functional import cross_entropy, linear, normalize, one_hot

    cosines = linear(normalize(embeddings), normalize(centres))
    return cross_entropy(SCALE * (cosines - margin * one_hot(people, len(centres))), people)


def learn_people(network: Any, pictures: np.ndarray, people: np.ndarray, lesson: Lesson) -> None:
    """Train the network in place; every other picture of a step is mirrored. The margin grows from 0 to its full.

    In the last steps the norms keep their statistics.

    Args:
        network: a torch module from [N, 3, H, W], -1 to 1, to embeddings [N, D].
        pictures: uint8 [N, 3, H, W].
        people: int64 [N], from 0 up, who is in each.
    """
    import torch

    with torch.no_grad():
        features = network.eval()(torch.zeros(1, *pictures.shape[1:])).shape[1]
    network.train()
    centres = torch.nn.Parameter(torch.randn(int(people.max()) + 1, features) * 0.1)
    cycle = OneCycle([*network.parameters(), centres], lesson.rate, lesson.steps, decay=1e-2, longest=5.0)
    random = np.random.RandomState(lesson.seed)
    start = time.perf_counter()
    for step in range(lesson.steps):
        if step == int(SETTLED * lesson.steps):
            network.eval()
        chosen = random.choice(len(pictures), lesson.batch, replace=False)
        batch = pictures[chosen].astype(np.float32) / 127.5 - 1
        batch[::2] = batch[::2, :, :, ::-1]
        margin = lesson.margin * min(1.0, 2 * step / lesson.steps)
        loss = margin_loss(network(torch.from_numpy(batch)), centres, torch.from_numpy(people[chosen]), margin)
        cycle.step(loss)
        if step % 50 == 49:
            print(f"step {step + 1}: loss {loss.item():.3f}, {time.perf_counter() - start:.0f} s", flush=True)
