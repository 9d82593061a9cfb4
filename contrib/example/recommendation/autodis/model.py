"""AutoDis on click logs in Criteo's layout: embeddings of numbers that are learned, below a DeepFM."""

from functools import partial
from pathlib import Path
from typing import Any

from utils.datasets.criteo import INTEGERS
from zoo.family import Family
from zoo.libraries.click_predictor import EMBEDDING, click_predictor, deep_factorisation
from zoo.model import Model

BUCKETS = 800
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

    return deep_factorisation(BUCKETS, AutoDis, lambda own, dense: own(dense))


def model(variant: str) -> Model:
    """What is known of a variant."""
    return click_predictor(
        BUCKETS,
        build=partial(build, variant),
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
