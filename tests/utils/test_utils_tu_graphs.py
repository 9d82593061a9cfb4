"""Graphs with a class each: TU Dortmund's layout, a person's own graph, the made molecules, and what can be wrong."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from utils.datasets.samples.molecules import ATOMS, CLASSES, HELD_OUT, HELD_OUT_SEED, NAMES, molecule, write_molecules
from utils.datasets.tu_graphs import TuGraphs, read_labelled_graph
from zoo.tasks.graph_classification import GraphClassification
from zoo_core.errors import DataError

KINDS = ("C", "N", "O")
FILES = {"A": "1, 2\n2, 1\n4, 3\n3,4\n4, 5\n", "graph_indicator": "1\n1\n2\n2\n2\n", "graph_labels": "1\n-1\n"}
NODES = "0\n2\n1\n0\n0\n"


def written(folder: Path, **changed: str) -> Path:
    for name, text in ({**FILES, "node_labels": NODES} | changed).items():
        (folder / f"MADE_{name}.txt").write_text(text)
    return folder


def test_the_layout(tmp_path: Path) -> None:
    first, second = TuGraphs(written(tmp_path), KINDS, CLASSES)
    assert (first.id, first.truth, first.data.names, first.data.edges.tolist()) == ("MADE:1", 1, ("C", "O"), [[0, 1]])
    assert (second.truth, second.data.names) == (0, ("N", "C", "C"))
    assert second.data.edges.tolist() == [[0, 1], [1, 2]]
    assert second.data.features.tolist() == [[0, 1, 0], [1, 0, 0], [1, 0, 0]]


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"A": "1, 6\n"}, r"MADE_A\.txt, line 1: a node of 1 to 5"),
        ({"A": "1, 2\n0, 1\n"}, r"MADE_A\.txt, line 2: a node of 1 to 5"),
        ({"A": "1, 2\n2, 3\n"}, "line 2: an edge between two graphs"),
        ({"A": "1; 2\n"}, "line 1: '1; 2'; expected 2 whole"),
        ({"A": ""}, "empty"),
        ({"graph_indicator": "1\n1\n2\n2\n"}, "5 lines, and 4"),
        ({"graph_indicator": "1\n1\n3\n3\n3\n"}, "not of the graphs 1 to 2"),
        ({"graph_labels": "1\n7\n"}, r"line 2: class 7; this network knows \[-1, 1\]"),
        ({"node_labels": "0\n2\n1\n0\n3\n"}, "line 5: 3; this network knows the numbers 0 to 2"),
    ],
)
def test_files_that_are_wrong(tmp_path: Path, changed: dict[str, str], said: str) -> None:
    with pytest.raises(DataError, match=said):
        TuGraphs(written(tmp_path, **changed), KINDS, CLASSES)


def test_nodes_of_a_graph_need_not_stand_together(tmp_path: Path) -> None:
    changed = {"graph_indicator": "2\n1\n2\n1\n2\n", "A": "4, 2\n5, 3\n3, 1\n"}
    first, second = TuGraphs(written(tmp_path, **changed), KINDS, CLASSES)
    assert (first.data.names, first.data.edges.tolist()) == (("O", "C"), [[0, 1]])
    assert (second.data.names, second.data.edges.tolist()) == (("C", "N", "C"), [[0, 1], [1, 2]])


def test_a_graph_that_would_fill_the_memory_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("utils.datasets.tu_graphs.MAX_NODES", 2)
    with pytest.raises(DataError, match="graph 2 has 3 nodes; at most 2"):
        TuGraphs(written(tmp_path), KINDS, CLASSES)


def test_a_folder_without_graphs(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"0 files NAME_A\.txt"):
        TuGraphs(tmp_path, KINDS, CLASSES)


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ([], "fields nodes and edges"),
        ({"nodes": [], "edges": []}, "1 to"),
        ({"nodes": ["C", "X"], "edges": []}, "node 1 is 'X'"),
        ({"nodes": ["C"], "edges": [[0, 1]]}, "places from 0 to 0"),
        ({"nodes": ["C", "C"], "edges": [[0, True]]}, "places from 0 to 1"),
    ],
)
def test_graphs_that_are_none(tmp_path: Path, said: Any, words: str) -> None:
    (tmp_path / "a.json").write_text(json.dumps(said))
    with pytest.raises(DataError, match=words):
        read_labelled_graph(tmp_path / "a.json", KINDS)


def test_molecules_come_back_as_they_were_made(tmp_path: Path) -> None:
    write_molecules(tmp_path / "made")
    found = TuGraphs(tmp_path / "made", ATOMS, CLASSES)
    assert len(found) == HELD_OUT
    for number in (0, 1, HELD_OUT - 1):
        graph, truth = molecule(HELD_OUT_SEED + number)
        assert found[number].truth == truth
        assert found[number].data.names == graph.names
        assert np.array_equal(found[number].data.edges, graph.edges)


def test_a_molecule_has_a_nitro_group_where_its_class_says_so() -> None:
    for seed in range(60):
        graph, truth = molecule(seed)
        nitrogen = graph.names.index("N")
        ends = [pair[1 - pair.index(nitrogen)] for pair in graph.edges.tolist() if nitrogen in pair]
        assert ([graph.names[end] for end in ends].count("O") == 2) == bool(truth), seed
        assert sorted(graph.names).count("O") == 2
        assert sorted(graph.names).count("N") == 1


def test_the_task_and_filling(tmp_path: Path) -> None:
    task = GraphClassification(kinds=ATOMS, classes=CLASSES, labels=NAMES)
    graph, _ = molecule(3)
    (nodes, edges), _ = task.preprocess(graph)
    assert nodes.sum() == len(graph.names)
    assert edges.sum() == 2 * len(graph.edges)
    assert not edges.diagonal().any()
    with pytest.raises(DataError, match="--input_size allows 4"):
        task.adapted(4, 1).preprocess(graph)
    torch = pytest.importorskip("torch")
    from zoo import catalogue

    network = catalogue.load("gnn/gin").variant().build().eval()
    more = len(nodes) + 5
    wide = np.pad(nodes, ((0, 5), (0, 0))), np.pad(edges, (0, 5))
    with torch.inference_mode():
        alone, filled = (network(*(torch.from_numpy(one)[None] for one in pair)) for pair in ((nodes, edges), wide))
    assert wide[0].shape[0] == more
    np.testing.assert_allclose(filled.numpy(), alone.numpy(), rtol=1e-4, atol=1e-5)
    assert task.draw(graph, task.postprocess([alone.numpy()], [None])[0]).width == 512
