"""GIN, the graph isomorphism network, in dense form, on small graphs that have a class each."""

from functools import partial
from pathlib import Path
from typing import Any

from engine.spec import TensorSpec
from utils.datasets.samples.molecules import ATOMS, CLASSES, NAMES, write_molecules
from zoo.family import Family
from zoo.model import Model, Part, SampleData
from zoo.tasks.graph_classification import GraphClassification

HIDDEN, LAYERS = 16, 4


def build(variant: str) -> Any:
    """nodes [N, nodes, 7] and adjacency [N, nodes, nodes], both float32, to [N, 2] logits.

    GIN-0: a layer adds up a node and its neighbours, and two linear layers with norms follow. The classes are told from
    the sums over all nodes after each layer, and of the nodes themselves. Nodes of zeros behind a graph's own change
    nothing.
    """
    from torch import nn

    def layer(size: int) -> nn.Sequential:
        first = (nn.Linear(size, HIDDEN), nn.BatchNorm1d(HIDDEN), nn.ReLU())
        return nn.Sequential(*first, nn.Linear(HIDDEN, HIDDEN), nn.BatchNorm1d(HIDDEN), nn.ReLU())

    class Gin(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layers = nn.ModuleList(layer(size) for size in (len(ATOMS), *[HIDDEN] * (LAYERS - 1)))
            sizes = (len(ATOMS), *[HIDDEN] * LAYERS)
            self.readouts = nn.ModuleList(nn.Linear(size, len(CLASSES)) for size in sizes)

        def forward(self, nodes: Any, adjacency: Any) -> Any:
            there = nodes.sum(2, keepdim=True)  # a node is of one kind, and what fills up of none
            logits = self.readouts[0](nodes.sum(1))
            for layer, readout in zip(self.layers, self.readouts[1:], strict=True):
                found = layer((nodes + adjacency @ nodes).flatten(0, 1))
                nodes = found.unflatten(0, (adjacency.shape[0], adjacency.shape[1])) * there
                logits = logits + readout(nodes.sum(1))
            return logits

    return Gin()


def model(variant: str) -> Model:
    """What is known of a variant."""
    return Model(
        build=partial(build, variant),
        parts=(
            Part(
                inputs=(
                    TensorSpec("nodes", "float32", ("batch", "nodes", len(ATOMS))),
                    TensorSpec("adjacency", "float32", ("batch", "nodes", "nodes")),
                ),
                outputs=(TensorSpec("logits", "float32", ("batch", len(CLASSES))),),
                size={"nodes": 32},
            ),
        ),
        task=GraphClassification(kinds=ATOMS, classes=CLASSES, labels=NAMES),
        sample=SampleData("molecules", 1, write_molecules, "made molecules"),
        source="written for this repository after the paper",
        licence="BSD-3-Clause; the molecules are made by this repository",
        paper="Xu et al., How Powerful are Graph Neural Networks?, 2019",
    )


MODEL = Family(
    domain="gnn",
    name="gin",
    title="GIN",
    framework="pytorch",
    folder=Path(__file__).resolve().parent,
    names=("gin",),
    make=model,
)
