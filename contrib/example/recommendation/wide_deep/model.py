"""Wide & Deep on click logs in Criteo's layout."""

from functools import partial
from pathlib import Path
from typing import Any

from utils.datasets.criteo import CATEGORIES, INTEGERS
from zoo.family import Family
from zoo.libraries.click_predictor import EMBEDDING, click_predictor, deep_layers
from zoo.model import Model, Published

BUCKETS = 1000
# Pairs of fields that the wide part crosses (0 is C1), and buckets for each pair.
CROSSES, CROSS_BUCKETS = ((0, 1), (0, 7), (1, 4), (4, 16), (5, 12), (7, 12)), 4999


def build(variant: str) -> Any:
    """dense [N, 13] float32 and sparse [N, 26] int64 to [N, 1] logits: the wide part's linear model of numbers,
    categories and crossed categories, plus the deep part's layers over numbers and an embedding of each category."""
    import torch
    from torch import nn

    class WideDeep(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.wide_dense = nn.Linear(INTEGERS, 1)
            self.wide_sparse = nn.Embedding(CATEGORIES * BUCKETS, 1)
            self.wide_crosses = nn.Embedding(len(CROSSES) * CROSS_BUCKETS, 1)
            self.embedding = nn.Embedding(CATEGORIES * BUCKETS, EMBEDDING)
            self.deep = deep_layers(INTEGERS + CATEGORIES * EMBEDDING)
            for table in (self.wide_sparse, self.wide_crosses, self.embedding):
                nn.init.normal_(table.weight, std=0.01)
            fields, pairs = torch.arange(CATEGORIES), torch.arange(len(CROSSES))
            self.register_buffer("offsets", fields * BUCKETS, persistent=False)
            self.register_buffer("cross_offsets", pairs * CROSS_BUCKETS, persistent=False)

        def forward(self, dense: Any, sparse: Any) -> Any:
            rows = sparse + self.offsets
            left, right = (sparse[:, [pair[side] for pair in CROSSES]] for side in (0, 1))
            crossed = (left * BUCKETS + right) % CROSS_BUCKETS + self.cross_offsets
            wide = self.wide_dense(dense) + self.wide_sparse(rows).sum(1) + self.wide_crosses(crossed).sum(1)
            return wide + self.deep(torch.cat([dense, self.embedding(rows).flatten(1)], 1))

    return WideDeep()


PUBLISHED = {
    "wide_deep": Published("auc", 0.728, "the paper, offline on app store impressions, not this log"),
}


def model(variant: str) -> Model:
    """What is known of a variant."""
    return click_predictor(
        BUCKETS,
        build=partial(build, variant),
        paper="Cheng et al., Wide & Deep Learning for Recommender Systems, 2016",
        published=PUBLISHED.get(variant),
    )


MODEL = Family(
    domain="recommendation",
    name="wide_deep",
    title="Wide & Deep",
    framework="pytorch",
    folder=Path(__file__).resolve().parent,
    names=("wide_deep",),
    make=model,
)
