"""Small graphs in Planetoid's layout: planted partitions, and Zachary's karate club.

A planted partition (Condon and Karp, *Algorithms for graph partitioning on the planted partition model*, 2001): nodes
of one class are joined with one probability, nodes of different classes with a lower one. Each graph has 2 to 4 of the
4 classes. The classes of a seventh of the nodes (at least one of each class) are told: that is a node's only feature, a
one in the column of its class. All other nodes have no features, so that nothing but the edges says what they are.
They are the test nodes.

The karate club (W. W. Zachary, *An information flow model for conflict and fission in small groups*, 1977) is real: 34
people, 78 friendships, and which of two sides each one took when the club broke apart. The classes of the two leaders
are told. It is never trained on; the data are those that networkx brings.

It rests on numpy's RandomState, whose numbers never change between versions.
"""

import pickle
from collections import defaultdict
from pathlib import Path

import numpy as np

from utils.datasets.graph import Graph, NodeTruth, hints, unique_edges
from utils.datasets.samples.once import written_once

SEED = 20260407
CLASSES = ("A", "B", "C", "D")
HELD_OUT, HELD_OUT_SEED, DEMO_SEED, TRAINING_SEED = 24, 1000, 2000, 3000
KNOWN = 1 / 7
WITHIN, ACROSS = 7.0, 2.0  # neighbours that a node has in its own class and in all others together, on average


def planted(seed: int) -> tuple[Graph, NodeTruth]:
    """One planted partition of 40 to 72 nodes, the same for the same seed on every machine. Known nodes come first."""
    random = np.random.RandomState([SEED, seed])
    used = random.permutation(len(CLASSES))[: random.randint(2, len(CLASSES) + 1)]
    count = random.randint(40, 73)
    labels = random.permutation(used[np.arange(count) % len(used)])
    same = labels[:, None] == labels
    share = count / len(used)
    chances = np.where(same, WITHIN / share, ACROSS / (count - share))
    joined = np.triu(random.random_sample((count, count)) < chances, 1)
    told = np.concatenate(
        [np.flatnonzero(labels == one)[: max(1, round(KNOWN * (labels == one).sum()))] for one in sorted(used.tolist())]
    )
    sources, targets = np.nonzero(joined)
    return _arranged(labels, told, sources, targets, [str(place) for place in range(count)])


def karate() -> tuple[Graph, NodeTruth]:
    """The karate club: Mr. Hi's side is class A, the officer's B; the two leaders are known, and come first."""
    import networkx

    club = networkx.karate_club_graph()
    labels = np.array([0 if club.nodes[node]["club"] == "Mr. Hi" else 1 for node in club], np.int64)
    ends = np.array([(one, other) for one, other in club.edges], np.int64)
    names = [f"member {node + 1}" for node in club]
    names[0], names[33] = "Mr. Hi", "Officer"
    return _arranged(labels, np.array([0, 33]), ends[:, 0], ends[:, 1], names)


def held_out() -> dict[str, tuple[Graph, NodeTruth]]:
    """The graphs of the sample data set by name."""
    graphs = {f"planted{number:02}": planted(HELD_OUT_SEED + number) for number in range(HELD_OUT)}
    return {"karate": karate()} | graphs


@written_once
def write_graphs(folder: Path) -> None:
    """Write the held-out graphs in Planetoid's layout, eight files each.

    The folder appears as a whole. One that already has content is left as it is.

    Raises:
        DataError: the folder cannot be written.
    """
    for name, (graph, truth) in held_out().items():
        write_planetoid(folder, name, graph, truth)


def write_planetoid(folder: Path, name: str, graph: Graph, truth: NodeTruth, classes: int = len(CLASSES)) -> None:
    """Write one graph whose known nodes come first, and whose other nodes are the test nodes."""
    from scipy.sparse import csr_matrix

    count, trained = len(graph.names), int((graph.known >= 0).sum())
    test = np.random.RandomState([SEED, count]).permutation(np.arange(trained, count))
    one_hot = np.eye(classes, dtype=np.int32)[truth.labels]
    near: dict[int, list[int]] = defaultdict(list)
    for one, other in graph.edges.tolist():
        near[one].append(other)
        near[other].append(one)
    files = {
        "x": csr_matrix(graph.features[:trained]),
        "y": one_hot[:trained],
        "allx": csr_matrix(graph.features[:trained]),
        "ally": one_hot[:trained],
        "tx": csr_matrix(graph.features[test]),
        "ty": one_hot[test],
        "graph": near,
    }
    for part, content in files.items():
        (folder / f"ind.{name}.{part}").write_bytes(pickle.dumps(content, protocol=2))
    lines = "".join(f"{node}\n" for node in test)
    (folder / f"ind.{name}.test.index").write_text(lines, encoding="ascii", newline="\n")


def _arranged(
    labels: np.ndarray, told: np.ndarray, sources: np.ndarray, targets: np.ndarray, names: list[str]
) -> tuple[Graph, NodeTruth]:
    """The graph with the nodes whose class is told put first; the others count in the truth."""
    order = np.concatenate([told, np.setdiff1d(np.arange(len(labels)), told)])
    place = np.argsort(order)
    labels = labels[order].astype(np.int64)
    known = np.where(np.arange(len(labels)) < len(told), labels, -1)
    edges = unique_edges(place[sources], place[targets])
    graph = Graph(tuple(names[one] for one in order), hints(known, len(CLASSES)), edges, known)
    return graph, NodeTruth(labels, known < 0)
