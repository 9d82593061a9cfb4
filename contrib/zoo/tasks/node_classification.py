"""Node classification: a graph in, a class for each of its nodes out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from utils.datasets.graph import Graph, read_graph
from utils.datasets.planetoid import Planetoid
from utils.datasets.sample import Sample
from utils.metrics.nodes import NodeAccuracy, agreement
from utils.postprocess.pytorch.node_classification import NodeClasses, node_classes
from utils.preprocess.pytorch.node_classification import graph_inputs
from zoo.task import Task
from zoo_core.errors import DataError


@dataclass(frozen=True)
class NodeClassification(Task):
    """labels: the classes' names in index order. features: how many features a node has. most: the size that
    --input_size asks for, and so the most nodes that a graph may have."""

    labels: tuple[str, ...]
    features: int
    most: int | None = None
    suffixes: tuple[str, ...] = (".json",)
    data_name: str = "graph"
    padding: tuple[float, ...] | None = (0.0, 0.0)

    @property
    def source_identity(self) -> str:
        return "rows that add up to 1, symmetrically normalised adjacency"

    def preprocess(self, data: Any, out: tuple[np.ndarray, ...] | None = None) -> tuple[tuple[np.ndarray, ...], int]:
        """The inputs of a Graph, or of the JSON file that holds it; meta is the number of its nodes."""
        arrays = graph_inputs(self._graph(data), self.features)
        nodes = len(arrays[0])
        if self.most is not None and nodes > self.most:
            raise DataError(f"the graph has {nodes} nodes, and --input_size allows {self.most}: a graph cannot be cut.")
        return arrays, nodes

    def postprocess(self, outputs: list[np.ndarray], metas: list[Any]) -> list[NodeClasses]:
        return node_classes(outputs, metas, len(self.labels))

    def dataset(self, root: Path) -> Sequence[Sample]:
        return Planetoid(root, len(self.labels))

    def length(self, data: Any) -> int:
        return len(self._graph(data).names)

    def metric(self) -> NodeAccuracy:
        return NodeAccuracy()

    def agreement(self, one: NodeClasses, other: NodeClasses) -> bool:
        return agreement(one, other)

    def describe(self, prediction: NodeClasses, topk: int) -> str:
        counts = Counter(prediction.classes.tolist())
        each = ", ".join(f"{counts[index]} {label}" for index, label in enumerate(self.labels) if counts[index])
        return f"{len(prediction.classes)} nodes: {each}"

    def to_json(self, prediction: NodeClasses) -> dict[str, Any]:
        """The class of each node in the order of the graph's nodes, and its probability."""
        classes = prediction.classes
        scores = prediction.scores[np.arange(len(classes)), classes]
        rows = zip(classes.tolist(), scores.tolist(), strict=True)
        return {"nodes": [{"index": one, "label": self.labels[one], "score": score} for one, score in rows]}

    def draw(self, data: Any, prediction: NodeClasses) -> Any:
        from utils.draw.graph import draw_graph

        return draw_graph(self._graph(data), prediction.classes, self.labels)

    def adapted(self, size: int | None, topk: int) -> NodeClassification:
        return replace(self, most=size) if size else self

    def _graph(self, data: Any) -> Graph:
        return data if isinstance(data, Graph) else read_graph(data, self.labels)
