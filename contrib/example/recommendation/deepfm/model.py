"""DeepFM on click logs in Criteo's layout."""

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


def build(variant: str) -> Any:
    """dense [N, 13] float32 and sparse [N, 26] int64 to [N, 1] logits: a factorisation machine over all 39 fields, plus
    layers over the same embeddings. A number is the value of its field, a category has the value 1."""
    import torch
    from torch import nn

    class DeepFM(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.dense_weight = nn.Linear(INTEGERS, 1)
            self.sparse_weight = nn.Embedding(CATEGORIES * BUCKETS, 1)
            self.dense_embedding = nn.Parameter(torch.randn(INTEGERS, EMBEDDING) * 0.01)
            self.sparse_embedding = nn.Embedding(CATEGORIES * BUCKETS, EMBEDDING)
            one, two, three = HIDDEN
            self.deep = nn.Sequential(
                nn.Linear((INTEGERS + CATEGORIES) * EMBEDDING, one),
                nn.ReLU(),
                nn.Linear(one, two),
                nn.ReLU(),
                nn.Linear(two, three),
                nn.ReLU(),
                nn.Linear(three, 1),
            )
            for table in (self.sparse_weight, self.sparse_embedding):
                nn.init.normal_(table.weight, std=0.01)
            self.register_buffer("offsets", torch.arange(CATEGORIES) * BUCKETS, persistent=False)

        def forward(self, dense: Any, sparse: Any) -> Any:
            rows = sparse + self.offsets
            fields = torch.cat([dense.unsqueeze(2) * self.dense_embedding, self.sparse_embedding(rows)], 1)
            linear = self.dense_weight(dense) + self.sparse_weight(rows).sum(1)
            # the sum over all pairs of fields, in linear time (Rendle, Factorization Machines, 2010)
            pairs = (fields.sum(1) ** 2 - (fields**2).sum(1)).sum(1, keepdim=True) / 2
            return linear + pairs + self.deep(fields.flatten(1))

    return DeepFM()


PUBLISHED = {
    "deepfm": Published("auc", 0.8007, "the paper, Criteo's display advertising challenge, not this log"),
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
        paper="Guo et al., DeepFM: A Factorization-Machine based Neural Network for CTR Prediction, 2017",
        published=PUBLISHED.get(variant),
    )


MODEL = Family(
    domain="recommendation",
    name="deepfm",
    title="DeepFM",
    framework="pytorch",
    folder=Path(__file__).resolve().parent,
    names=("deepfm",),
    make=model,
)
