"""Recommendations: the authors' layout, a person's question, the metrics, Keras' files, and what can be wrong."""

from __future__ import annotations

import json
from math import log2
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from utils.datasets.leave_one_out import LeaveOneOut, read_candidates
from utils.datasets.samples.choices import OTHERS, PERSONS, write_choices
from utils.draw.recommendation import draw_ranking
from utils.keras_h5 import read_weights
from utils.metrics.recommendation import HitRate
from zoo.catalogue import beside, load
from zoo.errors import ZooError
from zoo.tasks.recommendation import Ranking, Recommendation
from zoo_core.errors import DataError

USERS, ITEMS = 100, 200


def written(
    folder: Path, rating: str = "0\t5\t4\t99\n7\t6\t1\t9\n", others: str = "(0,5)\t1\t2\t1\n(7,6)\t6\t3\n"
) -> Path:
    (folder / "a.test.rating").write_text(rating)
    (folder / "a.test.negative").write_text(others)
    return folder


def test_the_authors_layout(tmp_path: Path) -> None:
    first, second = LeaveOneOut(written(tmp_path), USERS, ITEMS)
    assert (first.id, first.data.user, first.data.items.tolist(), first.truth) == ("a:0", 0, [1, 2, 5], 5)
    # what stands twice, or is the chosen one, counts once
    assert (second.data.items.tolist(), second.truth) == ([3, 6], 6)


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({"rating": "0\t5\t4\t99\n"}, "2 lines, and 1"),
        ({"others": "(0,5)\t1\n(7,7)\t3\n"}, r"line 2: it is of '\(7,7\)', expected \(7,6\)"),
        ({"others": "(0,5)\t1\n(7,6)\tx\n"}, "line 2: whole numbers"),
        ({"others": "(0,5)\t1\n(7,6)\t200\n"}, "line 2: item 200; this network knows the items 0 to 199"),
        ({"rating": "0\t5\n100\t6\n", "others": "(0,5)\t1\n(100,6)\t3\n"}, "user 100; this network knows"),
        ({"rating": "", "others": ""}, "0 lines"),
    ],
)
def test_lines_that_are_wrong(tmp_path: Path, files: dict[str, str], said: str) -> None:
    with pytest.raises(DataError, match=said):
        LeaveOneOut(written(tmp_path, **files), USERS, ITEMS)


def test_a_folder_without_the_files(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="0 files NAME"):
        LeaveOneOut(tmp_path, USERS, ITEMS)


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ([], "the fields user and items"),
        ({"user": 1}, "the fields user and items"),
        ({"user": True, "items": [1]}, "user True"),
        ({"user": -1, "items": [1]}, "user -1"),
        ({"user": 1, "items": []}, "at least one"),
        ({"user": 1, "items": [1.5]}, "item 1.5"),
        ({"user": 1, "items": [3, 3]}, "twice"),
    ],
)
def test_a_question_that_is_none(tmp_path: Path, asked: Any, said: str) -> None:
    (tmp_path / "q.json").write_text(json.dumps(asked))
    with pytest.raises(DataError, match=said) as caught:
        read_candidates(tmp_path / "q.json", USERS, ITEMS)
    assert "q.json" in str(caught.value)


def ranking(*scores: float) -> Ranking:
    return Ranking(np.arange(len(scores)), np.array(scores, np.float32))


def test_hit_rate_and_ndcg() -> None:
    metric = HitRate()
    metric.update([ranking(0.9, 0.8, 0.7), ranking(0.5, 0.5), ranking(*range(12, 0, -1))], [1, 0, 10])
    # second; last of two equal ones, so second; eleventh
    assert metric.compute() == pytest.approx({"hit_rate": 2 / 3, "ndcg": 2 / log2(3) / 3})
    other = HitRate()
    other.merge(metric.state())
    assert other.compute() == metric.compute()


def test_what_cannot_be_counted() -> None:
    metric = HitRate()
    with pytest.raises(DataError, match="no sample"):
        metric.compute()
    with pytest.raises(DataError, match="1 predictions for 0"):
        metric.update([ranking(1)], [])
    with pytest.raises(DataError, match="item 7 is not among the 2"):
        metric.update([ranking(1, 2), ranking(1, 2)], [0, 7])
    for state in ({}, [1], {"samples": 1, "hits": 2, "gains": [1.0]}, {"samples": 1, "hits": 1, "gains": [2.0]}):
        with pytest.raises(DataError, match="not the counts"):
            metric.merge(state)  # type: ignore[arg-type]
    with pytest.raises(DataError, match="no sample"):
        metric.compute()


def test_the_task(tmp_path: Path) -> None:
    task = Recommendation(USERS, ITEMS)
    (tmp_path / "q.json").write_text('{"user": 3, "items": [9, 4, 1]}')
    (user, items), meta = task.preprocess(tmp_path / "q.json")
    assert (user.tolist(), items.tolist(), user.dtype, items.dtype) == ([3], [9, 4, 1], np.int64, np.int64)
    # two columns of filling behind the sample's own
    (found,) = task.postprocess([np.array([[0.1, 0.9, 0.5, 1.0, 1.0]])], [meta])
    assert task.to_json(found)["items"] == [4, 1, 9]
    assert task.describe(found, 1) == "item 4 0.9000"
    assert task.agreement(found, ranking(0.1, 0.898, 0.9))
    assert not task.agreement(found, ranking(0.1, 0.6, 0.9))
    with pytest.raises(DataError, match="--input_size allows 2"):
        task.adapted(2, 1).preprocess(tmp_path / "q.json")
    with pytest.raises(DataError, match="NaN"):
        task.postprocess([np.full((1, 3), np.nan)], [meta])


def test_the_sample_and_a_picture(tmp_path: Path) -> None:
    write_choices(tmp_path / "made", 1000, 500)
    found = LeaveOneOut(tmp_path / "made", 1000, 500)
    assert len(found) == PERSONS
    assert all(len(sample.data.items) == OTHERS + 1 for sample in found)
    assert draw_ranking(3, np.arange(30), np.linspace(1, 0, 30)).width == 640


def test_weights_of_keras(tmp_path: Path) -> None:
    h5py = pytest.importorskip("h5py")
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["one/one_W"] = np.arange(6, dtype=np.float32).reshape(2, 3)
        file.create_group("empty")
    assert {name: array.shape for name, array in read_weights(tmp_path / "a.h5").items()} == {"one/one_W": (2, 3)}
    with h5py.File(tmp_path / "text.h5", "w") as file:
        file["one"] = "words"
    with pytest.raises(DataError, match="one is of"):
        read_weights(tmp_path / "text.h5")
    whole = (tmp_path / "a.h5").read_bytes()
    for length in (0, 8, 100, len(whole) // 2):
        (tmp_path / "cut.h5").write_bytes(whole[:length])
        with pytest.raises(DataError, match="damaged"):
            read_weights(tmp_path / "cut.h5")
    with pytest.raises(DataError, match="damaged"):
        read_weights(tmp_path / "none.h5")


def keras(path: Path, embeddings: int, layers: dict[str, tuple[int, int]]) -> Path:
    """A file as the authors' program writes it; every number tells its array."""
    h5py = pytest.importorskip("h5py")
    with h5py.File(path, "w") as file:
        for number, owner in enumerate(("user", "item"), start=1):
            name = f"{owner}_embedding"
            file[f"{name}/{name}_W"] = np.full((3, embeddings), number, np.float32)
        for number, (name, shape) in enumerate(layers.items(), start=3):
            file[f"{name}/{name}_W"] = np.full(shape, number, np.float32)
            file[f"{name}/{name}_b"] = np.full(shape[1], number / 2, np.float32)
    return path


def test_gmf_and_mlp_become_neumf(tmp_path: Path) -> None:
    module = beside(str(load("recommendation/ncf").folder / "model.py"), "model")
    gmf = keras(tmp_path / "gmf.h5", 8, {"prediction": (8, 1)})
    mlp = keras(tmp_path / "mlp.h5", 32, {"layer1": (64, 32), "prediction": (8, 1)})
    found = module.joined(gmf, mlp)
    assert {name: array.shape for name, array in found.items()} == {
        "gmf.user.weight": (3, 8),
        "gmf.item.weight": (3, 8),
        "mlp.user.weight": (3, 32),
        "mlp.item.weight": (3, 32),
        "layers.0.weight": (32, 64),
        "layers.0.bias": (32,),
        "prediction.weight": (1, 16),
        "prediction.bias": (1,),
    }
    # each counts half: 3 and 4, and of the biases 1.5 and 2
    assert found["prediction.weight"].tolist() == [[1.5] * 8 + [2.0] * 8]
    assert found["prediction.bias"].tolist() == [1.75]
    for pair in ((gmf, gmf), (gmf, keras(tmp_path / "half.h5", 32, {"layer1": (64, 32)}))):
        with pytest.raises(ZooError, match="not the authors' files of GMF and of MLP"):
            module.joined(*pair)
    with pytest.raises(ZooError, match="no array of this network"):
        module.convert(keras_of_another_kind(tmp_path / "other.h5"))


def keras_of_another_kind(path: Path) -> Path:
    h5py = pytest.importorskip("h5py")
    with h5py.File(path, "w") as file:
        file["one/kernel"] = np.zeros((2, 2), np.float32)
    return path
