"""A graph whose nodes are to be classified, and the file in which a person brings one."""

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from utils.text_file import read_json
from zoo_core.errors import DataError

# A dense graph of so many nodes has an adjacency of 1.6 GB. Pubmed has 19,717 nodes, Citeseer 3,703 features.
MAX_NODES, MAX_FEATURES = 20_000, 20_000
_FORM = '{"nodes": […], "edges": […], "known": {…}} (or "features" or "sparse_features" for "known")'
_TOLD = {"known", "features", "sparse_features"}


@dataclass(frozen=True, eq=False)
class Graph:
    """An undirected graph.

    Attributes:
        names: what each of the n nodes is called.
        features: float32 [n, F].
        edges: int64 [m, 2], places of nodes; each edge once, the lower place first, no node with itself.
        known: int64 [n], the class of nodes whose class was told, -1 for the others. Only pictures look at it: what
            the network is to know stands in `features`.
    """

    names: tuple[str, ...]
    features: np.ndarray
    edges: np.ndarray
    known: np.ndarray


@dataclass(frozen=True, eq=False)
class NodeTruth:
    """labels: int64 [n], the true class of each node. mask: bool [n], which nodes count."""

    labels: np.ndarray
    mask: np.ndarray


def unique_edges(sources: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """int64 [m, 2] as `Graph.edges` has them, from the two ends of edges in any order and number."""
    pairs = np.sort(np.stack([sources, targets], axis=1).astype(np.int64), axis=1)
    return np.unique(pairs[pairs[:, 0] != pairs[:, 1]], axis=0)


def hints(known: np.ndarray, classes: int) -> np.ndarray:
    """float32 [n, classes]: a one for the class of each node whose class is known, zeros for the others (-1)."""
    features = np.zeros((len(known), classes), np.float32)
    places = np.flatnonzero(known >= 0)
    features[places, known[places]] = 1
    return features


def read_graph(path: str | Path, labels: Sequence[str]) -> Graph:
    """A graph from a JSON file:

        {"nodes": ["Anna", "Ben", "Cleo"],
         "edges": [["Anna", "Ben"], ["Ben", "Cleo"]],
         "known": {"Anna": "A"}}

    `known` gives the class of some nodes; the features are then a one in the column of that class. In its place
    `features`, a list of numbers for each node, says what a network with other features takes. Where nearly all of them
    are 0, as with the words of a text, `"sparse_features": {"columns": 1433, "ones": [[3, 17], [], [5]]}` gives their
    number, and for each node the places, counted from 0, where it has a one.

    Args:
        path: the file, UTF-8.
        labels: the names of the classes, in index order.

    Raises:
        DataError: the file cannot be read, a field is missing or wrong, an edge leads to a node that is not there
            (the edge is named), or a class that is not in `labels`.
    """
    path = Path(path)
    said = read_json(path, _FORM)
    if not isinstance(said, dict) or not {"nodes", "edges"} <= set(said) or not _TOLD & set(said):
        raise DataError(f"{path}: expected {_FORM}.")
    places = _places(path, said["nodes"])
    edges = _edges(path, said["edges"], places)
    known = _known(path, said.get("known", {}), places, labels)
    if {"features", "sparse_features"} <= set(said):
        raise DataError(f'{path}: it has "features" and "sparse_features"; only one can say what the nodes have.')
    if "sparse_features" in said:
        features = _sparse(path, said["sparse_features"], len(places))
    elif "features" in said:
        features = _features(path, said["features"], len(places))
    else:
        features = hints(known, len(labels))
    return Graph(tuple(map(str, places)), features, edges, known)


def _places(path: Path, nodes: Any) -> dict[Hashable, int]:
    """The place of each node by its name."""
    if not isinstance(nodes, list) or not nodes or not all(type(name) in (str, int) for name in nodes):
        raise DataError(f'{path}: "nodes" is a list of names, texts or whole numbers, with at least one.')
    places = {name: place for place, name in enumerate(nodes)}
    if len(places) < len(nodes):
        twice = next(name for place, name in enumerate(nodes) if places[name] != place)
        raise DataError(f"{path}: node {twice!r:.80} is listed twice.")
    return places


def _edges(path: Path, edges: Any, places: Mapping[Hashable, int]) -> np.ndarray:
    if not isinstance(edges, list):
        raise DataError(f'{path}: "edges" is a list of pairs of nodes.')
    for number, edge in enumerate(edges, start=1):
        if not isinstance(edge, list) or len(edge) != 2 or not all(type(name) in (str, int) for name in edge):
            raise DataError(f"{path}: edge {number} is {edge!r:.80}; an edge is a pair of nodes.")
        _require(path, f"edge {number}, {edge!r:.80}, leads to", edge, places)
    ends = np.array([[places[one], places[other]] for one, other in edges], np.int64).reshape(-1, 2)
    return unique_edges(ends[:, 0], ends[:, 1])


def _require(path: Path, what: str, names: Iterable[Hashable], places: Mapping[Hashable, int]) -> None:
    for name in names:
        if name not in places:
            raise DataError(f"{path}: {what} a node {name!r:.80} that is not among the {len(places)} nodes.")


def _known(path: Path, known: Any, places: Mapping[Hashable, int], labels: Sequence[str]) -> np.ndarray:
    """int64 [n]: the class that `known` gives a node, or -1. JSON's names are texts, also those of numbered nodes."""
    found = np.full(len(places), -1, np.int64)
    if not isinstance(known, dict):
        raise DataError(f'{path}: "known" is an object: the class of some nodes, by name.')
    by_text: dict[Hashable, int] = {str(name): place for name, place in places.items()}
    for name, label in known.items():
        _require(path, '"known" names', [name], by_text)
        if label not in labels:
            raise DataError(
                f"{path}: node {name!r:.80} has the class {label!r:.40}; the classes are {', '.join(labels)}."
            )
        found[by_text[name]] = labels.index(label)
    return found


def _features(path: Path, rows: Any, nodes: int) -> np.ndarray:
    try:
        features = np.array(rows, np.float32)
    except (TypeError, ValueError, OverflowError) as error:
        raise DataError(f'{path}: "features" is a list of equally many numbers for each node ({error}).') from error
    if features.ndim != 2 or len(features) != nodes or not np.isfinite(features).all():
        raise DataError(
            f'{path}: "features" has the shape {list(features.shape)}; expected finite numbers [{nodes}, F].'
        )
    return features


def _sparse(path: Path, said: Any, nodes: int) -> np.ndarray:
    """float32 [n, columns] with the ones that were given."""
    form = '{"columns": 1433, "ones": [[3, 17], …]}'
    if not isinstance(said, dict) or set(said) != {"columns", "ones"} or not isinstance(said["ones"], list):
        raise DataError(f'{path}: "sparse_features" is {form}.')
    columns, rows = said["columns"], said["ones"]
    if type(columns) is not int or not 0 < columns <= MAX_FEATURES or nodes > MAX_NODES:
        raise DataError(
            f"{path}: {nodes} nodes with {columns!r:.40} columns; at most {MAX_NODES} nodes with 1 to {MAX_FEATURES} "
            "columns are taken."
        )
    if len(rows) != nodes:
        raise DataError(f'{path}: "ones" has {len(rows)} rows for {nodes} nodes.')
    features = np.zeros((nodes, columns), np.float32)
    for number, row in enumerate(rows):
        if not isinstance(row, list) or not all(type(place) is int and 0 <= place < columns for place in row):
            raise DataError(
                f'{path}: "ones" of node {number} is {row!r:.80}; places from 0 to {columns - 1} are expected.'
            )
        features[number, row] = 1
    return features
