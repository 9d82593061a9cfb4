"""Graphs that have a class each, in the layout of TU Dortmund's collection (MUTAG, PROTEINS, NCI1 …):

    NAME_A.txt                 a line an edge: two nodes, counted from 1 over all graphs, with a comma between
    NAME_graph_indicator.txt   a line a node: its graph, counted from 1
    NAME_graph_labels.txt      a line a graph: its class, any whole number
    NAME_node_labels.txt       a line a node: what it is, a whole number from 0

A JSON file {"nodes": ["C", "C", "O"], "edges": [[0, 1], [1, 2]]} is a graph of a person's own: what each node is, and
between which places there are edges.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from utils.datasets.folder import check_folder
from utils.datasets.graph import MAX_NODES, Graph, unique_edges
from utils.datasets.sample import Listed, Sample
from utils.text_file import read_json, read_lines
from zoo_core.errors import DataError
from zoo_core.numbers import is_whole

_EDGES, _GRAPHS, _CLASSES, _KINDS = "_A.txt", "_graph_indicator.txt", "_graph_labels.txt", "_node_labels.txt"
_FORM = '{"nodes": ["C", "O"], "edges": [[0, 1]]}'


class TuGraphs(Listed):
    """The graphs of the only NAME in a folder; a sample's data are a `Graph` whose features are a one for what each
    node is, its truth the place of its class among `classes`.

    Args:
        root: the folder.
        kinds: what a node can be, in the order of the file's numbers.
        classes: the classes' numbers in the file, in the network's order.

    Raises:
        DataError: no such folder, not one NAME in it, files that do not fit together, or a line that is wrong, which is
            named.
    """

    def __init__(self, root: str | Path, kinds: tuple[str, ...], classes: tuple[int, ...]) -> None:
        root = Path(root)
        check_folder(root)
        names = [path.name.removesuffix(_EDGES) for path in sorted(root.glob(f"*{_EDGES}"))]
        if len(names) != 1:
            raise DataError(f"{root}: there are {len(names)} files NAME{_EDGES}; one is expected.")
        edges, graphs, labels, nodes = (root / f"{names[0]}{end}" for end in (_EDGES, _GRAPHS, _CLASSES, _KINDS))
        ends, of_node, told, what = (_rows(edges, 2), *(_rows(path, 1)[:, 0] for path in (graphs, labels, nodes)))
        _require_fit(graphs, of_node, len(told), nodes, what, kinds)
        wrong = np.flatnonzero((ends < 1) | (ends > len(of_node)))
        if len(wrong):
            raise DataError(f"{edges}, line {wrong[0] // 2 + 1}: a node of 1 to {len(of_node)} is expected.")
        ends = ends - 1
        across = np.flatnonzero(of_node[ends[:, 0]] != of_node[ends[:, 1]])
        if len(across):
            raise DataError(f"{edges}, line {across[0] + 1}: an edge between two graphs.")
        self._samples = []
        place = np.zeros(len(of_node), np.int64)  # of each node in its graph
        parts = zip(told.tolist(), _of_each(of_node, len(told)), _of_each(of_node[ends[:, 0]], len(told)), strict=True)
        for number, (label, own, lines) in enumerate(parts, start=1):
            if label not in classes:
                raise DataError(f"{labels}, line {number}: class {label}; this network knows {list(classes)}.")
            if len(own) > MAX_NODES:
                raise DataError(f"{graphs}: graph {number} has {len(own)} nodes; at most {MAX_NODES} are taken.")
            place[own] = np.arange(len(own))
            graph = labelled_graph(what[own], place[ends[lines]], kinds)
            self._samples.append(Sample(f"{names[0]}:{number}", graph, classes.index(label)))


def labelled_graph(what: np.ndarray, edges: np.ndarray, kinds: tuple[str, ...]) -> Graph:
    """A graph whose features say what its nodes are: int64 [n], places in `kinds`; edges int64 [m, 2]."""
    features = np.eye(len(kinds), dtype=np.float32)[what]
    names = tuple(kinds[one] for one in what)
    return Graph(names, features, unique_edges(edges[:, 0], edges[:, 1]), np.full(len(what), -1, np.int64))


def read_labelled_graph(path: str | Path, kinds: tuple[str, ...]) -> Graph:
    """The graph of a JSON file.

    Raises:
        DataError: it cannot be read, a node is none of `kinds`, or an edge leads to a place that is not there.
    """
    said = read_json(path, _FORM)
    if not isinstance(said, dict) or set(said) != {"nodes", "edges"}:
        raise DataError(f"{path}: expected the fields nodes and edges, as in {_FORM}.")
    nodes, edges = said["nodes"], said["edges"]
    if not isinstance(nodes, list) or not 0 < len(nodes) <= MAX_NODES:
        raise DataError(f'{path}: "nodes" is a list of 1 to {MAX_NODES} of: {", ".join(kinds)}.')
    for place, name in enumerate(nodes):
        if name not in kinds:
            raise DataError(f"{path}: node {place} is {name!r:.40}; expected one of: {', '.join(kinds)}.")
    if not isinstance(edges, list) or not all(_is_edge(edge, len(nodes)) for edge in edges):
        raise DataError(f'{path}: "edges" is a list of pairs of places from 0 to {len(nodes) - 1}.')
    what = np.array([kinds.index(name) for name in nodes], np.int64)
    return labelled_graph(what, np.array(edges, np.int64).reshape(-1, 2), kinds)


def _is_edge(edge: Any, nodes: int) -> bool:
    pair = isinstance(edge, list) and len(edge) == 2
    return pair and all(type(place) is int and 0 <= place < nodes for place in edge)


def _rows(path: Path, columns: int) -> np.ndarray:
    """int64 [lines, columns] of a file of whole numbers with commas between."""
    found = []
    for number, line in enumerate(read_lines(path), start=1):
        words = [word.strip() for word in line.split(",")]
        whole = all(is_whole(word.removeprefix("-")) for word in words)
        if len(words) != columns or not whole:
            raise DataError(f"{path}, line {number}: {line!r:.40}; expected {columns} whole number(s).")
        found.append([int(word) for word in words])
    if not found:
        raise DataError(f"{path}: this file is empty.")
    return np.array(found, np.int64)


def _require_fit(
    graphs: Path, of_node: np.ndarray, count: int, nodes: Path, what: np.ndarray, kinds: tuple[str, ...]
) -> None:
    if len(what) != len(of_node):
        raise DataError(f"{nodes}: there are {len(what)} lines, and {len(of_node)} in {graphs.name}.")
    if not np.array_equal(np.unique(of_node), np.arange(1, count + 1)):
        raise DataError(f"{graphs}: its nodes are not of the graphs 1 to {count}, each with one at least.")
    wrong = np.flatnonzero((what < 0) | (what >= len(kinds)))
    if len(wrong):
        line = int(wrong[0])
        raise DataError(
            f"{nodes}, line {line + 1}: {what[line]}; this network knows the numbers 0 to {len(kinds) - 1}."
        )


def _of_each(graphs: np.ndarray, count: int) -> list[np.ndarray]:
    """Of nodes or edges, int64 [n] with the graph of each: the places of those of the graphs 1 to `count`."""
    sizes = np.bincount(graphs, minlength=count + 1)[1:]
    return np.split(np.argsort(graphs, kind="stable"), np.cumsum(sizes)[:-1])
