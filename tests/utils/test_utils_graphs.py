"""Graphs: the person's file, Planetoid's layout, preprocessing, the metric, the sample graphs, the picture."""

import json
import os
import pickle
from collections import defaultdict
from pathlib import Path
from typing import Any

import networkx
import numpy as np
import pytest
import scipy.sparse
from sklearn.metrics import accuracy_score

from utils.datasets.graph import Graph, NodeTruth, hints, read_graph, unique_edges
from utils.datasets.planetoid import Planetoid, read_planetoid
from utils.datasets.samples import graphs, papers
from utils.draw.graph import draw_graph
from utils.metrics.nodes import NodeAccuracy, agreement
from utils.postprocess.pytorch.node_classification import NodeClasses, node_classes
from utils.preprocess.pytorch.node_classification import graph_inputs
from zoo_core.errors import DataError

LABELS = ("A", "B")
CHAIN: dict[str, Any] = {"nodes": ["x", "y", "z"], "edges": [["x", "y"], ["z", "y"]], "known": {"x": "B"}}


def saved(path: Path, said: Any) -> Path:
    path.write_text(said if isinstance(said, str) else json.dumps(said), encoding="utf-8")
    return path


# -- the person's file ---------------------------------------------------------------------------------


def test_a_graph_from_a_file(tmp_path: Path) -> None:
    graph = read_graph(saved(tmp_path / "g.json", CHAIN), LABELS)
    assert graph.names == ("x", "y", "z")
    assert graph.edges.tolist() == [[0, 1], [1, 2]]
    assert graph.features.tolist() == [[0, 1], [0, 0], [0, 0]]
    assert graph.known.tolist() == [1, -1, -1]
    numbered = {"nodes": [5, 7], "edges": [[7, 5], [5, 7], [5, 5]], "known": {"7": "A"}}
    graph = read_graph(saved(tmp_path / "g.json", numbered), LABELS)
    assert graph.edges.tolist() == [[0, 1]]
    assert graph.known.tolist() == [-1, 0]
    bare = {"nodes": ["x"], "edges": [], "features": [[1, 2, 3]]}
    assert read_graph(saved(tmp_path / "g.json", bare), LABELS).features.tolist() == [[1, 2, 3]]
    sparse = CHAIN | {"sparse_features": {"columns": 4, "ones": [[3, 0], [], [1]]}}
    graph = read_graph(saved(tmp_path / "g.json", sparse), LABELS)
    assert graph.features.tolist() == [[1, 0, 0, 1], [0, 0, 0, 0], [0, 1, 0, 0]]
    assert (graph.features.dtype, graph.known.tolist()) == (np.float32, [1, -1, -1])


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (
            {"edges": [["x", "y"], ["x", "Zoe"]]},
            r"edge 2, \['x', 'Zoe'\], leads to a node 'Zoe' that is not among the 3",
        ),
        ({"edges": [["x"]]}, "edge 1 is .*pair"),
        ({"edges": [["x", {}]]}, "edge 1 is .*pair"),
        ({"edges": {}}, "list of pairs"),
        ({"nodes": ["x", "y", "z", "x"]}, "'x' is listed twice"),
        ({"nodes": []}, "at least one"),
        ({"nodes": [None]}, "list of names"),
        ({"known": {"w": "A"}}, "'w' that is not among"),
        ({"known": {"x": "C"}}, "the class 'C'; the classes are A, B"),
        ({"known": []}, "object"),
        ({"features": [[1], [2]]}, r"\[2, 1\]; expected finite numbers \[3, F\]"),
        ({"features": [[1], [2], "?"]}, "equally many numbers"),
        ({"sparse_features": [[1], [2], [3]]}, '"sparse_features" is'),
        ({"sparse_features": {"columns": 4, "ones": 3}}, '"sparse_features" is'),
        ({"sparse_features": {"columns": 4, "ones": [[1], [2]]}}, "2 rows for 3 nodes"),
        ({"sparse_features": {"columns": 4, "ones": [[1], [4], []]}}, "node 1 is .*from 0 to 3"),
        ({"sparse_features": {"columns": 4, "ones": [[1], 2, []]}}, "node 1 is 2"),
        ({"sparse_features": {"columns": 4, "ones": [[True], [], []]}}, "node 0 is"),
        ({"sparse_features": {"columns": 10**9, "ones": [[], [], []]}}, "at most 20000 nodes"),
        ({"sparse_features": {"columns": 4, "ones": [[], [], []]}, "features": [[1], [2], [3]]}, "only one can say"),
    ],
)
def test_a_wrong_graph_is_a_sentence(tmp_path: Path, change: dict[str, Any], words: str) -> None:
    with pytest.raises(DataError, match=words):
        read_graph(saved(tmp_path / "g.json", CHAIN | change), LABELS)


def test_a_file_that_holds_no_graph(tmp_path: Path) -> None:
    for said in ("{", "[]", "1", {"nodes": ["x"], "edges": []}, "[" * 100_000):
        with pytest.raises(DataError, match=r"g\.json"):
            read_graph(saved(tmp_path / "g.json", said), LABELS)
    with pytest.raises(DataError, match="cannot be read"):
        read_graph(tmp_path / "none.json", LABELS)


# -- Planetoid's layout --------------------------------------------------------------------------------


def matrix(rows: list[list[float]]) -> np.ndarray:
    return np.array(rows, np.float32)


def write(folder: Path, **changes: Any) -> None:
    """A miniature with 7 nodes, of which 5 does not exist (as in Citeseer): 2 to train on, 2 unlabelled, 2 to test."""
    parts: dict[str, Any] = {
        "x": scipy.sparse.csr_matrix(matrix([[1, 0, 0], [0, 2, 0]])),
        "y": np.array([[1, 0], [0, 1]], np.int32),
        "allx": scipy.sparse.csr_matrix(matrix([[1, 0, 0], [0, 2, 0], [0, 0, 3], [4, 4, 4]])),
        "ally": np.array([[1, 0], [0, 1], [0, 1], [1, 0]], np.int32),
        "tx": scipy.sparse.csr_matrix(matrix([[6, 6, 0], [0, 5, 5]])),
        "ty": np.array([[0, 1], [1, 0]], np.int32),
        "graph": defaultdict(list, {0: [1, 2], 1: [0], 2: [0, 6, 2], 3: [4, 4], 4: [3], 5: [], 6: [2]}),
    } | changes
    for name, content in parts.items():
        if name != "test_index":
            content = content if isinstance(content, bytes) else pickle.dumps(content, protocol=2)
            (folder / f"ind.mini.{name}").write_bytes(content)
    (folder / "ind.mini.test.index").write_text(changes.get("test_index", "6\n4\n"))


def by_the_definition(folder: Path) -> tuple[np.ndarray, np.ndarray]:
    """Features and labels as the papers' own loader puts them in order: stacked, then the test rows rearranged."""

    def part(name: str) -> Any:
        found = pickle.loads((folder / f"ind.mini.{name}").read_bytes())
        return found.toarray() if scipy.sparse.issparse(found) else found

    reorder = [int(line) for line in (folder / "ind.mini.test.index").read_text().split()]
    ordered = sorted(reorder)
    both = []
    for rest, tested in (("allx", "tx"), ("ally", "ty")):
        extended = np.zeros((max(reorder) - min(reorder) + 1, part(tested).shape[1]))
        extended[np.array(ordered) - min(ordered)] = part(tested)
        stacked = np.vstack([part(rest), extended])
        stacked[reorder] = stacked[ordered]
        both.append(stacked)
    return both[0], both[1]


def test_a_miniature_in_the_published_layout(tmp_path: Path) -> None:
    write(tmp_path)
    (sample,) = Planetoid(tmp_path, 2)
    features, one_hot = by_the_definition(tmp_path)
    graph, truth = sample.data, sample.truth
    assert sample.id == "mini"
    np.testing.assert_array_equal(graph.features, features)
    np.testing.assert_array_equal(np.eye(2)[truth.labels][[0, 1, 2, 3, 4, 6]], one_hot[[0, 1, 2, 3, 4, 6]])
    assert truth.mask.tolist() == [False, False, False, False, True, False, True], "node 5 has no class"
    assert graph.known.tolist() == [0, 1, -1, -1, -1, -1, -1]
    assert graph.edges.tolist() == [[0, 1], [0, 2], [2, 6], [3, 4]], "once each, without loops"


def python2_array(array: np.ndarray) -> bytes:
    """How Python 2 pickled an array, in protocol 0: the bytes are a string there."""
    text = repr(array.tobytes())[1:].encode()
    kind = array.dtype.str
    dtype = f"cnumpy\ndtype\n(S'{kind[1:]}'\nI0\nI1\ntR(I3\nS'{kind[0]}'\nNNNI-1\nI-1\nI0\ntb".encode()
    shape = b"(" + b"".join(b"I%d\n" % size for size in array.shape) + b"t"
    begin = b"cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\n(I0\ntS'b'\ntR(I1\n"
    return begin + shape + dtype + b"I00\nS" + text + b"\ntb"


def python2_csr(sparse: Any) -> bytes:
    """How Python 2 pickled a csr_matrix in the published files: rebuilt by copy_reg, its state a dictionary."""
    state = b"(dS'_shape'\n(" + b"".join(b"I%d\n" % size for size in sparse.shape) + b"ts"
    for name in ("data", "indices", "indptr"):
        state += b"S'" + name.encode() + b"'\n" + python2_array(getattr(sparse, name)) + b"s"
    state += b"S'maxprint'\nI50\ns"
    head = b"ccopy_reg\n_reconstructor\n(cscipy.sparse.csr\ncsr_matrix\nc__builtin__\nobject\nNtR"
    return head + state + b"b."


def test_the_pickles_of_python_2(tmp_path: Path) -> None:
    write(tmp_path)
    today, truth = read_planetoid(tmp_path, "mini")
    for name in ("x", "allx", "tx"):
        path = tmp_path / f"ind.mini.{name}"
        path.write_bytes(python2_csr(pickle.loads(path.read_bytes())))
    for name in ("y", "ally", "ty"):
        path = tmp_path / f"ind.mini.{name}"
        path.write_bytes(python2_array(pickle.loads(path.read_bytes())) + b".")
    near = b"ccollections\ndefaultdict\n(c__builtin__\nlist\ntR"
    near += b"".join(
        b"I%d\n(l%ss" % (node, b"".join(b"I%d\na" % one for one in ones))
        for node, ones in {0: [1, 2], 1: [0], 2: [0, 6, 2], 3: [4, 4], 4: [3], 5: [], 6: [2]}.items()
    )
    (tmp_path / "ind.mini.graph").write_bytes(near + b".")
    then, _ = read_planetoid(tmp_path, "mini")
    np.testing.assert_array_equal(then.features, today.features)
    np.testing.assert_array_equal(then.edges, today.edges)
    assert truth.mask.sum() == 2


class Bomb:
    def __reduce__(self) -> Any:
        return os.system, ("echo a pickle ran this",)


@pytest.mark.parametrize(
    "evil",
    [
        pickle.dumps(Bomb(), protocol=2),
        pickle.dumps(Bomb()),
        b"cbuiltins\neval\n(S'1'\ntR.",
        b"c__builtin__\nbytes\n(I99999999999\ntR.",
        b"c_codecs\nencode\n(S'a'\nS'zip'\ntR.",
        b"ccopy_reg\n_reconstructor\n(cnumpy\nndarray\nc__builtin__\nlist\nNtR.",
        b"not a pickle",
        b"",
        pickle.dumps({"a": 1})[:-3],
    ],
)
def test_a_pickle_may_not_run_code(tmp_path: Path, evil: bytes, capfd: pytest.CaptureFixture[str]) -> None:
    for part in ("x", "graph", "ty"):
        write(tmp_path, **{part: evil})
        with pytest.raises(DataError, match=rf"ind\.mini\.{part}: this is no pickle of arrays"):
            read_planetoid(tmp_path, "mini")
    assert "ran this" not in capfd.readouterr().out


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"graph": {0: [1], 3: [9]}}, "the edge 3 - 9 leads to a node that is not there: they are 0 to 6"),
        ({"graph": {0: [-1]}}, "the edge 0 - -1"),
        ({"graph": {0: ["one"]}}, "whole numbers"),
        ({"graph": {0: 1}}, "nodes and their neighbours"),
        ({"graph": [1]}, "nodes and their neighbours"),
        ({"test_index": "6\nfour\n"}, r"test\.index: expected the number"),
        ({"test_index": "6\n6\n"}, "each once"),
        ({"test_index": "6\n"}, r"tx \[2, 3\].* and 1 test nodes from 6 on"),
        ({"test_index": "6\n2\n"}, "from 2 on"),
        ({"test_index": "6\n99999999999\n"}, "node 99999999999; at most 20000 nodes are taken"),
        ({"ally": np.eye(2, dtype=np.int32)}, "do not fit together"),
        ({"ty": [[0, "?"], [1, 0]]}, "expected a matrix of numbers, got a list"),
        ({"ty": np.zeros(2)}, "expected a matrix"),
        ({"allx": matrix([[np.nan] * 3] * 4)}, "NaN, infinite"),
    ],
)
def test_files_that_do_not_fit(tmp_path: Path, changes: dict[str, Any], words: str) -> None:
    write(tmp_path, **changes)
    with pytest.raises(DataError, match=words):
        read_planetoid(tmp_path, "mini")


def test_a_matrix_whose_indices_lead_out_of_it(tmp_path: Path) -> None:
    sparse = scipy.sparse.csr_matrix(matrix([[6, 6, 0], [0, 5, 5]]))
    sparse.indices = np.array([0, 1, 1, 70], np.int32)
    write(tmp_path, tx=sparse)
    with pytest.raises(DataError, match=r"ind\.mini\.tx: .* a column \d+ of 3"):
        read_planetoid(tmp_path, "mini")


def test_a_folder_without_graphs_or_with_other_classes(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"no file ind\.<name>\.graph"):
        Planetoid(tmp_path, 2)
    write(tmp_path)
    with pytest.raises(DataError, match="have 2 classes, this network tells 1 apart"):
        Planetoid(tmp_path, 1)[0]
    (tmp_path / "ind.mini.tx").unlink()
    with pytest.raises(DataError, match=r"ind\.mini\.tx: cannot be read"):
        Planetoid(tmp_path, 2)[0]


# -- preprocessing, postprocessing, metric ---------------------------------------------------------------


def test_inputs_are_those_of_the_paper() -> None:
    graph, _ = graphs.planted(1)
    random = np.random.default_rng(0)
    graph = Graph(graph.names, random.random((len(graph.names), 5), np.float32), graph.edges, graph.known)
    graph.features[3] = 0
    features, adjacency = graph_inputs(graph, 5)
    net = networkx.Graph()
    net.add_nodes_from(range(len(graph.names)))
    net.add_edges_from(graph.edges.tolist())
    looped = networkx.to_scipy_sparse_array(net, nodelist=range(len(graph.names))) + scipy.sparse.eye(len(graph.names))
    roots = scipy.sparse.diags(1 / np.sqrt(looped.sum(axis=1)))
    np.testing.assert_allclose(adjacency, (roots @ looped @ roots).toarray(), rtol=1e-6)
    sums = graph.features.sum(axis=1)
    np.testing.assert_allclose(features[4], graph.features[4] / sums[4], rtol=1e-6)
    assert not features[3].any()
    assert (features.dtype, adjacency.dtype) == (np.float32, np.float32)
    with pytest.raises(DataError, match="have 5 features each, and this network takes 4"):
        graph_inputs(graph, 4)


def test_padding_is_cut_off() -> None:
    logits = np.zeros((2, 4, 2), np.float32)
    logits[0, :2, 1] = 1
    found = node_classes([logits], [2, 4], 2)
    assert [one.classes.tolist() for one in found] == [[1, 1], [0, 0, 0, 0]]
    for sizes, classes in (([2, 5], 2), ([2], 2), ([2, 4], 3)):
        with pytest.raises(DataError):
            node_classes([logits], sizes, classes)


def scored(*classes: int) -> NodeClasses:
    return NodeClasses(np.eye(3, dtype=np.float32)[list(classes)])


def test_accuracy_is_that_of_the_nodes_that_count() -> None:
    predictions = [scored(0, 1, 2, 2), scored(1, 1)]
    truths = [
        NodeTruth(np.array([0, 1, 0, 0]), np.array([True, True, True, False])),
        NodeTruth(np.array([1, 1]), np.array([False, True])),
    ]
    metric = NodeAccuracy()
    metric.update(predictions, truths)
    asked = [one.classes[truth.mask] for one, truth in zip(predictions, truths, strict=True)]
    known = [truth.labels[truth.mask] for truth in truths]
    assert metric.compute()["accuracy"] == accuracy_score(np.concatenate(known), np.concatenate(asked)) == 3 / 4
    assert metric.compute()["accuracy_per_graph"] == pytest.approx((2 / 3 + 1) / 2)
    parts = NodeAccuracy()
    for one, truth in zip(predictions, truths, strict=True):
        part = NodeAccuracy()
        part.update([one], [truth])
        parts.merge(json.loads(json.dumps(part.state())))
    assert parts.compute() == metric.compute()


def test_what_cannot_be_counted() -> None:
    metric = NodeAccuracy()
    with pytest.raises(DataError, match="no graph"):
        metric.compute()
    nobody = NodeTruth(np.array([0]), np.array([False]))
    for predictions, truths in (([scored(0)], []), ([scored(0)], [nobody]), ([scored(0, 1)], [nobody])):
        with pytest.raises(DataError):
            metric.update(predictions, truths)
    for state in ({}, metric.state() | {"nodes": -1}, metric.state() | {"nodes": "1"}):
        with pytest.raises(DataError, match="not the counts"):
            metric.merge(state)


def test_agreement_lets_only_ties_differ() -> None:
    tie, other = np.array([[0.501, 0.499], [0.9, 0.1]]), np.array([[0.4995, 0.5005], [0.9, 0.1]])
    assert agreement(NodeClasses(tie), NodeClasses(other))
    assert not agreement(NodeClasses(tie), NodeClasses(other[:, ::-1]))


def test_a_tie_is_between_the_two_classes_and_on_both_sides() -> None:
    tie, third, sure = (NodeClasses(np.array([row])) for row in ([0.499, 0.497, 0.004], [0, 0, 1.0], [0.1, 0.9, 0.0]))
    for one, other in ((tie, third), (tie, sure)):
        assert not agreement(one, other)
        assert not agreement(other, one)


# -- the sample graphs, and pictures -----------------------------------------------------------------------


def test_the_karate_club_is_the_real_one() -> None:
    graph, truth = graphs.karate()
    club = networkx.karate_club_graph()
    assert (len(graph.names), len(graph.edges)) == (34, 78)
    ours = networkx.Graph([(graph.names[one], graph.names[other]) for one, other in graph.edges.tolist()])
    degrees = {f"member {node + 1}": degree for node, degree in club.degree if node not in (0, 33)}
    assert dict(ours.degree) == degrees | {"Mr. Hi": 16, "Officer": 17}
    assert np.bincount(truth.labels).tolist() == [17, 17]
    assert graph.names[:2] == ("Mr. Hi", "Officer")
    assert graph.known[:3].tolist() == [0, 1, -1]


def test_planted_partitions_hide_nothing_in_the_features() -> None:
    for seed in range(8):
        graph, truth = graphs.planted(seed)
        known = graph.known >= 0
        assert (graph.known[known] == truth.labels[known]).all()
        assert set(truth.labels) == set(truth.labels[known]), "each class is told once at least"
        assert not graph.features[~known].any(), "an unknown node has no features"
        assert (truth.mask == ~known).all()
        same = truth.labels[graph.edges[:, 0]] == truth.labels[graph.edges[:, 1]]
        assert same.mean() > 0.6
    assert not np.array_equal(graphs.planted(1)[0].edges, graphs.planted(2)[0].edges)


def test_the_sample_data_is_written_and_read_again(tmp_path: Path) -> None:
    graphs.write_graphs(tmp_path / "g")
    samples = Planetoid(tmp_path / "g", len(graphs.CLASSES))
    made = graphs.held_out()
    assert [one.id for one in samples] == sorted(made)
    for sample in samples[:4]:
        graph, truth = made[sample.id]
        np.testing.assert_array_equal(sample.data.features, graph.features)
        np.testing.assert_array_equal(sample.data.edges, graph.edges)
        np.testing.assert_array_equal(sample.data.known, graph.known)
        np.testing.assert_array_equal(sample.truth.labels, truth.labels)
        np.testing.assert_array_equal(sample.truth.mask, truth.mask)


def test_pictures_are_the_same_each_time() -> None:
    graph, truth = graphs.karate()
    one, other = (draw_graph(graph, truth.labels, graphs.CLASSES) for _ in range(2))
    assert one.size == (800, 684)
    assert one.tobytes() == other.tobytes()
    colours = {colour for _, colour in one.getcolors(1 << 24) or []}
    assert {(0, 114, 178), (230, 159, 0)} <= colours
    alone = Graph(("数",), hints(np.array([-1]), 2), unique_edges(np.empty(0), np.empty(0)), np.array([-1]))
    assert draw_graph(alone, np.array([0]), LABELS).size == (800, 684)


@pytest.mark.parametrize(
    ("words", "topics"),
    [(papers.WORDS, len(papers.TOPICS)), (papers.CITESEER_WORDS, len(papers.CITESEER_TOPICS))],
)
def test_made_papers_are_as_wide_as_the_public_ones(tmp_path: Path, words: int, topics: int) -> None:
    papers.write_papers(tmp_path / "made", words, topics)
    samples = Planetoid(tmp_path / "made", topics)
    assert len(samples) == papers.GRAPHS
    graph = samples[0].data
    assert graph.features.shape == (papers.PAPERS, words)
    told = graph.known[graph.known >= 0]
    assert sorted(told.tolist()) == sorted([*range(topics)] * papers.TOLD)
