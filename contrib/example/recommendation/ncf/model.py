"""Neural collaborative filtering: which films a person likes, from who watched what."""

from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

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
AUTHORS = "https://raw.githubusercontent.com/hexiangnan/neural_collaborative_filtering/4aab159e81c44b062c091bdaed0ab54ac632371f"


def build(variant: str) -> Any:
    """user int64 [N, 1] and items int64 [N, candidates] to [N, candidates] float32: how probable each choice is."""
    import torch
    from torch import nn

    size = FACTORS if variant == "gmf" else WIDTHS[0] // 2

    class Ncf(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.user_embedding = nn.Embedding(USERS, size)
            self.item_embedding = nn.Embedding(ITEMS, size)
            pairs = [] if variant == "gmf" else list(pairwise(WIDTHS))
            self.layers = nn.ModuleList(nn.Linear(one, other) for one, other in pairs)
            self.prediction = nn.Linear(FACTORS, 1)

        def forward(self, user: Any, items: Any) -> Any:
            things = self.item_embedding(items)
            person = self.user_embedding(user).expand_as(things)
            joined = torch.cat([person, things], 2) if self.layers else person * things
            for layer in self.layers:
                joined = torch.relu(layer(joined))
            return torch.sigmoid(self.prediction(joined)).squeeze(2)

    return Ncf()


def convert(path: Path) -> dict[str, Any]:
    """The authors' weights, which Keras 1 wrote.

    LAYER/LAYER_W is [inputs, outputs], or the table of an embedding; LAYER/LAYER_b a bias.
    """
    found: dict[str, Any] = {}
    for name, array in read_weights(path).items():
        layer, _, kind = name.rpartition("/")[2].rpartition("_")
        if kind not in ("W", "b"):
            raise ZooError(f"{path}: {name} is no array of this network")
        place = f"layers.{int(layer[5:]) - 1}" if layer.removeprefix("layer").isdigit() else layer
        table = layer.endswith("embedding")
        found[f"{place}.{'weight' if kind == 'W' else 'bias'}"] = array if table or kind == "b" else array.T
    return found


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
PUBLISHED = {"mlp": Published("hit_rate", 0.671, "the paper, table 3: MLP-3, 8 factors, MovieLens-1M", decimals=3)}


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
    names=("mlp", "gmf"),
    make=model,
)
