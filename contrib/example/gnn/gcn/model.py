"""Graph convolutional network and graph attention network, in dense form, on small graphs and on Cora."""

from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from engine.spec import TensorSpec
from utils.datasets.references import LISTINGS
from utils.datasets.references.as_published import arrange
from utils.datasets.samples.graphs import CLASSES, write_graphs
from utils.datasets.samples.papers import CITESEER_TOPICS, CITESEER_WORDS, TOPICS, WORDS, write_papers
from utils.tensorflow_checkpoint import read_variables
from zoo.errors import ZooError
from zoo.family import Family
from zoo.fetching.remote import Remote
from zoo.frameworks.torch_file import read_state
from zoo.model import Model, Part, Pretrained, Published, ReferenceData, SampleData
from zoo.tasks.node_classification import NodeClassification

HERE = Path(__file__).resolve().parent
FEATURES = len(CLASSES)  # a node's features are the class that was told, if any
HIDDEN, HEADS, HEAD = 16, 8, 8
FAR = -1e4  # as good as minus infinity in a softmax, and a number in float16


def gcn(features: int, classes: int, offsets: bool) -> Any:
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


def gat(features: int, classes: int, offsets: bool) -> Any:
    """Two graph attention layers: 8 heads of 8 features side by side, ELU, then one head. offsets: whether a head adds
    a number of its own to its scores, as the authors' program does, and the paper does not say."""
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
            self.offset = nn.Parameter(torch.zeros(heads, 1, 1)) if offsets else None
            for weight in (self.linear.weight, self.source, self.target):
                nn.init.xavier_uniform_(weight)

        def forward(self, nodes: Any, adjacency: Any) -> Any:
            values = self.linear(self.dropout(nodes)).unflatten(2, (self.heads, -1)).transpose(1, 2)
            scores = values @ self.source + (values @ self.target).transpose(2, 3)
            if self.offset is not None:
                scores = scores + self.offset
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
    """features [N, nodes, F] and normalised adjacency [N, nodes, nodes], both float32, to [N, nodes, classes] logits.
    Nodes of zeros behind a graph's own change nothing."""
    network = gcn if variant.startswith("gcn") else gat
    features, labels = SETS[_set_of(variant)]
    return network(features, len(labels), variant == "gat_cora_authors")


def convert_pytorch(path: Path) -> dict[str, Any]:
    """The layers of gordicaleksa's GAT. What it calls the target of an edge is the node that attends: source here."""
    names = {"scoring_fn_target": "source", "scoring_fn_source": "target", "linear_proj.weight": "linear.weight"}
    found: dict[str, Any] = {}
    for name, tensor in read_state(path).items():
        network, _, rest = name.partition(".")
        place, _, kind = rest.partition(".")
        if network != "gat_net" or place not in ("0", "1") or kind not in (*names, "bias"):
            raise ZooError(f"{path}: {name} is no tensor of this network")
        layer = ("first", "second")[int(place)]
        found[f"{layer}.{names.get(kind, kind)}"] = tensor[0].unsqueeze(2) if tensor.ndim == 3 else tensor
    return found


def convert_tensorflow(index: Path, data: Path) -> dict[str, Any]:
    """The layers of the authors' GAT. Head k consists of three convolutions of width 1, `conv1d_{3k}` (features),
    `conv1d_{3k+1}` and `conv1d_{3k+2}` (the score of the node that attends, and of the one attended to), and of
    `BiasAdd_k`; the ninth head is the second layer."""
    variables = read_variables(index, data)

    def of(kind: str, number: int, name: str) -> np.ndarray:
        full = f"{kind}_{number}/{name}" if number else f"{kind}/{name}"
        if full not in variables:
            raise ZooError(f"{index}: there is no variable {full}")
        return variables[full]

    found: dict[str, Any] = {}
    for layer, heads in (("first", range(HEADS)), ("second", range(HEADS, HEADS + 1))):
        kernels = [[of("conv1d", 3 * head + step, "kernel")[0] for head in heads] for step in range(3)]
        biases = [of("conv1d", 3 * head + 1, "bias") + of("conv1d", 3 * head + 2, "bias") for head in heads]
        found[f"{layer}.linear.weight"] = np.concatenate(kernels[0], axis=1).T
        found[f"{layer}.source"], found[f"{layer}.target"] = np.stack(kernels[1]), np.stack(kernels[2])
        found[f"{layer}.offset"] = np.stack(biases)[:, :, None]
        found[f"{layer}.bias"] = np.concatenate([of("BiasAdd", head, "biases") for head in heads])
    return found


ALEKSA = "https://raw.githubusercontent.com/gordicaleksa/pytorch-GAT/39c8f0ee634477033e8b1a6e9a6da3c7ed71bbd1"
AUTHORS = "https://raw.githubusercontent.com/PetarV-/GAT/5af87e7fce2b90ae1cbd621cd58059036a3c7436/pre_trained/cora"
PRETRAINED = {
    "gat_cora": Pretrained(
        f"{ALEKSA}/models/binaries/gat_000000.pth",
        0.4,
        "d5e58fa1220ab6039e439ecdae75a313a3be71a453d2c4d8ab3c4b8fcf57949a",
        licence="MIT",
        convert=convert_pytorch,
    ),
    "gat_cora_authors": Pretrained(
        f"{AUTHORS}/mod_cora.ckpt.index",
        0.1,
        "da5e9aa9109f59c35893295706dd02d9c5068b4ca420f82835974878781e0c7f",
        licence="MIT",
        convert=convert_tensorflow,
        beside=(
            Remote(
                f"{AUTHORS}/mod_cora.ckpt.data-00000-of-00001",
                1.1,
                "2cd45046edd87654e4b68042eb8b0fa7ffebbb4af088cbf40029fd50c008f578",
            ),
        ),
    ),
}
# Features of a node and classes: of the small graphs, of Cora, of Citeseer
SETS = {"": (FEATURES, CLASSES), "cora": (WORDS, TOPICS), "citeseer": (CITESEER_WORDS, CITESEER_TOPICS)}
TRAINED_HERE = "by which trainings from other random numbers differ; the weights were trained here"
PUBLISHED = {
    "gcn": Published("accuracy", 0.815, "the paper, Cora, not these graphs"),
    "gat": Published("accuracy", 0.830, "the paper, Cora, not these graphs"),
    "gcn_cora": Published(
        "accuracy",
        0.815,
        "the paper, Cora, split of Planetoid",
        decimals=3,
        spread=0.01,
        spread_of=TRAINED_HERE,
    ),
    "gcn_citeseer": Published(
        "accuracy",
        0.703,
        "the paper, Citeseer, split of Planetoid",
        decimals=3,
        spread=0.01,
        spread_of=TRAINED_HERE,
    ),
    "gat_cora": Published("accuracy", 0.822, "in the file itself, Cora, split of Planetoid", decimals=3),
    "gat_cora_authors": Published("accuracy", 0.844, "the authors' readme, Cora, split of Planetoid", decimals=3),
}
CITATIONS = {
    name: ReferenceData(
        name,
        f"{title}, split of Planetoid",
        LISTINGS / f"{name}.tsv",
        arrange,
        f"MIT (the repository); {title}: none stated",
        1,
    )
    for name, title in (("cora", "Cora"), ("citeseer", "Citeseer"))
}


def _set_of(variant: str) -> str:
    """ "cora", "citeseer", or "" of the small graphs."""
    return next((name for name in CITATIONS if f"_{name}" in variant), "")


def sample(name: str) -> SampleData:
    """What every step can be tried on without a network: small graphs, or papers as the public set has them."""
    if not name:
        return SampleData("graphs", 1, write_graphs, "planted communities")
    words, topics = SETS[name]
    write = partial(write_papers, words=words, topics=len(topics))
    return SampleData("papers" if name == "cora" else f"papers_{name}", 1, write, "made papers")


def model(variant: str) -> Model:
    """What is known of a variant: those of Cora and Citeseer tell the topics of papers from words and citations."""
    name = _set_of(variant)
    features, labels = SETS[name]
    classes = len(labels)
    return Model(
        build=partial(build, variant),
        parts=(
            Part(
                inputs=(
                    TensorSpec("features", "float32", ("batch", "nodes", features)),
                    TensorSpec("adjacency", "float32", ("batch", "nodes", "nodes")),
                ),
                outputs=(TensorSpec("logits", "float32", ("batch", "nodes", classes)),),
                size={"nodes": 96},
            ),
        ),
        task=NodeClassification(labels=labels, features=features),
        sample=sample(name),
        source="written for this repository after the papers",
        licence="BSD-3-Clause; karate club: W. W. Zachary, 1977, as networkx carries it (BSD-3-Clause)",
        paper="Kipf and Welling, Semi-Supervised Classification with Graph Convolutional Networks, 2017; "
        "Veličković et al., Graph Attention Networks, 2018",
        pretrained=PRETRAINED.get(variant),
        published=PUBLISHED.get(variant),
        reference=CITATIONS.get(name),
        demos=HERE / f"demos_{name}" if name else None,
    )


MODEL = Family(
    domain="gnn",
    name="gcn",
    title="GCN and GAT",
    framework="pytorch",
    folder=HERE,
    names=tuple(PUBLISHED),
    make=model,
)
