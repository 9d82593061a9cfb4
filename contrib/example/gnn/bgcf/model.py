"""BGCF: which things a person likes, from who chose what, by a graph and copies of it."""

from functools import partial
from pathlib import Path
from typing import Any

from engine.spec import TensorSpec
from utils.datasets.samples.interactions import ITEMS, USERS, write_interactions
from zoo.catalogue import beside
from zoo.family import Family
from zoo.model import Model, Part, Published, SampleData
from zoo.tasks.item_ranking import ItemRanking

# Persons and things, numbers of an embedding, neighbours that are looked at, copies of the graph
SIZES = {
    "bgcf_sample": (USERS, ITEMS, 32, 16, 3),
    "bgcf_beauty": (7068, 3570, 64, 40, 5),
}
PUBLISHED = {
    "bgcf_beauty": Published("recall_at_20", 0.115, "MindSpore's list of networks, Amazon-Beauty; not these choices")
}


def build(variant: str) -> Any:
    """A person, int64 [N, 1], to a logit for every thing, [N, items]; see network.py."""
    network = beside(__file__, "network")
    return network.Bgcf(network.Size(*SIZES[variant]))


def model(variant: str) -> Model:
    """What is known of a variant."""
    users, items, *_ = SIZES[variant]
    return Model(
        build=partial(build, variant),
        parts=(
            Part(
                inputs=(TensorSpec("user", "int64", ("batch", 1)),),
                outputs=(TensorSpec("logits", "float32", ("batch", items)),),
            ),
        ),
        task=ItemRanking(users, items),
        sample=SampleData("interactions", 1, write_interactions, "drawn choices of people with tastes"),
        source="written for this repository after the paper",
        licence="BSD-3-Clause; the choices are drawn by this repository",
        paper="Sun et al., A Framework for Recommending Accurate and Diverse Items Using Bayesian Graph Convolutional "
        "Neural Networks, 2020",
        published=PUBLISHED.get(variant),
    )


MODEL = Family(
    domain="gnn",
    name="bgcf",
    title="BGCF",
    framework="pytorch",
    folder=Path(__file__).resolve().parent,
    names=tuple(SIZES),
    make=model,
)
