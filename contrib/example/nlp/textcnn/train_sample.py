"""Makes the weights of `textcnn` and vocabulary.txt, trained on sentences that the grammar of the reviews makes.

The weights are good for checking the pipeline, and for nothing else. Run: python train_sample.py
"""

import sys
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

import numpy as np
from model import MODEL, VOCABULARY

from utils.datasets.samples.reviews import Review, load_split
from utils.preprocess.text import build_vocabulary
from utils.training.steps import OneCycle
from zoo.training import finish
from zoo_core.files import atomic_write

SAMPLE = MODEL.variant("textcnn")

SEED, EPOCHS, BATCH, RATE = 0, 6, 64, 1e-3
HIDDEN = 0.05  # the share of words that training replaces by [UNK], so that an unknown word means nothing
UNKNOWN_ID = 1


def encoded(reviews: list[Review]) -> tuple[Any, Any]:
    """Ids by the model's own preprocessing, int64 [N, longest], filled up with 0; and labels, int64 [N]."""
    import torch

    rows = [SAMPLE.task.preprocess(review.sentence)[0][0] for review in reviews]
    ids = np.zeros((len(rows), max(map(len, rows))), np.int64)
    for place, row in zip(ids, rows, strict=True):
        place[: len(row)] = row
    return torch.from_numpy(ids), torch.tensor([review.label for review in reviews])


def batches(ids: Any) -> list[Any]:
    """Indices of texts, a batch each, in random order; those of a batch are of similar length."""
    import torch

    lengths = (ids > 0).sum(1)
    groups = torch.randperm(len(ids)).split(8 * BATCH)
    return [batch for group in groups for batch in group[lengths[group].argsort()].split(BATCH)]


def main() -> None:
    """Train, print the metric on sentences of productions that training never saw, write vocabulary and weights."""
    import torch

    torch.manual_seed(SEED)
    start = time.perf_counter()
    train, _ = load_split()
    with atomic_write(VOCABULARY) as temporary:
        words = build_vocabulary([review.sentence for review in train])
        temporary.write_text("\n".join(words) + "\n", encoding="utf-8")
    ids, labels = encoded(train)
    network = SAMPLE.build()
    steps = EPOCHS * len(batches(ids))
    cycle = OneCycle(network.parameters(), RATE, steps, decay=1e-2)
    for epoch in range(EPOCHS):
        for chosen in batches(ids):
            batch = ids[chosen]
            batch = batch[:, : int((batch > 0).sum(1).max())]
            batch = torch.where((torch.rand(batch.shape) < HIDDEN) & (batch > 0), UNKNOWN_ID, batch)
            loss = torch.nn.functional.cross_entropy(network(batch), labels[chosen])
            cycle.step(loss)
        print(f"epoch {epoch + 1}: loss {loss.item():.4f}, {time.perf_counter() - start:.0f} s", flush=True)
    finish(SAMPLE, network, "sentences", start)


if __name__ == "__main__":
    main()
