"""BGCF after the paper, in PyTorch: people and things next to each other in the graph of who chose what, and in copies
of that graph which could have been as well."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn


class Size(NamedTuple):
    """Persons and things, numbers of an embedding, neighbours that are looked at, and copies of the graph."""

    users: int
    items: int
    width: int
    near: int
    copies: int


class Side(nn.Module):
    """What is made of persons, or of things: three parts beside each other, each of the embedding's width.

    In the graph as it was observed, the mean of the neighbours beside the embedding itself, and the neighbours weighed
    by how near they are to it (attention); in a copy, the mean again. Of several copies the mean is taken.
    """

    def __init__(self, count: int, size: Size) -> None:
        super().__init__()
        self.embedding = nn.Embedding(count, size.width)
        nn.init.normal_(self.embedding.weight, std=0.1)
        self.mean, self.copied = (nn.Linear(2 * size.width, size.width) for _ in range(2))
        self.query, self.key, self.attended = (nn.Linear(size.width, size.width, bias=False) for _ in range(3))

    def forward(self, places: Tensor, others: Tensor, near: Tensor) -> Tensor:
        """Representations [N, 3 * width].

        Args:
            places: int64 [N], which of the embeddings.
            others: embeddings of the other side, [M, width].
            near: places of neighbours in `others`, int32 [1 + copies, N, near]: observed, and of each copy.
        """
        own = self.embedding(places)
        seen = others[near[0].long()]
        scores = (self.key(seen) @ self.query(own).unsqueeze(2)).squeeze(2) / own.shape[1] ** 0.5
        attended = self.attended((torch.softmax(scores, 1).unsqueeze(2) * seen).sum(1))
        mean = self.mean(torch.cat([own, seen.mean(1)], 1))
        copies = [self.copied(torch.cat([own, others[one.long()].mean(1)], 1)).tanh() for one in near[1:]]
        return torch.cat([mean.tanh(), attended.tanh(), torch.stack(copies).mean(0)], 1)


class Bgcf(nn.Module):
    """A person, int64 [N, 1], to a logit for every thing, [N, items].

    The neighbours belong to the weights, as the embeddings do: they are of the persons and things of training.
    """

    def __init__(self, size: Size) -> None:
        super().__init__()
        self.users, self.items = Side(size.users, size), Side(size.items, size)
        self.scale = nn.Parameter(torch.tensor(1.0))
        random = torch.Generator().manual_seed(0)
        for name, count, most in (("user_near", size.users, size.items), ("item_near", size.items, size.users)):
            chance = torch.randint(most, (1 + size.copies, count, size.near), generator=random, dtype=torch.int32)
            self.register_buffer(name, chance)
        self.user_near: Tensor
        self.item_near: Tensor

    def persons(self, users: Tensor) -> Tensor:
        """What is made of persons, int64 [N]: [N, 3 * width]."""
        return self.users(users, self.items.embedding.weight, self.user_near[:, users])

    def things(self) -> Tensor:
        """What is made of all things: [items, 3 * width]."""
        every = torch.arange(self.item_near.shape[1])
        return self.items(every, self.users.embedding.weight, self.item_near)

    def forward(self, user: Tensor) -> Tensor:
        return self.scale * self.persons(user[:, 0]) @ self.things().T
