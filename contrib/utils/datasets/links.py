"""Edges that are taken out of a graph, to be told from pairs of nodes that no edge joins.

As the authors of graph auto-encoders do it: a tenth of a graph's edges are held out to be found, a twentieth besides is
neither learnt nor found (theirs choose settings by it), and as many pairs without an edge stand against those held
out. The graphs come in Planetoid's layout. Which edges it is depends on the graph alone, so that a training that begins
with `split` never sees the ones that are to be found.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from utils.datasets.graph import Graph, read_graph
from utils.datasets.planetoid import Planetoid
from utils.datasets.sample import Lazy, Sample
from zoo_core.errors import DataError

HELD_OUT, ASIDE = 0.1, 0.05  # of the edges
SEED = 20261128
MOST = 5000  # nodes of a graph whose every pair is asked for
_FEWEST = 10  # edges of a graph that can be taken apart


@dataclass(frozen=True, eq=False)
class Asked:
    """graph: what the network sees. pairs: int64 [m, 2], nodes of which it is asked whether an edge joins them."""

    graph: Graph
    pairs: np.ndarray


class HeldOutLinks(Lazy):
    """The graphs of a folder in Planetoid's layout. A sample's data are `Asked`, its truth bool [m]: which of the pairs
    an edge joined.

    Args:
        root, classes: as `Planetoid` takes them.

    Raises:
        DataError: as `Planetoid`; while reading, a graph of fewer than 10 edges.
    """

    def __init__(self, root: str | Path, classes: int) -> None:
        self._graphs = Planetoid(root, classes)
        self._places = range(len(self._graphs))

    def _read(self, place: int) -> Sample:
        whole = self._graphs[place]
        try:
            asked, truth = split(whole.data)
        except DataError as error:
            raise DataError(f"{self._graphs.root}: graph {whole.id}: {error}") from error
        return Sample(whole.id, asked, truth)


def split(graph: Graph) -> tuple[Asked, np.ndarray]:
    """The graph without a part of its edges, and pairs: those held out, and as many that no edge joins.

    Returns:
        (what is seen and asked for, bool [m]: which pairs an edge joined).

    Raises:
        DataError: there are fewer than 10 edges, or fewer pairs without an edge than are held out.
    """
    nodes, edges = len(graph.names), graph.edges
    if len(edges) < _FEWEST:
        raise DataError(f"it has {len(edges)} edges; at least {_FEWEST} are needed to hold some out.")
    random = np.random.RandomState([SEED, nodes, len(edges)])
    order = random.permutation(len(edges))
    found, aside = max(1, round(HELD_OUT * len(edges))), round(ASIDE * len(edges))
    joined = set((edges[:, 0] * nodes + edges[:, 1]).tolist())
    if nodes * (nodes - 1) // 2 - len(joined) < found:
        raise DataError(f"nearly every pair of its {nodes} nodes is joined; there are too few that are not.")
    others: list[int] = []
    while len(others) < found:
        one, other = sorted(random.randint(nodes, size=2).tolist())
        if one != other and one * nodes + other not in joined:
            joined.add(one * nodes + other)  # no pair is asked for twice
            others.append(one * nodes + other)
    apart = np.array(others, np.int64)
    pairs = np.concatenate([edges[order[:found]], np.stack([apart // nodes, apart % nodes], axis=1)])
    seen = edges[np.sort(order[found + aside :])]
    return Asked(replace(graph, edges=seen), pairs), np.arange(2 * found) < found


def read_asked(path: str | Path, labels: tuple[str, ...]) -> Asked:
    """A person's graph, as `read_graph` has it, of which every pair without an edge is asked for.

    Raises:
        DataError: as `read_graph`; or more than 5,000 nodes, or no pair without an edge.
    """
    graph = read_graph(path, labels)
    nodes = len(graph.names)
    if nodes > MOST:
        raise DataError(f"{path}: of {nodes} nodes there are too many pairs; at most {MOST} are taken.")
    apart = np.triu(np.ones((nodes, nodes), bool), 1)
    apart[graph.edges[:, 0], graph.edges[:, 1]] = False
    if not apart.any():
        raise DataError(f"{path}: every two nodes are joined already, and no edge is left to predict.")
    return Asked(graph, np.argwhere(apart).astype(np.int64))
