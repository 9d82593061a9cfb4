"""Graph convolutional network and graph attention network, in dense form, on small graphs."""

from functools import partial
from pathlib import Path
from typing import Any

from engine.spec import TensorSpec
from utils.datasets.samples.graphs import CLASSES, write_graphs
from zoo.family import Family
from zoo.model import Model, Part, Published, SampleData
from zoo.tasks.node_classification import NodeClassification

FEATURES = len(CLASSES)  # a node's features are the class that was told, if any
HIDDEN, HEADS, HEAD = 16, 8, 8
FAR = -1e4  # as good as minus infinity in a softmax, and a number in float16


def gcn(features: int, classes: int) -> Any:
    """Two graph convolutions, Â ReLU(Â X W0) W1, without biases, as the paper has them for citation graphs."""
    import torch
    from torch import nn

    class GCN(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.first = nn.Linear(features, HIDDEN, bias=False)
            self.second = nn.Linear(HIDDEN, classes, bias=False)
            self.dropout = nn.Dropout(0.5)

        def forward(self, nodes: Any, adjacency: Any) -> Any:
            hidden = torch.relu(adjacency @ self.first(self.dropout(nodes)))
            return adjacency @ self.second(self.dropout(hidden))

    return GCN()


def gat(features: int, classes: int) -> Any:
    """Two graph attention layers: 8 heads of 8 features side by side, ELU, then one head."""
    import torch
    from torch import nn

    class Attention(nn.Module):
        def __init__(self, size: int, heads: int, head: int) -> None:
            super().__init__()
            self.heads = heads
            self.linear = nn.Linear(size, heads * head, bias=False)
            self.source = nn.Parameter(torch.empty(heads, head, 1))
            self.target = nn.Parameter(torch.empty(heads, head, 1))
            self.bias = nn.Parameter(torch.zeros(heads * head))
            self.dropout = nn.Dropout(0.6)
            for weight in (self.linear.weight, self.source, self.target):
                nn.init.xavier_uniform_(weight)

        def forward(self, nodes: Any, adjacency: Any) -> Any:
            values = self.linear(self.dropout(nodes)).unflatten(2, (self.heads, -1)).transpose(1, 2)
            scores = values @ self.source + (values @ self.target).transpose(2, 3)
            scores = torch.nn.functional.leaky_relu(scores, 0.2)
            # no edge, or padding: nobody attends to it
            scores = scores.masked_fill(adjacency.unsqueeze(1) == 0, FAR)
            found = self.dropout(torch.softmax(scores, 3)) @ self.dropout(values)
            return found.transpose(1, 2).flatten(2) + self.bias

    class GAT(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.first = Attention(features, HEADS, HEAD)
            self.second = Attention(HEADS * HEAD, 1, classes)

        def forward(self, nodes: Any, adjacency: Any) -> Any:
            hidden = self.first(nodes, adjacency)
            # ELU, put together from operations that every compiler has in float16 too
            hidden = torch.relu(hidden) - torch.relu(1 - torch.exp(hidden))
            return self.second(hidden, adjacency)

    return GAT()


def build(variant: str) -> Any:
    """features [N, nodes, 4] and normalised adjacency [N, nodes, nodes], both float32, to [N, nodes, 4] logits. Nodes
    of zeros behind a graph's own change nothing."""
    return {"gcn": gcn, "gat": gat}[variant](FEATURES, len(CLASSES))


PUBLISHED = {
    "gcn": Published("accuracy", 0.815, "the paper, Cora, not these graphs"),
    "gat": Published("accuracy", 0.830, "the paper, Cora, not these graphs"),
}


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
        source="written for this repository after the papers",
        licence="BSD-3-Clause; karate club: W. W. Zachary, 1977, as networkx carries it (BSD-3-Clause)",
        paper="Kipf and Welling, Semi-Supervised Classification with Graph Convolutional Networks, 2017; "
        "Veličković et al., Graph Attention Networks, 2018",
        published=PUBLISHED.get(variant),
    )


MODEL = Family(
    domain="gnn",
    name="gcn",
    title="GCN and GAT",
    framework="pytorch",
    folder=Path(__file__).resolve().parent,
    names=("gcn", "gat"),
    make=model,
)
