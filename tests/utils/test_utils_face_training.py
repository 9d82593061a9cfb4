"""Training of networks that look at one face: it learns, the same each time, and ends with settled norms."""

from __future__ import annotations

from typing import Any

import numpy as np

from utils.training.faces import Lesson, learn_faces

COLOURS = np.random.RandomState(1).randint(0, 3, 60)
FACES = np.zeros((60, 3, 8, 8), np.float16)
FACES[np.arange(60), COLOURS] = 1


def learnt() -> tuple[Any, list[float]]:
    """A network that was to say which channel is bright, and the loss of each step."""
    import torch

    torch.manual_seed(0)
    network = torch.nn.Sequential(
        torch.nn.Conv2d(3, 4, 8), torch.nn.BatchNorm2d(4), torch.nn.Flatten(), torch.nn.Linear(4, 3)
    )
    losses: list[float] = []

    def loss_of(batch: Any, chosen: np.ndarray) -> Any:
        assert batch.shape == (10, 3, 8, 8)
        assert batch.dtype == torch.float32
        loss = torch.nn.functional.cross_entropy(network(batch), torch.from_numpy(COLOURS[chosen]))
        losses.append(loss.item())
        return loss

    learn_faces(network, list(network.parameters()), FACES, loss_of, Lesson(steps=60, batch=10, rate=0.05))
    return network, losses


def test_it_learns_and_the_norms_settle() -> None:
    import torch

    network, losses = learnt()
    assert len(losses) == 60
    assert losses[-1] < 0.2 < losses[0]
    assert not network.training
    said = network(torch.from_numpy(FACES.astype(np.float32))).argmax(1).numpy()
    assert (said == COLOURS).all()
    assert network[1].num_batches_tracked.item() == 48  # four fifths of the steps


def test_it_is_the_same_each_time() -> None:
    assert learnt()[1] == learnt()[1]
