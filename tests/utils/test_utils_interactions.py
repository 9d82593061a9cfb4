"""Who chose what, in the layout of NGCF and LightGCN: the files, a person's question, the metric, what can be wrong."""

from __future__ import annotations

import json
from math import log2
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from utils.datasets.interactions import Interactions, all_but, read_question
from utils.datasets.samples.interactions import ITEMS, USERS, write_interactions
from utils.metrics.recommendation import TopItems
from utils.notices import Notice, heard
from zoo.tasks.item_ranking import ItemRanking
from zoo.tasks.recommendation import Ranking
from zoo_core.errors import DataError

TRAIN, TEST = "0 1 2\n1 5\n2 0 3\n", "0 4\n2 1 5\n1\n"


def written(folder: Path, train: str = TRAIN, test: str = TEST) -> Path:
    (folder / "train.txt").write_text(train)
    (folder / "test.txt").write_text(test)
    return folder


def test_what_is_known_is_left_out(tmp_path: Path) -> None:
    told: list[Any] = []
    with heard(told):
        first, second = Interactions(written(tmp_path), 3, 6)
    assert (first.id, first.data.user, first.data.items.tolist(), first.truth) == ("0", 0, [0, 3, 4, 5], {4})
    assert (second.data.user, second.data.items.tolist(), second.truth) == (2, [1, 2, 4, 5], {1, 5})
    assert "for 1 persons nothing" in told[0][2]


def test_a_person_of_whom_nothing_is_known(tmp_path: Path) -> None:
    (only,) = Interactions(written(tmp_path, train="1 2\n", test="0 4\n"), 3, 6)
    assert only.data.items.tolist() == [0, 1, 2, 3, 4, 5]


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({"train": "0 1 x\n"}, "train.txt, line 1: '0 1 x'; a person and things are expected, whole numbers"),
        ({"train": "0 1\n\n1 2\n"}, "train.txt, line 2: ''; a person and things"),
        ({"train": "0 -1\n"}, "train.txt, line 1"),
        ({"train": "0 1.5\n"}, "train.txt, line 1"),
        ({"train": "0 1\n3 1\n"}, "train.txt, line 2: user 3; this network knows the users 0 to 2"),
        ({"train": "0 1 6\n"}, "train.txt, line 1: item 6; this network knows the items 0 to 5"),
        ({"test": "0 4\n1 3 3\n"}, "test.txt, line 2: item 3 stands there twice"),
        ({"test": "0 4\n0 5\n"}, "test.txt, line 2: user 0 has line 1 already"),
        ({"test": "1 4\n0 3 2\n"}, "test.txt, line 2: item 2 of user 0 stands in train.txt too"),
        ({"test": "0\n1\n"}, "test.txt: there is no person for whom anything is to be found"),
        ({"test": ""}, "test.txt: there is no person"),
    ],
)
def test_lines_that_are_wrong(tmp_path: Path, files: dict[str, str], said: str) -> None:
    with pytest.raises(DataError, match=said):
        Interactions(written(tmp_path, **files), 3, 6)


def test_a_file_that_is_missing(tmp_path: Path) -> None:
    (tmp_path / "train.txt").write_text(TRAIN)
    with pytest.raises(DataError, match=r"test\.txt: this file cannot be read"):
        Interactions(tmp_path, 3, 6)


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ({"items": [1]}, "expected the field user"),
        ({"user": 3}, "user 3; this network knows the users 0 to 2"),
        ({"user": True}, "user True"),
        ({"user": 0, "known": "1"}, "a list of whole numbers"),
        ({"user": 0, "known": [9]}, "item 9; this network knows"),
        ({"user": 0, "known": [-1]}, "item -1; this network knows"),
        ({"user": 0, "known": [1, 1]}, "item 1 stands there twice"),
        ({"user": 0, "known": [0, 1, 2, 3, 4, 5]}, "none is left to recommend"),
    ],
)
def test_questions_that_are_wrong(tmp_path: Path, said: dict[str, Any], message: str) -> None:
    path = tmp_path / "asked.json"
    path.write_text(json.dumps(said))
    with pytest.raises(DataError, match=message):
        read_question(path, 3, 6)


def test_a_question(tmp_path: Path) -> None:
    (tmp_path / "asked.json").write_text('{"user": 2, "known": [0, 4]}')
    asked = read_question(tmp_path / "asked.json", 3, 6)
    assert (asked.user, asked.items.tolist()) == (2, [1, 2, 3, 5])


def ranking(*scores: float) -> Ranking:
    return Ranking(np.arange(len(scores)), np.array(scores, np.float32))


def test_recall_and_ndcg_at_twenty() -> None:
    metric = TopItems()
    falling = [1 - place / 30 for place in range(30)]
    # the second and the twentieth place, and one behind them; then the first of all
    metric.update([ranking(*falling), ranking(*falling)], [{1, 19, 25}, {0}])
    best = 1 + 1 / log2(3) + 1 / log2(4)
    figures = metric.compute()
    assert figures["recall_at_20"] == pytest.approx((2 / 3 + 1) / 2)
    assert figures["ndcg_at_20"] == pytest.approx(((1 / log2(3) + 1 / log2(21)) / best + 1) / 2)
    other = TopItems()
    other.merge(metric.state())
    assert other.compute() == figures


def test_a_person_with_more_things_than_places() -> None:
    metric = TopItems()
    metric.update([ranking(*np.linspace(1, 0, 60).tolist())], [set(range(40))])
    assert metric.compute() == {"recall_at_20": 0.5, "ndcg_at_20": 1.0}


def test_equal_scores_do_not_help() -> None:
    metric = TopItems()
    metric.update([ranking(*[0.5] * 30)], [{0}])
    assert metric.compute() == {"recall_at_20": 0.0, "ndcg_at_20": 0.0}


@pytest.mark.parametrize(("truth", "said"), [({7}, "item 7 is not among the 3"), (set(), "no truth")])
def test_truths_that_are_wrong(truth: set[int], said: str) -> None:
    metric = TopItems()
    with pytest.raises(DataError, match=said):
        metric.update([ranking(1, 2, 3)], [truth])
    with pytest.raises(DataError, match="no person was counted"):
        metric.compute()


@pytest.mark.parametrize("state", [{}, {"samples": -1, "recalls": [], "gains": []}, {"samples": 1}])
def test_states_that_are_wrong(state: Any) -> None:
    with pytest.raises(DataError, match="counts of"):
        TopItems().merge(state)


def test_what_the_network_gives_is_looked_at() -> None:
    task = ItemRanking(3, 4)
    (user,), items = task.preprocess(all_but(1, {1, 2}, 4))
    assert (user.tolist(), items.tolist()) == ([1], [0, 3])
    (found,) = task.postprocess([np.array([[0.1, 9, 9, 0.3]], np.float32)], [items])
    assert found.items[found.order()].tolist() == [3, 0]
    with pytest.raises(DataError, match=r"\[1, 4\] is expected"):
        task.postprocess([np.zeros((1, 3))], [items])
    with pytest.raises(DataError, match="NaN"):
        task.postprocess([np.full((1, 4), np.nan)], [items])


def test_the_drawn_choices(tmp_path: Path) -> None:
    write_interactions(tmp_path / "drawn")
    samples = Interactions(tmp_path / "drawn", USERS, ITEMS)
    assert len(samples) == USERS
    best = json.loads((tmp_path / "drawn" / "best.json").read_text())
    assert best["popularity"]["recall_at_20"] < 0.2 < 0.6 < best["chances"]["recall_at_20"]


def test_the_order_of_the_twenty_best_has_to_agree() -> None:
    task, items = ItemRanking(5, 30), np.arange(30)
    keys = np.arange(30, 0, -1).astype(np.float32)
    other = np.concatenate([keys[:1], keys[:0:-1]])
    one, turned = (Ranking(items, found / found.sum(), found) for found in (keys, other))
    assert task.agreement(one, Ranking(items, one.scores, keys * np.float32(1.001)))
    assert not task.agreement(one, turned)


def test_persons_without_a_line_of_their_own_are_told(tmp_path: Path) -> None:
    (tmp_path / "train.txt").write_text("0 1\n1 2\n2 3\n")
    (tmp_path / "test.txt").write_text("0 3\n1\n")
    told: list[Notice] = []
    with heard(told):
        assert len(Interactions(tmp_path, 5, 5)) == 1
    assert [one[2] for one in told] == ["for 2 persons nothing is to be found; they are not counted."]
