"""A network that predicts clicks on rows of Criteo's layout as a `Model`, and the layers that such networks share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from engine.spec import TensorSpec
from utils.datasets.criteo import CATEGORIES, INTEGERS
from utils.datasets.samples.clicks import TRAINING_SEED, draw, write_clicks
from utils.preprocess.pytorch.click_prediction import ClickFeatures
from zoo.data import SampleData
from zoo.model import Model
from zoo.part import Part
from zoo.tasks.click_prediction import ClickPrediction

EMBEDDING, HIDDEN = 8, (128, 64, 32)


def click_predictor(buckets: int, **rest: Any) -> Model:
    """A network from numbers float32 [N, 13] and categories int64 [N, 26] to a logit float32 [N, 1].

    Args:
        buckets: into how many a category is hashed, in each field.
        rest: the other fields of the `Model`.
    """
    fields: dict[str, Any] = {
        "parts": (
            Part(
                inputs=(
                    TensorSpec("dense", "float32", ("batch", INTEGERS)),
                    TensorSpec("sparse", "int64", ("batch", CATEGORIES)),
                ),
                outputs=(TensorSpec("logit", "float32", ("batch", 1)),),
            ),
        ),
        "task": ClickPrediction(ClickFeatures(buckets)),
        "sample": SampleData("clicks", 1, write_clicks, "a drawn click log"),
        "calibration": lambda: draw(256, TRAINING_SEED).rows,
        "source": "written for this repository after the paper",
        "licence": "BSD-3-Clause; the click log is drawn by this repository",
    }
    return Model(**(fields | rest))


def deep_layers(width: int) -> Any:
    """Layers from [N, width] to [N, 1], torch."""
    from torch import nn

    widths, layers = (width, *HIDDEN), []
    for one, two in zip(widths, HIDDEN, strict=False):
        layers += [nn.Linear(one, two), nn.ReLU()]
    return nn.Sequential(*layers, nn.Linear(HIDDEN[-1], 1))


def deep_factorisation(buckets: int, numbers: Callable[[], Any], embedded: Callable[[Any, Any], Any]) -> Any:
    """A factorisation machine over all 39 fields, plus layers over the same embeddings, torch.

    Args:
        buckets: of each category.
        numbers: makes what embeds numbers: a module or a parameter.
        embedded: of that and numbers [N, 13], their embeddings [N, 13, EMBEDDING].
    """
    import torch
    from torch import nn

    class DeepFactorisation(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.dense_weight = nn.Linear(INTEGERS, 1)
            self.sparse_weight = nn.Embedding(CATEGORIES * buckets, 1)
            self.dense_embedding = numbers()
            self.sparse_embedding = nn.Embedding(CATEGORIES * buckets, EMBEDDING)
            self.deep = deep_layers((INTEGERS + CATEGORIES) * EMBEDDING)
            for table in (self.sparse_weight, self.sparse_embedding):
                nn.init.normal_(table.weight, std=0.01)
            self.register_buffer("offsets", torch.arange(CATEGORIES) * buckets, persistent=False)

        def forward(self, dense: Any, sparse: Any) -> Any:
            rows = sparse + self.offsets
            fields = torch.cat([embedded(self.dense_embedding, dense), self.sparse_embedding(rows)], 1)
            linear = self.dense_weight(dense) + self.sparse_weight(rows).sum(1)
            # the sum over all pairs of fields, in linear time (Rendle, Factorization Machines, 2010)
            pairs = (fields.sum(1) ** 2 - (fields**2).sum(1)).sum(1, keepdim=True) / 2
            return linear + pairs + self.deep(fields.flatten(1))

    return DeepFactorisation()
