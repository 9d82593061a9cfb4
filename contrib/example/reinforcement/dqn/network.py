"""The networks: layers of units, and the normalisation of observations before them where the agent has one."""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import nn

LIMIT = 10.0  # Stable-Baselines3's clip_obs


class Normalised(nn.Module):
    """(observation - mean) / deviation, within ±LIMIT."""

    def __init__(self, features: int) -> None:
        super().__init__()
        self.mean: torch.Tensor
        self.deviation: torch.Tensor
        self.register_buffer("mean", torch.zeros(features))
        self.register_buffer("deviation", torch.ones(features))

    def forward(self, observations: torch.Tensor) -> torch.Tensor:
        return ((observations - self.mean) / self.deviation).clamp(-LIMIT, LIMIT)


def layers(sizes: tuple[int, ...], activation: type[nn.Module], normalised: bool) -> nn.Sequential:
    """Linear layers between `sizes`, with the activation between two of them."""
    found: list[nn.Module] = [Normalised(sizes[0])] if normalised else []
    for size, following in pairwise(sizes):
        found += [nn.Linear(size, following), activation()]
    return nn.Sequential(*found[:-1])
