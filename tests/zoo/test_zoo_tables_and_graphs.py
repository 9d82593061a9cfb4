"""The click models and the graph networks: what their papers say, from a sample to a prediction."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from utils.datasets.graph import Graph, hints
from utils.datasets.samples import clicks, graphs
from zoo import catalogue
from zoo.frameworks import of
from zoo.model import Model
from zoo.running.padding import stacked
from zoo.weights import Weights, find_weights
from zoo_core.errors import DataError

torch = pytest.importorskip("torch")


def find(name: str, variant: str | None = None) -> Model:
    return catalogue.load(name).variant(variant)


def network(model: Model, asked: str = "sample") -> Any:
    """The network with its sample weights, or as it is built."""
    if asked != "sample":
        torch.manual_seed(0)
        return model.build().eval()
    return of(model).load(model, find_weights(model, asked), [])


def rows(model: Model, count: int) -> list[Any]:
    pairs = [model.task.preprocess(row)[0] for row in clicks.draw(count, 5).rows]
    return [torch.from_numpy(np.stack(column)) for column in zip(*pairs, strict=True)]


@pytest.mark.parametrize("name", ["recommendation/wide_deep", "recommendation/deepfm"])
def test_clicks_come_near_the_best_possible(name: str) -> None:
    model = find(name)
    drawn = clicks.draw(4000, 77)  # rows of neither the training nor the sample data set
    pairs = [model.task.preprocess(row)[0] for row in drawn.rows]
    inputs = [torch.from_numpy(np.stack(column)) for column in zip(*pairs, strict=True)]
    with torch.inference_mode():
        found = model.task.postprocess([network(model)(*inputs).numpy()], [None] * len(pairs))
    from sklearn.metrics import roc_auc_score

    metric = model.task.metric()
    metric.update(found, drawn.labels.tolist())
    assert metric.compute()["auc"] > roc_auc_score(drawn.labels, drawn.probabilities) - 0.025


def test_deepfm_multiplies_every_pair_of_fields() -> None:
    model = find("recommendation/deepfm")
    net = network(model, "new")
    dense, sparse = rows(model, 3)
    torch.nn.init.zeros_(net.deep[-1].weight), torch.nn.init.zeros_(net.deep[-1].bias)  # the deep part says nothing
    tables = sparse + torch.arange(26) * 1000
    with torch.inference_mode():
        got = net(dense, sparse)[:, 0]
        for row in range(3):
            numbers = [x * v for x, v in zip(dense[row], net.dense_embedding, strict=True)]
            vectors = [*numbers, *net.sparse_embedding(tables[row])]
            pairs = sum(one @ other for one, other in itertools.combinations(vectors, 2))
            linear = net.dense_weight(dense[row]) + net.sparse_weight(tables[row]).sum()
            assert float(got[row]) == pytest.approx(float(linear + pairs), abs=1e-5)


def test_the_wide_part_remembers_crossed_categories() -> None:
    model = find("recommendation/wide_deep")
    net = network(model, "new")
    dense, sparse = rows(model, 1)
    before = net(dense, sparse).detach()
    index = (int(sparse[0, 0]) * 1000 + int(sparse[0, 1])) % 4999
    with torch.no_grad():
        net.wide_crosses.weight[index] += 1
    assert float(net(dense, sparse).detach() - before) == pytest.approx(1, abs=1e-5), "C1 x C2 is the first pair"
    sparse[0, 1] = (sparse[0, 1] + 1) % 1000
    with torch.no_grad():
        after = net(dense, sparse)
        net.wide_crosses.weight[index] -= 1
    assert torch.equal(net(dense, sparse), after), "another category of C2 is another pair"


def test_rows_and_their_mistakes(tmp_path: Path) -> None:
    task = find("recommendation/deepfm").task
    row = clicks.draw(1, 3).rows[0]
    assert (task.preprocess(task.from_text(row))[0][1] == task.preprocess(f"1\t{row}")[0][1]).all()
    (tmp_path / "a.tsv").write_text(f"{row}\nshort\n")
    good, bad = task.samples_in(tmp_path / "a.tsv")
    assert (good.id, bad.id) == ("a.tsv:1", "a.tsv:2")
    with pytest.raises(DataError, match="1 columns, expected 39"):
        task.preprocess(bad.data)
    assert task.draw(row, task.postprocess([np.zeros((1, 1))], [None])[0]).width == 640


@pytest.mark.parametrize(("name", "variant"), [("gnn/gcn", "gcn"), ("gnn/gcn", "gat"), ("gnn/graphsage", None)])
def test_padding_changes_nothing_of_a_graph(name: str, variant: str | None) -> None:
    model = find(name, variant)
    net = network(model)
    (one, nodes), (other, _) = (model.task.preprocess(graph) for graph, _ in (graphs.karate(), graphs.planted(5)))
    assert model.task.padding is not None
    with torch.inference_mode():
        alone = net(*(torch.from_numpy(array)[None] for array in one)).numpy()
        both = net(*map(torch.from_numpy, stacked([one, other], model.task.padding))).numpy()
    assert both.shape[1] > nodes == 34
    np.testing.assert_allclose(both[0, :nodes], alone[0], rtol=1e-5, atol=1e-6)
    assert np.isfinite(both).all()


@pytest.mark.parametrize("variant", ["gcn", "gat"])
def test_new_graphs_and_the_karate_club_are_classified(variant: str) -> None:
    model = find("gnn/gcn", variant)
    net = network(model)
    metric = model.task.metric()
    club = model.task.metric()
    for number in range(12):
        graph, truth = graphs.karate() if number == 0 else graphs.planted(50 + number)
        arrays, nodes = model.task.preprocess(graph)
        with torch.inference_mode():
            found = model.task.postprocess([net(*(torch.from_numpy(one)[None] for one in arrays)).numpy()], [nodes])
        (metric if number else club).update(found, [truth])
    assert metric.compute()["accuracy"] > 0.9
    assert club.compute()["accuracy"] > 0.9


def test_gcn_is_the_papers_formula() -> None:
    model = find("gnn/gcn", "gcn")
    net = network(model)
    (features, adjacency), _ = model.task.preprocess(graphs.planted(3)[0])
    first, second = (layer.weight.detach().numpy().T for layer in (net.first, net.second))
    expected = adjacency @ np.maximum(adjacency @ features @ first, 0) @ second
    with torch.inference_mode():
        got = net(torch.from_numpy(features)[None], torch.from_numpy(adjacency)[None])[0].numpy()
    np.testing.assert_allclose(got, expected, rtol=1e-4, atol=1e-5)


def test_gat_attends_to_neighbours_as_in_the_paper() -> None:
    """One layer, node by node: a softmax over the neighbours and the node itself of LeakyReLU(aᵀ[Wh_i ‖ Wh_j])."""
    layer = network(find("gnn/gcn", "gat")).first
    graph, _ = graphs.karate()
    (features, adjacency), _ = find("gnn/gcn", "gat").task.preprocess(graph)
    with torch.inference_mode():
        got = layer(torch.from_numpy(features)[None], torch.from_numpy(adjacency)[None])[0].numpy()
    values = features @ layer.linear.weight.detach().numpy().T
    for head in range(layer.heads):
        part = values[:, head * 8 : head * 8 + 8]
        own, others = (getattr(layer, name)[head, :, 0].detach().numpy() for name in ("source", "target"))
        for node in range(len(graph.names)):
            near = np.flatnonzero(adjacency[node])
            raw = part[node] @ own + part[near] @ others
            powers = np.exp(np.where(raw > 0, raw, 0.2 * raw))
            expected = powers / powers.sum() @ part[near] + layer.bias[head * 8 : head * 8 + 8].detach().numpy()
            np.testing.assert_allclose(got[node, head * 8 : head * 8 + 8], expected, rtol=1e-4, atol=1e-5)


def test_a_graph_that_does_not_fit() -> None:
    task = find("gnn/gcn", "gcn").task
    graph, _ = graphs.karate()
    with pytest.raises(DataError, match="34 nodes, and --input_size allows 20"):
        task.adapted(20, 1).preprocess(graph)
    words = Graph(graph.names, np.ones((34, 1433), np.float32), graph.edges, graph.known)
    with pytest.raises(DataError, match="have 1433 features each, and this network takes 4"):
        task.preprocess(words)
    lonely = Graph(("a",), hints(np.array([2]), 4), np.empty((0, 2), np.int64), np.array([2]))
    assert task.preprocess(lonely)[0][1].tolist() == [[1.0]]
    assert task.length(graph) == 34


def test_sample_weights_of_several_variants() -> None:
    family = catalogue.load("gnn/gcn")
    names = {variant: find_weights(family.variant(variant), "sample") for variant in ("gcn", "gat")}
    assert [one.path.name for one in names.values() if one.path] == ["sample.safetensors", "sample_gat.safetensors"]
    assert all(isinstance(one, Weights) for one in names.values())
