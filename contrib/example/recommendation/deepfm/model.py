"""DeepFM on click logs in Criteo's layout."""

from functools import partial
from pathlib import Path
from typing import Any

from utils.datasets.criteo import INTEGERS
from zoo.family import Family
from zoo.libraries.click_predictor import EMBEDDING, click_predictor, deep_factorisation
from zoo.model import Model, Published

BUCKETS = 1000


def build(variant: str) -> Any:
    """dense [N, 13] float32 and sparse [N, 26] int64 to [N, 1] logits: a factorisation machine over all 39 fields, plus
    layers over the same embeddings. A number is the value of its field, a category has the value 1."""
    import torch
    from torch import nn

    def numbers() -> Any:
        return nn.Parameter(torch.randn(INTEGERS, EMBEDDING) * 0.01)

    def embedded(table: Any, dense: Any) -> Any:
        return dense.unsqueeze(2) * table

    return deep_factorisation(BUCKETS, numbers, embedded)


PUBLISHED = {
    "deepfm": Published("auc", 0.8007, "the paper, Criteo's display advertising challenge, not this log"),
}


def model(variant: str) -> Model:
    """What is known of a variant."""
    return click_predictor(
        BUCKETS,
        build=partial(build, variant),
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
