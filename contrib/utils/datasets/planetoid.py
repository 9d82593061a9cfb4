"""Graphs in the layout of Planetoid (Yang et al., *Revisiting Semi-Supervised Learning with Graph Embeddings*, 2016),
in which Cora, Citeseer and Pubmed are published: eight files a graph, seven of them Python pickles.

    ind.<name>.x, .y              features (sparse, [labelled, F]) and one-hot classes of the nodes to train on
    ind.<name>.allx, .ally        of these and the unlabelled nodes: nodes 0, 1, 2, …
    ind.<name>.tx, .ty            of the test nodes, in the order of test.index
    ind.<name>.graph              {node: [its neighbours]}
    ind.<name>.test.index         a text file: the numbers of the test nodes, one a line, in any order

Citeseer's test nodes leave out numbers: these nodes have no edges, features or class, and do not count.

A pickle can run any code when it is loaded. These are loaded by an unpickler that knows arrays, sparse matrices and
lists of numbers only, and refuses everything else.
"""

import pickle
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, overload

import numpy as np

from utils.datasets.folder import check_folder
from utils.datasets.graph import Graph, NodeTruth, unique_edges
from utils.datasets.sample import Sample
from utils.text_file import read_text
from zoo_core.errors import DataError

MAX_NODES = 20_000  # a dense adjacency of so many has 1.6 GB; Pubmed has 19,717 nodes


class Planetoid(Sequence[Sample]):
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
        self._names = [name.removeprefix("ind.").removesuffix(".graph") for name in found]
        if not self._names:
            raise DataError(f"{self.root}: there is no file ind.<name>.graph in this folder.")

    def __len__(self) -> int:
        return len(self._names)

    @overload
    def __getitem__(self, index: int) -> Sample: ...
    @overload
    def __getitem__(self, index: slice) -> list[Sample]: ...
    def __getitem__(self, index: int | slice) -> Sample | list[Sample]:
        if isinstance(index, slice):
            return [self._read(name) for name in self._names[index]]
        return self._read(self._names[index])

    def _read(self, name: str) -> Sample:
        graph, truth = read_planetoid(self.root, name)
        classes = int(truth.labels.max()) + 1
        if classes > self._classes:
            raise DataError(
                f"{self.root}: the nodes of {name} have {classes} classes, this network tells {self._classes} apart."
            )
        return Sample(name, graph, truth)


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
        raise DataError(f"{path}: there is a node {max(numbers)}; in dense form at most {MAX_NODES} nodes are taken.")
    return np.array(numbers, np.int64)


def _edges(path: Path, nodes: int) -> np.ndarray:
    graph = _unpickled(path)
    if not isinstance(graph, dict):
        raise DataError(f"{path}: this holds a {type(graph).__name__}, not nodes and their neighbours.")
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
    found = _unpickled(path)
    try:
        array = np.asarray(found.dense() if isinstance(found, _Csr) else found, np.float32)
    except (AttributeError, IndexError, KeyError, MemoryError, OverflowError, TypeError, ValueError) as error:
        raise DataError(f"{path}: the matrix is damaged ({error}).") from error
    if array.ndim != 2 or not np.isfinite(array).all():
        raise DataError(f"{path}: expected a matrix of numbers, got an array of {list(array.shape)}.")
    return array


class _Csr:
    """What a pickle says of a scipy.sparse.csr_matrix: data, indices and indptr, and the shape under either name."""

    def dense(self) -> np.ndarray:
        state = vars(self)
        rows, columns = state.get("_shape") or state["shape"]
        counts = np.diff(state["indptr"])
        if len(counts) != rows or (counts < 0).any():
            raise ValueError("its rows do not fit its shape")
        whole = np.zeros((rows, columns), np.float32)
        np.add.at(whole, (np.repeat(np.arange(rows), counts), state["indices"]), state["data"])
        return whole


def _latin1(text: str, encoding: str) -> bytes:
    """Bytes, as Python 3 writes them in the pickles of Python 2."""
    if encoding != "latin1":
        raise pickle.UnpicklingError(f"the encoding {encoding} has no place in a matrix")
    return text.encode("latin1")


def _nothing() -> bytes:
    """bytes(), which is how such a pickle writes no bytes; any argument is refused."""
    return b""


def _rebuilt(kind: type, base: type, state: object) -> object:
    """copyreg._reconstructor, for the one class that needs it."""
    if kind is not _Csr or base is not object:
        raise pickle.UnpicklingError(f"{kind.__name__} is not rebuilt this way")
    return kind()


# What the pickles may name. numpy's own functions are taken from what an array says of itself, since their module
# has had several names.
_ALLOWED: dict[tuple[str, str], Any] = {
    ("collections", "defaultdict"): defaultdict,
    ("numpy", "ndarray"): np.ndarray,
    ("numpy", "dtype"): np.dtype,
    ("_codecs", "encode"): _latin1,
}
for _module in ("builtins", "__builtin__"):
    _ALLOWED |= {(_module, "list"): list, (_module, "object"): object, (_module, "bytes"): _nothing}
for _module in ("copyreg", "copy_reg"):
    _ALLOWED[_module, "_reconstructor"] = _rebuilt
for _module in ("numpy.core.multiarray", "numpy._core.multiarray"):
    _ALLOWED[_module, "_reconstruct"] = np.empty(0).__reduce__()[0]
    _ALLOWED[_module, "scalar"] = np.float64(0).__reduce__()[0]
for _module in ("scipy.sparse", "scipy.sparse.csr", "scipy.sparse._csr"):
    _ALLOWED[_module, "csr_matrix"] = _Csr


class _Unpickler(pickle.Unpickler):
    """Refuses whatever is not in `_ALLOWED`."""

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in _ALLOWED:
            raise pickle.UnpicklingError(f"it asks for {module}.{name}, which has no place in a graph")
        return _ALLOWED[module, name]


def _unpickled(path: Path) -> Any:
    try:
        with open(path, "rb") as file:
            return _Unpickler(file, encoding="latin1").load()
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror}.") from error
    except Exception as error:
        # whatever a damaged pickle makes the unpickler stumble over
        raise DataError(f"{path}: this is not a file of Planetoid's: {error}.") from error
