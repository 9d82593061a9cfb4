"""Wide & Deep on click logs in Criteo's layout."""

from functools import partial
from pathlib import Path
from typing import Any

from engine.spec import TensorSpec
from utils.datasets.criteo import CATEGORIES, INTEGERS
from utils.datasets.samples.clicks import TRAINING_SEED, draw, write_clicks
from utils.preprocess.pytorch.click_prediction import ClickFeatures
from zoo.family import Family
from zoo.model import Model, Part, Published, SampleData
from zoo.tasks.click_prediction import ClickPrediction

BUCKETS, EMBEDDING, HIDDEN = 1000, 8, (128, 64, 32)
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
            one, two, three = HIDDEN
            self.deep = nn.Sequential(
                nn.Linear(INTEGERS + CATEGORIES * EMBEDDING, one),
                nn.ReLU(),
                nn.Linear(one, two),
                nn.ReLU(),
                nn.Linear(two, three),
                nn.ReLU(),
                nn.Linear(three, 1),
            )
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
    return Model(
        build=partial(build, variant),
        parts=(
            Part(
                inputs=(
                    TensorSpec("dense", "float32", ("batch", INTEGERS)),
                    TensorSpec("sparse", "int64", ("batch", CATEGORIES)),
                ),
                outputs=(TensorSpec("logit", "float32", ("batch", 1)),),
            ),
        ),
        task=ClickPrediction(ClickFeatures(BUCKETS)),
        sample=SampleData("clicks", 1, write_clicks, "a drawn click log"),
        calibration=lambda: draw(256, TRAINING_SEED).rows,
        source="written for this repository after the paper",
        licence="BSD-3-Clause; the click log is drawn by this repository",
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
