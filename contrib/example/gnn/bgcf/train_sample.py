"""Makes sample.safetensors: BGCF trained on drawn choices, of which a fifth is held out.

The weights are good for checking the pipeline, and for nothing else. Run: python train_sample.py
"""

import sys
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

import numpy as np
from model import MODEL, SIZES

from utils.datasets.samples.interactions import draw
from utils.training.steps import OneCycle
from zoo.training import finish

SAMPLE = MODEL.variant()
USERS, ITEMS, _, NEAR, COPIES = SIZES[SAMPLE.variant]
SEED, EPOCHS, BATCH, WRONG, RATE, DECAY = 0, 30, 512, 10, 5e-3, 0.1
KEPT = 0.5  # how often a person keeps the own things in a copy of the graph; else those of somebody alike are taken


def copied(known: list[list[int]], random: np.random.RandomState) -> list[list[int]]:
    """A copy of the graph: persons with their own things, or those of a person whose things are alike (Jaccard)."""
    chose = np.zeros((USERS, ITEMS))
    for user, items in enumerate(known):
        chose[user, items] = 1
    both = chose @ chose.T
    counts = chose.sum(1)
    alike = both / (counts[:, None] + counts - both)
    np.fill_diagonal(alike, 0)
    shares = alike**2 / (alike**2).sum(1, keepdims=True)
    keep = random.random_sample(USERS) < KEPT
    return [known[user if keep[user] else random.choice(USERS, p=shares[user])] for user in range(USERS)]


def neighbours(known: list[list[int]], random: np.random.RandomState) -> tuple[np.ndarray, np.ndarray]:
    """NEAR things of each person, and NEAR persons of each thing, int32; some come twice where there are fewer. A thing
    that nobody has got is next to persons by chance."""
    chosen_by: list[list[int]] = [[] for _ in range(ITEMS)]
    for user, items in enumerate(known):
        for item in items:
            chosen_by[item].append(user)

    def some(places: list[int], others: int) -> np.ndarray:
        return random.choice(places or others, NEAR, replace=0 < len(places) < NEAR)

    things = np.stack([some(items, ITEMS) for items in known])
    persons = np.stack([some(users, USERS) for users in chosen_by])
    return things.astype(np.int32), persons.astype(np.int32)


def graphs(known: list[list[int]]) -> tuple[Any, Any]:
    """Neighbours in the observed graph and in each copy: int32 [1 + COPIES, USERS, NEAR] and [1 + COPIES, ITEMS,
    NEAR]."""
    import torch

    random = np.random.RandomState(SEED)
    pairs = [neighbours(known, random), *(neighbours(copied(known, random), random) for _ in range(COPIES))]
    things, persons = (torch.from_numpy(np.stack(tables)) for tables in zip(*pairs, strict=True))
    return things, persons


def train() -> Any:
    """The network after training by BPR: each chosen thing against things by chance."""
    import torch

    torch.manual_seed(SEED)
    known = draw().known
    network = SAMPLE.build()
    network.user_near, network.item_near = graphs(known)
    pairs = torch.tensor([(user, item) for user, items in enumerate(known) for item in items])
    steps = EPOCHS * -(-len(pairs) // BATCH)
    cycle = OneCycle(network.parameters(), RATE, steps, decay=DECAY)
    for epoch in range(EPOCHS):
        for chosen in torch.randperm(len(pairs)).split(BATCH):
            users, right = pairs[chosen].T
            logits = network(users[:, None])
            wrong = logits.gather(1, torch.randint(ITEMS, (len(users), WRONG)))
            loss = -torch.nn.functional.logsigmoid(logits.gather(1, right[:, None]) - wrong).mean()
            cycle.step(loss)
        if epoch % 10 == 9:
            print(f"epoch {epoch + 1}: loss {loss.item():.4f}", flush=True)
    return network.eval()


def main() -> None:
    """Train, print the figures on what is held out, write the weights."""
    start = time.perf_counter()
    finish(SAMPLE, train(), "choices", start)


if __name__ == "__main__":
    main()
