"""AutoDis on click logs in Criteo's layout: embeddings of numbers that are learned, below a DeepFM."""

from functools import partial
from pathlib import Path
from typing import Any

from engine.spec import TensorSpec
from utils.datasets.criteo import CATEGORIES, INTEGERS
from utils.datasets.samples.clicks import TRAINING_SEED, draw, write_clicks
from utils.preprocess.pytorch.click_prediction import ClickFeatures
from zoo.family import Family
from zoo.model import Model, Part, SampleData
from zoo.tasks.click_prediction import ClickPrediction

BUCKETS, EMBEDDING, HIDDEN = 800, 8, (128, 64, 32)
META, SKIP, SLOPE = 20, 0.5, 0.01  # meta-embeddings of a number's field; α; of the leaky ReLU


def build(variant: str) -> Any:
    """dense [N, 13] float32 and sparse [N, 26] int64 to [N, 1] logits: DeepFM, whose embedding of a number is a mixture
    of its field's meta-embeddings. How much of each one: a soft choice, which the number itself makes."""
    import torch
    from torch import nn

    class AutoDis(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.meta = nn.Parameter(torch.randn(INTEGERS, META, EMBEDDING) * 0.03)
            self.first = nn.Parameter(torch.randn(INTEGERS, META) * 0.5)
            self.second = nn.Parameter(torch.randn(INTEGERS, META, META) * 0.2)
            self.temperature = nn.Parameter(torch.zeros(INTEGERS, 1))  # its logarithm, so that it stays positive

        def forward(self, dense: Any) -> Any:
            hidden = torch.nn.functional.leaky_relu(dense.unsqueeze(2) * self.first, SLOPE)
            mixed = torch.einsum("nfh,fhk->nfk", hidden, self.second) + SKIP * hidden
            shares = torch.softmax(mixed * torch.exp(-self.temperature), 2)
            return torch.einsum("nfh,fhe->nfe", shares, self.meta)

    class DeepAutoDis(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.dense_weight = nn.Linear(INTEGERS, 1)
            self.sparse_weight = nn.Embedding(CATEGORIES * BUCKETS, 1)
            self.dense_embedding = AutoDis()
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
            fields = torch.cat([self.dense_embedding(dense), self.sparse_embedding(rows)], 1)
            linear = self.dense_weight(dense) + self.sparse_weight(rows).sum(1)
            # the sum over all pairs of fields, in linear time (Rendle, Factorization Machines, 2010)
            pairs = (fields.sum(1) ** 2 - (fields**2).sum(1)).sum(1, keepdim=True) / 2
            return linear + pairs + self.deep(fields.flatten(1))

    return DeepAutoDis()


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
        paper="Guo et al., An Embedding Learning Framework for Numerical Features in CTR Prediction, 2021",
    )


MODEL = Family(
    domain="recommendation",
    name="autodis",
    title="AutoDis",
    framework="pytorch",
    folder=Path(__file__).resolve().parent,
    names=("autodis",),
    make=model,
)
