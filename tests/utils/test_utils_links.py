"""Edges that are held out, a person's graph, the metrics of both, and what can be wrong."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from utils.datasets.graph import Graph, unique_edges
from utils.datasets.links import HeldOutLinks, read_asked, split
from utils.datasets.samples.graphs import write_planetoid
from utils.datasets.samples.papers import TOPICS, papers, write_papers
from utils.draw.graph import draw_links
from utils.metrics.links import LinkQuality
from zoo.tasks.link_prediction import LinkPrediction, Links
from zoo_core.errors import DataError


def graph_of(nodes: int, edges: Any) -> Graph:
    ends = np.array(edges, np.int64).reshape(-1, 2)
    names = tuple(f"n{node}" for node in range(nodes))
    return Graph(names, np.ones((nodes, 2), np.float32), unique_edges(*ends.T), np.full(nodes, -1))


def test_edges_are_held_out_and_others_stand_against_them() -> None:
    whole, _ = papers(0)
    asked, truth = split(whole)
    edges = set(map(tuple, whole.edges.tolist()))
    seen = set(map(tuple, asked.graph.edges.tolist()))
    pairs = list(map(tuple, asked.pairs.tolist()))
    found = round(0.1 * len(edges))
    assert (len(pairs), truth.sum(), len(set(pairs))) == (2 * found, found, 2 * found)
    assert all((pair in edges) == bool(one) for pair, one in zip(pairs, truth, strict=True))
    assert seen < edges
    assert not seen & set(pairs)
    assert len(seen) == len(edges) - found - round(0.05 * len(edges))
    assert all(one < other for one, other in pairs)
    again, _ = split(whole)
    assert (again.pairs == asked.pairs).all()
    assert (again.graph.features == whole.features).all()


def test_the_graphs_of_a_folder(tmp_path: Path) -> None:
    write_papers(tmp_path / "made")
    samples = HeldOutLinks(tmp_path / "made", len(TOPICS))
    assert [one.id for one in samples] == ["papers0", "papers1", "papers2", "papers3"]
    assert [one.id for one in samples[1:3]] == ["papers1", "papers2"]
    assert samples[0].truth.sum() * 2 == len(samples[0].data.pairs)


def test_a_graph_of_few_edges_is_named(tmp_path: Path) -> None:
    graph, truth = papers(0)
    write_planetoid(tmp_path, "few", replace(graph, edges=graph.edges[:9]), truth, len(TOPICS))
    with pytest.raises(DataError, match="graph few: it has 9 edges; at least 10"):
        HeldOutLinks(tmp_path, len(TOPICS))[0]


def test_a_graph_in_which_all_are_joined() -> None:
    every = np.argwhere(np.triu(np.ones((6, 6)), 1))
    with pytest.raises(DataError, match="nearly every pair of its 6 nodes"):
        split(graph_of(6, every))


def written(folder: Path, edges: list[list[str]]) -> Path:
    path = folder / "graph.json"
    path.write_text(json.dumps({"nodes": ["a", "b", "c"], "edges": edges, "features": [[1], [0], [1]]}))
    return path


def test_of_a_persons_graph_every_pair_is_asked_for(tmp_path: Path) -> None:
    asked = read_asked(written(tmp_path, [["b", "a"]]), ("x",))
    assert asked.pairs.tolist() == [[0, 2], [1, 2]]


def test_a_persons_graph_without_a_pair(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="every two nodes are joined already"):
        read_asked(written(tmp_path, [["b", "a"], ["a", "c"], ["c", "b"]]), ("x",))


def test_a_persons_graph_that_is_too_large(tmp_path: Path) -> None:
    path = tmp_path / "graph.json"
    sparse = {"columns": 1, "ones": [[]] * 5001}
    path.write_text(json.dumps({"nodes": list(range(5001)), "edges": [], "sparse_features": sparse}))
    with pytest.raises(DataError, match="of 5001 nodes there are too many pairs; at most 5000"):
        read_asked(path, ("x",))


def links(*keys: float) -> Links:
    return Links(("a", "b"), np.zeros((len(keys), 2), np.int64), np.array(keys, np.float32))


def test_auc_and_average_precision() -> None:
    metric = LinkQuality()
    # joined pairs have the first and the third place; then one of two, with the same score as the other
    metric.update([links(4, 3, 2, 1), links(1, 1)], [np.array([True, False, True, False]), np.array([True, False])])
    figures = metric.compute()
    assert figures["auc"] == pytest.approx((3 / 4 + 1 / 2) / 2)
    assert figures["average_precision"] == pytest.approx(((1 + 2 / 3) / 2 + 1 / 2) / 2)
    other = LinkQuality()
    other.merge(metric.state())
    assert other.compute() == figures


@pytest.mark.parametrize(
    ("truth", "said"),
    [([True, True], "of 2 pairs 2 are joined"), ([False, False], "0 are joined"), ([True], "2 pairs have a score")],
)
def test_truths_that_are_wrong(truth: list[bool], said: str) -> None:
    metric = LinkQuality()
    with pytest.raises(DataError, match=said):
        metric.update([links(1, 2)], [np.array(truth)])
    with pytest.raises(DataError, match="no graph was counted"):
        metric.compute()


@pytest.mark.parametrize("state", [{}, {"graphs": -1, "areas": [], "precisions": []}, {"graphs": 1}])
def test_states_that_are_wrong(state: Any) -> None:
    with pytest.raises(DataError, match="counts of"):
        LinkQuality().merge(state)


def test_what_the_network_gives_is_looked_at() -> None:
    task = LinkPrediction(("x",), 2)
    whole = graph_of(12, [(one, one + 1) for one in range(11)])
    asked, _ = split(whole)
    arrays, meta = task.preprocess(asked)
    assert [array.shape for array in arrays] == [(12, 2), (12, 12)]
    logits = np.arange(169, dtype=np.float32).reshape(1, 13, 13)
    (found,) = task.postprocess([logits], [meta])
    assert found.keys.tolist() == [13 * one + other for one, other in asked.pairs.tolist()]
    with pytest.raises(DataError, match=r"\[1, 12, 12\] is expected"):
        task.postprocess([logits[:, :11]], [meta])
    with pytest.raises(DataError, match="NaN"):
        task.postprocess([np.full((1, 12, 12), np.nan)], [meta])
    with pytest.raises(DataError, match="--input_size allows 8"):
        task.adapted(8, 1).preprocess(asked)
    assert task.describe(found, 1).startswith(f"n{asked.pairs[found.keys.argmax()][0]} - ")
    assert task.to_json(found)["pairs"] == len(asked.pairs)


def test_a_picture_of_predicted_edges() -> None:
    graph = graph_of(5, [(0, 1), (1, 2)])
    plain, marked = (np.asarray(draw_links(graph, found)) for found in ([], [(3, 4)]))
    assert plain.shape == marked.shape == (684, 800, 3)
    assert (plain != marked).any()


def test_another_order_does_not_agree() -> None:
    task, pairs = LinkPrediction(TOPICS, 8), np.array([[0, 1], [0, 2], [1, 2]])
    one, other = (Links(("a", "b", "c"), pairs, np.array(keys, np.float32)) for keys in ([8, 9, 10], [10, 9, 8]))
    assert task.agreement(one, replace(one, keys=one.keys + np.float32(0.001)))
    assert not task.agreement(one, other)
