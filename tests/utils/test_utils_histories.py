"""The next choice: SASRec's layout with fixed others, a person's question, the drawn choices, and what can be wrong."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from utils.datasets.histories import Histories, read_history
from utils.datasets.samples.successions import HELD_OUT, ITEMS, draw, probabilities, transitions, write_successions
from utils.metrics.base import Metric
from zoo import catalogue
from zoo.tasks.next_choice import NextChoice
from zoo_core.errors import DataError

CHOICES, OTHERS = "1 5\n1 2\n2 7\n1 9\n2 3\n", "(1,9)\t4\t6\t4\t9\n(2,3)\t1\t2\n"


def written(folder: Path, choices: str = CHOICES, others: str = OTHERS) -> Path:
    (folder / "a.txt").write_text(choices)
    (folder / "a.test.negative").write_text(others)
    return folder


def test_the_authors_layout(tmp_path: Path) -> None:
    first, second = Histories(written(tmp_path), 10)
    assert (first.id, first.data.chosen.tolist(), first.data.items.tolist(), first.truth) == (
        "a:1",
        [5, 2],
        [4, 6, 9],
        9,
    )
    assert (second.data.chosen.tolist(), second.data.items.tolist(), second.truth) == ([7], [1, 2, 3], 3)


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({"choices": "1 5\n1 11\n"}, r"a\.txt, line 2: '1 11'; a person and a thing of 1 to 10"),
        ({"choices": "1\t5\n"}, "line 1: whole numbers"),
        ({"others": "(1,9)\t4\n2,3\t1\n"}, "line 2: it begins with '2,3'"),
        ({"others": "(1,2)\t4\n"}, r"line 1: \(1,2\) is no person of a\.txt"),
        ({"others": "(3,2)\t4\n"}, r"\(3,2\) is no person"),
        ({"choices": "1 9\n"}, "with an earlier choice"),
        ({"others": "(1,9)\t4\t11\n"}, "items has 11; this network knows the items 1 to 10"),
        ({"others": "(1,9)\t4\tx\n"}, "whole numbers"),
        ({"others": ""}, "empty"),
    ],
)
def test_lines_that_are_wrong(tmp_path: Path, files: dict[str, str], said: str) -> None:
    with pytest.raises(DataError, match=said):
        Histories(written(tmp_path, **files), 10)


def test_a_folder_without_the_files(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="0 files NAME"):
        Histories(tmp_path, 10)


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ([], "fields history and items"),
        ({"history": [1]}, "fields history and items"),
        ({"history": [], "items": [1]}, "history is"),
        ({"history": [0], "items": [1]}, "history has 0"),
        ({"history": [1], "items": [True]}, "items has True"),
        ({"history": [1], "items": [2, 2]}, "twice"),
    ],
)
def test_questions_that_are_wrong(tmp_path: Path, asked: Any, said: str) -> None:
    (tmp_path / "a.json").write_text(json.dumps(asked))
    with pytest.raises(DataError, match=said):
        read_history(tmp_path / "a.json", 10)


def test_the_newest_choices_are_seen(tmp_path: Path) -> None:
    task = NextChoice(items=10, history=3)
    (tmp_path / "a.json").write_text('{"history": [1, 2, 3, 4], "items": [5, 6]}')
    (tmp_path / "b.json").write_text('{"history": [1], "items": [5, 6]}')
    assert [task.preprocess(tmp_path / name)[0][0].tolist() for name in ("a.json", "b.json")] == [[2, 3, 4], [0, 0, 1]]
    (found,) = task.postprocess([np.array([[0.0, -1000.0, 7.0]])], [np.array([5, 6])])
    assert found.scores.tolist() == pytest.approx([0.5, 0.0])
    assert task.describe(found, 1) == "item 5 0.5000"
    assert task.draw(tmp_path / "a.json", found).width == 640
    with pytest.raises(DataError, match="--input_size allows 1"):
        task.adapted(1, 1).preprocess(tmp_path / "a.json")


def test_high_logits_keep_their_order_though_their_scores_are_equal() -> None:
    """From 17 on, a probability is 1 in float32: the chosen thing would stand behind all that are as high."""
    task = NextChoice(items=20)
    items = np.arange(1, 13)
    (found,) = task.postprocess([np.linspace(20, 40, 12)[None]], [items])
    assert set(found.scores.tolist()) == {1.0}
    assert found.order().tolist() == list(range(11, -1, -1))
    metric: Metric = task.metric()
    metric.update([found], [12])
    assert metric.compute() == {"hit_rate": 1.0, "ndcg": 1.0}
    with pytest.raises(DataError, match="NaN or infinity"):
        task.postprocess([np.full((1, 2), np.inf)], [items[:2]])


def test_the_drawn_choices_follow_their_rule(tmp_path: Path) -> None:
    write_successions(tmp_path / "made")
    found, tables = Histories(tmp_path / "made", ITEMS), transitions()
    assert len(found) == HELD_OUT
    assert all(len(sample.data.items) == 100 for sample in found)
    best = json.loads((tmp_path / "made/best.json").read_text())
    metric: Metric = NextChoice(items=ITEMS).metric()
    for sample in found:
        shares = probabilities((sample.data.chosen - 1).tolist(), tables)
        assert shares.sum() == pytest.approx(1)
        (ranking,) = NextChoice(items=ITEMS).postprocess(
            [np.log(shares[sample.data.items - 1])[None]], [sample.data.items]
        )
        metric.update([ranking], [sample.truth])
    said = metric.compute()
    assert (said["hit_rate"], said["ndcg"]) == (pytest.approx(best["hit_rate"]), pytest.approx(best["ndcg"], abs=1e-6))
    assert draw(3, 7) == draw(3, 7) != draw(3, 8)


def test_nothing_later_and_no_filling_is_seen() -> None:
    torch = pytest.importorskip("torch")
    network = catalogue.load("recommendation/sasrec").variant().build().eval()
    history = torch.randint(1, ITEMS + 1, (1, 20))
    changed = history.clone()
    changed[0, 12:] = 1 + changed[0, 12:] % ITEMS
    with torch.inference_mode():
        one, other = network.states(history), network.states(changed)
        torch.testing.assert_close(one[:, :12], other[:, :12])
        assert not torch.allclose(one[:, 12:], other[:, 12:])
        items = torch.tensor([[3, 9]])
        scores = network(history, items)
        expected = network.item_embedding(items)[0] @ one[0, -1]
    torch.testing.assert_close(scores[0], expected, rtol=1e-4, atol=1e-5)
