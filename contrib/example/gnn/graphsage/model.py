"""GraphSAGE, in dense form, on small graphs."""

from functools import partial
from pathlib import Path
from typing import Any

from engine.spec import TensorSpec
from utils.datasets.samples.graphs import CLASSES, write_graphs
from zoo.family import Family
from zoo.model import Model, Part, SampleData
from zoo.tasks.node_classification import NodeClassification

FEATURES = len(CLASSES)  # a node's features are the class that was told, if any
HIDDEN, LAYERS = 32, 3
LEAST = 1e-3  # of a node's length, where it is divided by it: a number in float16 too


def build(variant: str) -> Any:
    """features [N, nodes, 4] and normalised adjacency [N, nodes, nodes], both float32, to [N, nodes, 4] logits.

    A layer is the paper's with the mean aggregator: the node itself beside the mean of its neighbours, a linear layer,
    ReLU, length 1. All neighbours are taken, none is left out by chance. Nodes of zeros behind a graph's own change
    nothing.
    """
    import torch
    from torch import nn

    class Sage(nn.Module):
        def __init__(self, size: int) -> None:
            super().__init__()
            self.own, self.near = nn.Linear(size, HIDDEN), nn.Linear(size, HIDDEN, bias=False)
            self.dropout = nn.Dropout(0.2)

        def forward(self, nodes: Any, near: Any) -> Any:
            found = torch.relu(self.own(nodes) + self.near(near))
            length = (found * found).sum(2, keepdim=True).sqrt()
            return self.dropout(found / length.clamp(min=LEAST))

    class GraphSage(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layers = nn.ModuleList(Sage(size) for size in (FEATURES, *[HIDDEN] * (LAYERS - 1)))
            self.linear = nn.Linear(HIDDEN, len(CLASSES))

        def forward(self, nodes: Any, adjacency: Any) -> Any:
            joined = torch.where(adjacency > 0, 1.0, 0.0)
            neighbours = (joined.sum(2, keepdim=True) - 1).clamp(min=1)  # without the loop that each node has
            for layer in self.layers:
                nodes = layer(nodes, (joined @ nodes - nodes) / neighbours)
            return self.linear(nodes)

    return GraphSage()


def model(variant: str) -> Model:
    """What is known of a variant."""
    return Model(
        build=partial(build, variant),
        parts=(
            Part(
                inputs=(
                    TensorSpec("features", "float32", ("batch", "nodes", FEATURES)),
                    TensorSpec("adjacency", "float32", ("batch", "nodes", "nodes")),
                ),
                outputs=(TensorSpec("logits", "float32", ("batch", "nodes", len(CLASSES))),),
                size={"nodes": 96},
            ),
        ),
        task=NodeClassification(labels=CLASSES, features=FEATURES),
        sample=SampleData("graphs", 1, write_graphs, "planted communities"),
        source="written for this repository after the paper",
        licence="BSD-3-Clause; karate club: W. W. Zachary, 1977, as networkx carries it (BSD-3-Clause)",
        paper="Hamilton et al., Inductive Representation Learning on Large Graphs, 2017",
    )


MODEL = Family(
    domain="gnn",
    name="graphsage",
    title="GraphSAGE",
    framework="pytorch",
    folder=Path(__file__).resolve().parent,
    names=("graphsage",),
    make=model,
)
