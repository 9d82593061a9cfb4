"""Graph classification: a graph whose nodes are of several kinds in, a ranking of classes out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from utils.datasets.graph import Graph
from utils.datasets.sample import Sample
from utils.datasets.tu_graphs import TuGraphs, read_labelled_graph
from utils.metrics.classification import TopKAccuracy
from utils.postprocess.pytorch.classification import Ranking, TopK
from zoo.tasks.ranked import RankedTask
from zoo_core.errors import DataError


@dataclass(frozen=True)
class GraphClassification(RankedTask):
    """The inputs are a one for what each node is, float32 [n, kinds], and a one for each edge, float32 [n, n], in both
    directions, without loops. Rows of zeros behind a graph's own are padding.

    kinds: what a node can be, by the numbers of a data set. classes: their numbers in a data set, in the network's
    order. labels: their names. most: nodes that a graph may have (--input_size).
    """

    kinds: tuple[str, ...]
    classes: tuple[int, ...]
    labels: tuple[str, ...]
    most: int | None = None
    topk: int = 1
    suffixes: tuple[str, ...] = (".json",)
    data_name: str = "graph"
    padding: tuple[float, ...] | None = (0.0, 0.0)

    @cached_property
    def _top(self) -> TopK:
        return TopK(self.labels, len(self.labels))

    @property
    def source_identity(self) -> str:
        return f"one-hot nodes of {len(self.kinds)} kinds, adjacency without loops"

    def preprocess(self, data: Any, out: tuple[np.ndarray, ...] | None = None) -> tuple[tuple[np.ndarray, ...], Any]:
        """The inputs of a Graph, or of the JSON file that holds it."""
        graph = self._graph(data)
        nodes = len(graph.names)
        if self.most is not None and nodes > self.most:
            raise DataError(f"the graph has {nodes} nodes, and --input_size allows {self.most}: a graph cannot be cut.")
        if graph.features.shape[1] != len(self.kinds):
            raise DataError(f"the nodes are of {graph.features.shape[1]} kinds, this network knows {len(self.kinds)}.")
        adjacency = np.zeros((nodes, nodes), np.float32)
        one, other = graph.edges.T
        adjacency[one, other] = adjacency[other, one] = 1
        return (graph.features, adjacency), None

    def dataset(self, root: Path) -> Sequence[Sample]:
        return TuGraphs(root, self.kinds, self.classes)

    def length(self, data: Any) -> int:
        return len(self._graph(data).names)

    def metric(self) -> TopKAccuracy:
        return TopKAccuracy(len(self.labels), self.topk)

    def draw(self, data: Any, prediction: Ranking) -> Any:
        from utils.draw.classification import draw_ranking
        from utils.draw.graph import draw_graph

        graph = self._graph(data)
        picture = draw_graph(graph, graph.features.argmax(axis=1), self.kinds)
        return draw_ranking(picture, prediction, self.labels)

    def adapted(self, size: int | None, topk: int) -> GraphClassification:
        return replace(self, topk=topk, most=size or self.most)

    def _graph(self, data: Any) -> Graph:
        return data if isinstance(data, Graph) else read_labelled_graph(data, self.kinds)
