"""Link prediction: a graph in, how likely an edge joins two of its nodes out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from utils.datasets.links import Asked, HeldOutLinks, read_asked
from utils.datasets.sample import Sample
from utils.metrics.links import LinkQuality
from utils.preprocess.pytorch.node_classification import graph_inputs
from zoo.task import Task
from zoo_core.errors import DataError

_TIE = 0.01  # between logits of two runtimes, of their range
DRAWN, LISTED = 10, 1000  # the likeliest edges in a picture, and in --json


@dataclass(frozen=True, eq=False)
class Links:
    """names: of the nodes. pairs: int64 [m, 2], places of nodes. keys: float32 [m], logits, the higher the likelier."""

    names: tuple[str, ...]
    pairs: np.ndarray
    keys: np.ndarray

    @property
    def scores(self) -> np.ndarray:
        """float64 [m], 0 to 1: what the network takes for the probability of an edge."""
        found: np.ndarray = 1 / (1 + np.exp(-np.clip(self.keys.astype(np.float64), -80, 80)))
        return found

    def best(self, count: int) -> list[tuple[int, int, float]]:
        """The likeliest edges: both nodes and the score."""
        order = np.argsort(-self.keys, kind="stable")[:count]
        scores = self.scores
        return [(int(self.pairs[place, 0]), int(self.pairs[place, 1]), float(scores[place])) for place in order]


@dataclass(frozen=True)
class LinkPrediction(Task):
    """The inputs are features [nodes, F] and the normalised adjacency [nodes, nodes]; the output is a logit for every
    pair of nodes, [nodes, nodes], of which those that are asked for are taken.

    labels: the classes' names, of which a person's graph may tell some. features: how many a node has. most: the most
    nodes that a graph may have (--input_size).
    """

    labels: tuple[str, ...]
    features: int
    most: int | None = None
    suffixes: tuple[str, ...] = (".json",)
    data_name: str = "graph"
    padding: tuple[float, ...] | None = (0.0, 0.0)

    @property
    def source_identity(self) -> str:
        return "rows that add up to 1, symmetrically normalised adjacency, a tenth of the edges held out"

    def preprocess(self, data: Any, out: tuple[np.ndarray, ...] | None = None) -> tuple[tuple[np.ndarray, ...], Asked]:
        """The inputs of an Asked, or of the JSON file of a graph."""
        asked = self._asked(data)
        nodes = len(asked.graph.names)
        if self.most is not None and nodes > self.most:
            raise DataError(f"the graph has {nodes} nodes, and --input_size allows {self.most}: a graph cannot be cut.")
        return graph_inputs(asked.graph, self.features), asked

    def postprocess(self, outputs: list[np.ndarray], metas: list[Asked]) -> list[Links]:
        logits = np.asarray(outputs[0])
        most = max(len(one.graph.names) for one in metas)
        if logits.ndim != 3 or len(logits) != len(metas) or min(logits.shape[1:]) < most:
            raise DataError(f"the network gave {list(logits.shape)}; {[len(metas), most, most]} is expected.")
        found = []
        for row, asked in zip(logits, metas, strict=True):
            keys = row[asked.pairs[:, 0], asked.pairs[:, 1]].astype(np.float32)
            if not np.isfinite(keys).all():
                raise DataError("the network gave NaN or infinity. In float16 this is often an overflow.")
            found.append(Links(asked.graph.names, asked.pairs, keys))
        return found

    def dataset(self, root: Path) -> Sequence[Sample]:
        return HeldOutLinks(root, len(self.labels))

    def length(self, data: Any) -> int:
        return len(self._asked(data).graph.names)

    def metric(self) -> LinkQuality:
        return LinkQuality()

    def agreement(self, one: Links, other: Links) -> bool:
        """Whether every pair has the same logit but for rounding, by how far apart all of them are."""
        return bool(np.abs(one.keys - other.keys).max() <= _TIE * np.ptp(one.keys))

    def describe(self, prediction: Links, topk: int) -> str:
        names = prediction.names
        return ", ".join(f"{names[one]} - {names[other]} {score:.4f}" for one, other, score in prediction.best(topk))

    def to_json(self, prediction: Links) -> dict[str, Any]:
        """The likeliest 1,000 edges, as {"nodes": [name, name], "score"}, and of how many pairs."""
        names = prediction.names
        edges = [{"nodes": [names[one], names[other]], "score": score} for one, other, score in prediction.best(LISTED)]
        return {"pairs": len(prediction.pairs), "edges": edges}

    def draw(self, data: Any, prediction: Links) -> Any:
        from utils.draw.graph import draw_links

        graph = self._asked(data).graph
        return draw_links(graph, [(one, other) for one, other, _ in prediction.best(DRAWN)])

    def adapted(self, size: int | None, topk: int) -> LinkPrediction:
        return replace(self, most=size) if size else self

    def _asked(self, data: Any) -> Asked:
        return data if isinstance(data, Asked) else read_asked(data, self.labels)
