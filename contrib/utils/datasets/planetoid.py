"""Graphs in the layout of Planetoid (Yang et al., *Revisiting Semi-Supervised Learning with Graph Embeddings*, 2016),
in which Cora, Citeseer and Pubmed are published: eight files a graph, seven of them Python pickles.

    ind.<name>.x, .y              features (sparse, [labelled, F]) and one-hot classes of the nodes to train on
    ind.<name>.allx, .ally        of these and the unlabelled nodes: nodes 0, 1, 2, …
    ind.<name>.tx, .ty            of the test nodes, in the order of test.index
    ind.<name>.graph              {node: [its neighbours]}
    ind.<name>.test.index         a text file: the numbers of the test nodes, one a line, in any order

Citeseer's test nodes leave out numbers: these nodes have no edges, features or class, and do not count.

A pickle can run any code when it is loaded. Of these, `utils.safe_pickle` reads arrays, sparse matrices and lists of
numbers, and refuses everything else.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from utils.datasets.folder import check_folder
from utils.datasets.graph import MAX_FEATURES, MAX_NODES, Graph, NodeTruth, unique_edges
from utils.datasets.sample import Lazy, Sample
from utils.safe_pickle import Described, read_arrays
from utils.text_file import read_text
from zoo_core.errors import DataError

MAX_EDGES = 10_000_000  # neighbours, counted from both ends; Pubmed has 88,676


class Planetoid(Lazy):
    """The graphs below `root` (in this folder itself), one a sample, read when they are asked for.

    A sample's id is the graph's name, its data a Graph whose known classes are those of the nodes to train on, its
    target a NodeTruth in which the test nodes count.

    Args:
        root: the folder that holds `ind.<name>.graph` and the other seven files of one or several graphs.
        classes: how many classes the network has.

    Raises:
        DataError: no such folder, or no graph in it; while reading: a file is missing or damaged, files do not fit
            together, other classes, or an edge to a node that is not there, which is named.
    """

    def __init__(self, root: str | Path, classes: int) -> None:
        self.root = Path(root)
        self._classes = classes
        check_folder(self.root)
        found = sorted(path.name for path in self.root.glob("ind.*.graph"))
        self._places = [name.removeprefix("ind.").removesuffix(".graph") for name in found]
        if not self._places:
            raise DataError(f"{self.root}: there is no file ind.<name>.graph in this folder.")

    def _read(self, place: str) -> Sample:
        graph, truth = read_planetoid(self.root, place)
        classes = int(truth.labels.max()) + 1
        if classes > self._classes:
            raise DataError(
                f"{self.root}: the nodes of {place} have {classes} classes, this network tells {self._classes} apart."
            )
        return Sample(place, graph, truth)


def read_planetoid(root: Path, name: str) -> tuple[Graph, NodeTruth]:
    """One graph and its truth, as `Planetoid` gives them."""
    test = _test_index(root / f"ind.{name}.test.index")
    parts = {part: _matrix(root / f"ind.{name}.{part}") for part in ("x", "y", "allx", "ally", "tx", "ty")}
    _require_fit(root / f"ind.{name}", parts, test)
    features = _placed(parts["allx"], parts["tx"], test)
    one_hot = _placed(parts["ally"], parts["ty"], test)
    known = np.full(len(features), -1, np.int64)
    known[: len(parts["y"])] = parts["y"].argmax(axis=1)
    mask = np.zeros(len(features), bool)
    mask[test] = one_hot[test].any(axis=1)
    edges = _edges(root / f"ind.{name}.graph", len(features))
    graph = Graph(tuple(map(str, range(len(features)))), features, edges, known)
    return graph, NodeTruth(one_hot.argmax(axis=1), mask)


def _require_fit(path: Path, parts: Mapping[str, np.ndarray], test: np.ndarray) -> None:
    """Raise DataError unless the matrices are of one graph. path: where the files are, without their endings."""
    rows = {part: len(matrix) for part, matrix in parts.items()}
    columns = {part: matrix.shape[1] for part, matrix in parts.items()}
    one_graph = (
        rows["x"] == rows["y"] <= rows["allx"] == rows["ally"] <= test.min()
        and rows["tx"] == rows["ty"] == len(test)
        and columns["x"] == columns["allx"] == columns["tx"]
        and columns["y"] == columns["ally"] == columns["ty"] > 0
    )
    if not one_graph:
        shapes = ", ".join(f"{part} {list(matrix.shape)}" for part, matrix in parts.items())
        raise DataError(
            f"{path}.*: the files do not fit together: {shapes}, and {len(test)} test nodes from {test.min()} on."
        )


def _placed(rest: np.ndarray, rows: np.ndarray, test: np.ndarray) -> np.ndarray:
    """float32 [nodes, columns]: the rows of all nodes at their numbers, zeros where there is no such node."""
    whole = np.zeros((test.max() + 1, rows.shape[1]), np.float32)
    whole[: len(rest)] = rest
    whole[test] = rows
    return whole


def _test_index(path: Path) -> np.ndarray:
    """int64 [test nodes]."""
    text = read_text(path)
    try:
        numbers = [int(line) for line in text.split()]
    except ValueError as error:
        raise DataError(f"{path}: expected the number of a node a line ({error}).") from error
    if not numbers or min(numbers) < 0 or len(set(numbers)) < len(numbers):
        raise DataError(f"{path}: expected the numbers of the test nodes, each once, and at least one.")
    if max(numbers) >= MAX_NODES:
        raise DataError(f"{path}: there is a node {max(numbers)!s:.30}; at most {MAX_NODES} nodes are taken.")
    return np.array(numbers, np.int64)


def _edges(path: Path, nodes: int) -> np.ndarray:
    """int64 [m, 2]."""
    graph = read_arrays(path)
    if not isinstance(graph, dict) or not all(isinstance(near, (list, tuple)) for near in graph.values()):
        raise DataError(f"{path}: this holds no nodes and their neighbours: {{node: [its neighbours]}} is expected.")
    count = sum(map(len, graph.values()))
    if count > MAX_EDGES:
        raise DataError(f"{path}: there are {count} neighbours; at most {MAX_EDGES} are taken.")
    try:
        sources = np.array([int(node) for node, near in graph.items() for _ in near], np.int64)
        targets = np.array([int(one) for near in graph.values() for one in near], np.int64)
    except (TypeError, ValueError, OverflowError) as error:
        raise DataError(f"{path}: nodes and their neighbours are whole numbers ({error}).") from error
    wrong = np.flatnonzero((np.minimum(sources, targets) < 0) | (np.maximum(sources, targets) >= nodes))
    if len(wrong):
        edge = f"{sources[wrong[0]]} - {targets[wrong[0]]}"
        raise DataError(f"{path}: the edge {edge} leads to a node that is not there: they are 0 to {nodes - 1}.")
    return unique_edges(sources, targets)


def _matrix(path: Path) -> np.ndarray:
    """float32 [rows, columns] of a pickled array or sparse matrix."""
    found = read_arrays(path, _CSR)
    if not isinstance(found, np.ndarray) or found.ndim != 2 or found.dtype.kind == "c":
        raise DataError(f"{path}: expected a matrix of numbers, got {_kind(found)}.")
    with np.errstate(over="ignore"):
        array = np.asarray(found, np.float32)
    if not np.isfinite(array).all():
        raise DataError(f"{path}: the matrix holds values that are NaN, infinite or too large.")
    return array


def _kind(found: Any) -> str:
    if isinstance(found, np.ndarray):
        return f"an array of {list(found.shape)}, {found.dtype}"
    return f"a {type(found).__name__}"


class _Csr(Described):
    """What a pickle says of a scipy.sparse.csr_matrix: data, indices and indptr, and the shape under either name."""

    __slots__ = ()

    def made(self, state: Any) -> np.ndarray:
        """float32 [rows, columns], whose size is that of a graph of at most MAX_NODES nodes and MAX_FEATURES."""
        rows, columns = state.get("_shape") or state["shape"]
        if not 0 <= rows <= MAX_NODES or not 0 <= columns <= MAX_FEATURES:
            raise ValueError(f"a matrix of {rows} x {columns}; at most {MAX_NODES} x {MAX_FEATURES} are taken")
        data, indices, indptr = (np.asarray(state[name]) for name in ("data", "indices", "indptr"))
        counts = np.diff(indptr)
        if len(counts) != rows or (counts < 0).any() or not len(data) == len(indices) == indptr[-1] == counts.sum():
            raise ValueError("its rows do not fit its shape")
        if len(indices) and not 0 <= indices.min() <= indices.max() < columns:
            raise ValueError(f"a column {indices.max()} of {columns}")
        whole = np.zeros((rows, columns), np.float32)
        np.add.at(whole, (np.repeat(np.arange(rows), counts), indices), data)
        return whole


_CSR = {(module, "csr_matrix"): _Csr for module in ("scipy.sparse", "scipy.sparse.csr", "scipy.sparse._csr")}
