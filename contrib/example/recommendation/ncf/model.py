"""Neural collaborative filtering: which films a person likes, from who watched what."""

from dataclasses import replace
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from engine.spec import TensorSpec
from utils.datasets.references import LISTINGS
from utils.datasets.references.as_published import arrange
from utils.datasets.samples.choices import write_choices
from utils.keras_h5 import read_weights
from zoo.errors import ZooError
from zoo.family import Family
from zoo.model import Model, Part, Pretrained, Published, ReferenceData, SampleData
from zoo.tasks.recommendation import Recommendation

USERS, ITEMS = 6040, 3706  # of MovieLens-1M
FACTORS, WIDTHS = 8, (64, 32, 16, 8)  # GMF; MLP: both embeddings together, and its layers
MIXED = 0.5  # how much GMF counts in NeuMF
AUTHORS = "https://raw.githubusercontent.com/hexiangnan/neural_collaborative_filtering/4aab159e81c44b062c091bdaed0ab54ac632371f"


def build(variant: str) -> Any:
    """user int64 [N, 1] and items int64 [N, candidates] to [N, candidates] float32: how probable each choice is."""
    import torch
    from torch import nn

    def tables(size: int) -> Any:
        return nn.ModuleDict({"user": nn.Embedding(USERS, size), "item": nn.Embedding(ITEMS, size)})

    def looked_up(own: Any, user: Any, items: Any) -> Any:
        things = own["item"](items)
        return own["user"](user).expand_as(things), things

    class Ncf(nn.Module):
        """GMF multiplies a person and a thing, MLP leads them through layers, NeuMF does both, each with embeddings of
        its own."""

        def __init__(self) -> None:
            super().__init__()
            self.gmf = None if variant == "mlp" else tables(FACTORS)
            self.mlp = None if variant == "gmf" else tables(WIDTHS[0] // 2)
            pairs = [] if variant == "gmf" else list(pairwise(WIDTHS))
            self.layers = nn.ModuleList(nn.Linear(one, other) for one, other in pairs)
            self.prediction = nn.Linear(FACTORS * (2 if variant == "neumf" else 1), 1)

        def forward(self, user: Any, items: Any) -> Any:
            found = []
            if self.gmf is not None:
                person, things = looked_up(self.gmf, user, items)
                found.append(person * things)
            if self.mlp is not None:
                joined = torch.cat(looked_up(self.mlp, user, items), 2)
                for layer in self.layers:
                    joined = torch.relu(layer(joined))
                found.append(joined)
            return torch.sigmoid(self.prediction(torch.cat(found, 2))).squeeze(2)

    return Ncf()


def convert(path: Path) -> dict[str, Any]:
    """The authors' weights of GMF or MLP, which Keras 1 wrote.

    LAYER/LAYER_W is [inputs, outputs], or the table of an embedding; LAYER/LAYER_b a bias.
    """
    found: dict[str, Any] = {}
    for name, array in read_weights(path).items():
        layer, _, kind = name.rpartition("/")[2].rpartition("_")
        if kind not in ("W", "b"):
            raise ZooError(f"{path}: {name} is no array of this network")
        if layer.endswith("_embedding"):
            owner = "gmf" if array.shape[-1] == FACTORS else "mlp"
            found[f"{owner}.{layer.removesuffix('_embedding')}.weight"] = array
            continue
        place = f"layers.{int(layer[5:]) - 1}" if layer.removeprefix("layer").isdigit() else layer
        found[f"{place}.{'weight' if kind == 'W' else 'bias'}"] = array if kind == "b" else array.T
    return found


def joined(path: Path, other: Path) -> dict[str, Any]:
    """NeuMF out of the files of GMF and MLP, as the authors' program begins its training: the last layers beside each
    other, each counting half."""
    gmf, mlp = convert(path), convert(other)
    ends = [{key: one.pop(f"prediction.{key}", None) for key in ("weight", "bias")} for one in (gmf, mlp)]
    if any(value is None for one in ends for value in one.values()) or set(gmf) & set(mlp):
        raise ZooError(f"{path} and {other} are not the authors' files of GMF and of MLP")
    weight = np.concatenate([MIXED * ends[0]["weight"], (1 - MIXED) * ends[1]["weight"]], 1)
    bias = MIXED * ends[0]["bias"] + (1 - MIXED) * ends[1]["bias"]
    return gmf | mlp | {"prediction.weight": weight, "prediction.bias": bias}


PRETRAINED = {
    "mlp": Pretrained(
        f"{AUTHORS}/Pretrain/ml-1m_MLP_%5B64%2C32%2C16%2C8%5D_1501652038.h5",
        1.3,
        "6207f214fc30934916d64977b7f4d69d9e24e9ed8af2d03fc6eaf1aa165ac002",
        licence="Apache-2.0",
        convert=convert,
    ),
    "gmf": Pretrained(
        f"{AUTHORS}/Pretrain/ml-1m_GMF_8_1501651698.h5",
        0.3,
        "66a069f92cbabb919354494dba764ec37637fa9efeef1d7844db9e4d9cf93f26",
        licence="Apache-2.0",
        convert=convert,
    ),
}
PRETRAINED["neumf"] = replace(PRETRAINED["gmf"], convert=joined, beside=(PRETRAINED["mlp"],))
OURS = "an independent script with the authors' weights on the same data; the authors publish no figure of "
PUBLISHED = {
    "mlp": Published("hit_rate", 0.671, "the paper, table 3: MLP-3, 8 factors, MovieLens-1M", decimals=3),
    "gmf": Published("hit_rate", 0.6368, OURS + "this file", decimals=4),
    "neumf": Published("hit_rate", 0.6710, OURS + "both joined without further training", decimals=4),
}


def model(variant: str) -> Model:
    """What is known of a variant."""
    return Model(
        build=partial(build, variant),
        parts=(
            Part(
                inputs=(
                    TensorSpec("user", "int64", ("batch", 1)),
                    TensorSpec("items", "int64", ("batch", "candidates")),
                ),
                outputs=(TensorSpec("scores", "float32", ("batch", "candidates")),),
                size={"candidates": 100},
            ),
        ),
        task=Recommendation(USERS, ITEMS),
        sample=SampleData("choices", 1, partial(write_choices, users=USERS, items=ITEMS), "choices drawn by chance"),
        source="written for this repository after the paper",
        licence="BSD-3-Clause; the authors' weights: Apache-2.0",
        paper="He et al., Neural Collaborative Filtering, 2017",
        pretrained=PRETRAINED[variant],
        published=PUBLISHED.get(variant),
        reference=ReferenceData(
            "movielens_1m_test",
            "MovieLens-1M, the last film of each person and 99 others",
            LISTINGS / "movielens_1m_test.tsv",
            arrange,
            "MovieLens: terms of GroupLens",
            USERS,
            terms="MovieLens: research, no redistribution without permission, see GroupLens' readme of MovieLens-1M",
        ),
    )


MODEL = Family(
    domain="recommendation",
    name="ncf",
    title="NCF",
    framework="pytorch",
    folder=Path(__file__).resolve().parent,
    names=("mlp", "gmf", "neumf"),
    make=model,
)
