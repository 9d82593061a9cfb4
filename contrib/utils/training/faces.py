"""Training of networks that say something of one face. torch is needed to call it, not to import it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from utils.training.steps import SETTLED, OneCycle


@dataclass(frozen=True)
class Lesson:
    """How long and how fast: steps, faces a step, the highest rate, the seed."""

    steps: int
    batch: int
    rate: float
    seed: int = 0


def learn_faces(
    network: Any, parameters: list[Any], inputs: np.ndarray, loss_of: Callable[[Any, np.ndarray], Any], lesson: Lesson
) -> None:
    """Train in place; in the last steps the norms keep their statistics. The light of each face is changed a little.

    Args:
        network: the torch module, put into training mode here.
        parameters: what is trained: those of the network, and of what helps to train it.
        inputs: float16 [N, 3, H, W], as the network takes them.
        loss_of: of a batch, a float32 tensor [n, 3, H, W], and of the numbers of its faces, int64 [n].
        lesson: how long and how fast.
    """
    import torch

    network.train()
    cycle = OneCycle(parameters, lesson.rate, lesson.steps, decay=1e-2, rise=0.2, longest=5.0)
    random = np.random.RandomState(lesson.seed)
    start, total = time.perf_counter(), 0.0
    for step in range(lesson.steps):
        if step == int(SETTLED * lesson.steps):
            network.eval()
        chosen = random.choice(len(inputs), lesson.batch, replace=False)
        contrast = random.uniform(0.85, 1.15, (lesson.batch, 1, 1, 1)).astype(np.float32)
        light = random.uniform(-0.1, 0.1, (lesson.batch, 1, 1, 1)).astype(np.float32)
        loss = loss_of(torch.from_numpy(inputs[chosen].astype(np.float32) * contrast + light), chosen)
        cycle.step(loss)
        total += loss.item()
        if step % 50 == 49:
            print(f"step {step + 1}: loss {total / 50:.4f}, {time.perf_counter() - start:.0f} s", flush=True)
            total = 0.0
