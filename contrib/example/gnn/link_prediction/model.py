"""Graph auto-encoder: which edges a graph lacks, by graph convolutions and an inner product."""

from functools import partial
from pathlib import Path
from typing import Any

from engine.spec import TensorSpec
from utils.datasets.references import LISTINGS
from utils.datasets.references.as_published import arrange
from utils.datasets.samples.papers import CITESEER_TOPICS, CITESEER_WORDS, TOPICS, WORDS, write_papers
from zoo.family import Family
from zoo.model import Model, Part, Published, ReferenceData, SampleData
from zoo.tasks.link_prediction import LinkPrediction

HERE = Path(__file__).resolve().parent
HIDDEN, CODE = 32, 16
# Words of a paper and topics, and the paper's AUC
SETS = {"gae_cora": (WORDS, TOPICS, 0.910), "gae_citeseer": (CITESEER_WORDS, CITESEER_TOPICS, 0.895)}


def build(variant: str) -> Any:
    """features [N, nodes, F] and normalised adjacency [N, nodes, nodes], both float32, to a logit for each pair, [N,
    nodes, nodes]: Z = A ReLU(A X W0) W1, and Z times Z. Nodes of zeros behind a graph's own change nothing."""
    import torch
    from torch import nn

    class Gae(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.first = nn.Linear(SETS[variant][0], HIDDEN, bias=False)
            self.second = nn.Linear(HIDDEN, CODE, bias=False)
            for layer in (self.first, self.second):
                nn.init.xavier_uniform_(layer.weight)

        def forward(self, nodes: Any, adjacency: Any) -> Any:
            hidden = torch.relu(adjacency @ self.first(nodes))
            code = adjacency @ self.second(hidden)
            return code @ code.transpose(1, 2)

    return Gae()


def model(variant: str) -> Model:
    """What is known of a variant."""
    words, topics, published = SETS[variant]
    name = variant.removeprefix("gae_")
    title = name.capitalize()
    write = partial(write_papers, words=words, topics=len(topics))
    return Model(
        build=partial(build, variant),
        parts=(
            Part(
                inputs=(
                    TensorSpec("features", "float32", ("batch", "nodes", words)),
                    TensorSpec("adjacency", "float32", ("batch", "nodes", "nodes")),
                ),
                outputs=(TensorSpec("logits", "float32", ("batch", "nodes", "nodes")),),
                size={"nodes": 96},
            ),
        ),
        task=LinkPrediction(topics, words),
        sample=SampleData("papers" if name == "cora" else f"papers_{name}", 1, write, "made papers"),
        source="written for this repository after the paper",
        licence="BSD-3-Clause",
        paper="Kipf and Welling, Variational Graph Auto-Encoders, 2016",
        published=Published(
            "auc",
            published,
            f"the paper, {title}, edges drawn by chance",
            decimals=3,
        ),
        reference=ReferenceData(
            name,
            f"{title}, split of Planetoid",
            LISTINGS / f"{name}.tsv",
            arrange,
            f"MIT (the repository); {title}: none stated",
            1,
            other="the published figure is of other edges, and of weights that were trained otherwise",
        ),
        demos=HERE / ("demos" if name == "cora" else f"demos_{name}"),
    )


MODEL = Family(
    domain="gnn",
    name="link_prediction",
    title="Graph auto-encoder",
    framework="pytorch",
    folder=HERE,
    names=tuple(SETS),
    make=model,
)
