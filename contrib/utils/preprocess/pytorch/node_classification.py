"""Preprocessing of graphs for networks that take them in dense form."""

import numpy as np

from utils.datasets.graph import Graph
from zoo_core.errors import DataError


def graph_inputs(graph: Graph, features: int) -> tuple[np.ndarray, np.ndarray]:
    """The two inputs of a graph network, as Kipf and Welling prepare them (*Semi-Supervised Classification with Graph
    Convolutional Networks*, 2017):

    * each node's features divided by their sum; a node without features keeps its zeros;
    * the adjacency A with a loop at each node, divided by the roots of both ends' degrees: D^-½ (A + I) D^-½.

    Args:
        features: how many features a node has for this network.

    Returns:
        float32 [n, features]; float32 [n, n], symmetrical, larger than 0 on the diagonal and where there is an edge.

    Raises:
        DataError: the graph has another number of features.
    """
    if graph.features.shape[1] != features:
        raise DataError(f"the nodes have {graph.features.shape[1]} features each, and this network takes {features}.")
    sums = graph.features.sum(axis=1, keepdims=True)
    scaled = np.divide(graph.features, sums, out=graph.features.copy(), where=sums != 0)
    adjacency = np.eye(len(graph.names), dtype=np.float32)
    one, other = graph.edges.T
    adjacency[one, other] = adjacency[other, one] = 1
    roots = np.sqrt(adjacency.sum(axis=1))
    adjacency /= roots[:, None]
    adjacency /= roots
    return scaled, adjacency
