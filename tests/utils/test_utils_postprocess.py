"""Labels, softmax, rankings, and the function that contributors' scripts call."""

import json
from contextlib import suppress

import numpy as np
import pytest

from utils.notices import forget
from utils.postprocess.labels import imagenet, imagenet_wnids
from utils.postprocess.paddle import classification as paddle_side
from utils.postprocess.pytorch import classification as torch_side
from utils.postprocess.pytorch.classification import Ranking, TopK, postprocess, softmax
from zoo_core.errors import DataError

DIGITS = [str(digit) for digit in range(10)]


def logits(rows: int, classes: int, seed: int = 0, dtype: str = "float32") -> np.ndarray:
    return np.random.default_rng(seed).normal(0, 4, (rows, classes)).astype(dtype)


def test_the_thousand_labels():
    names, wnids = imagenet(), imagenet_wnids()
    assert len(names) == len(wnids) == len(set(names)) == len(set(wnids)) == 1000
    assert list(wnids) == sorted(wnids)
    for index, wnid, name in (
        (0, "n01440764", "tench"),
        (1, "n01443537", "goldfish"),
        (134, "n02012849", "crane bird"),
        (517, "n03126707", "crane"),
        (698, "n03877845", "palace"),
        (985, "n11939491", "daisy"),
        (999, "n15075141", "toilet tissue"),
    ):
        assert (wnids[index], names[index]) == (wnid, name)
    assert all(name and name == name.strip() for name in names)


def test_the_names_are_those_of_torchvisions_weights():
    meta = pytest.importorskip("torchvision.models._meta")
    assert list(imagenet()) == meta._IMAGENET_CATEGORIES


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_rankings_equal_a_plain_reference(dtype):
    values = logits(7, 50, dtype=dtype)
    exact = np.exp(values.astype(np.float64))
    exact /= exact.sum(axis=1, keepdims=True)
    rankings = TopK([str(i) for i in range(50)], k=5)([values], [None] * 7)
    assert len(rankings) == 7
    for row, ranking in zip(exact, rankings, strict=True):
        order = sorted(range(50), key=lambda index, row=row: (-row[index], index))[:5]
        assert list(ranking.classes) == order
        assert np.allclose(ranking.scores, row[order], rtol=1e-5, atol=0)


def test_softmax_of_large_logits_does_not_overflow():
    scores = softmax(np.array([[1e30, 1e30, -1e30], [60000, 0, 0]], np.float32))
    assert scores.dtype == np.float32
    assert np.array_equal(scores, [[0.5, 0.5, 0], [1, 0, 0]])
    assert np.array_equal(softmax(np.array([[65504, 65504]], np.float16)), [[0.5, 0.5]])


def test_classes_that_underflow_keep_their_order():
    values = np.array([[-1000, 0, -900, -800]], np.float32)
    assert TopK("abcd", k=4)([values], [None])[0].classes == (1, 3, 2, 0)


def test_among_equals_the_lower_index_comes_first():
    values = np.zeros((2, 10), np.float16)
    values[1, 7] = 1
    first, second = TopK(DIGITS, k=3)([values], [None, None])
    assert first.classes == (0, 1, 2)
    assert second.classes == (7, 0, 1)


@pytest.mark.parametrize("dtype", ["float16", "float32"])
def test_the_largest_come_in_the_order_of_a_whole_stable_sort(dtype: str) -> None:
    for seed in range(60):
        values = logits(9, 300, seed, dtype).round(seed % 3)  # rounded to whole numbers, most are equal to another
        if seed % 4 == 0:
            values[:, ::3], values[:, 1::5], values[0], values[1, 7:] = 0, -0.0, 2.5, -np.inf
        for k in (1, 5, 299, 300, 400):
            wanted = np.argsort(-values.astype(np.float32), axis=1, kind="stable")[:, :k]
            assert [list(classes) for classes, _ in torch_side.best(values, k)] == wanted.tolist()


def test_an_impossible_class_is_allowed():
    ranking = TopK("ab")([np.array([[0, -np.inf]], np.float32)], [None])[0]
    assert ranking == Ranking((0, 1), (1.0, 0.0))


@pytest.mark.parametrize("bad", [np.nan, np.inf])
@pytest.mark.parametrize("dtype", ["float16", "float32"])
@pytest.mark.filterwarnings("error")
def test_nan_and_infinity_are_errors_not_rankings(bad, dtype):
    values = logits(4, 10, dtype=dtype)
    values[2, 5] = bad
    with pytest.raises(DataError, match="NaN or infinity for row 2 of 4"):
        TopK(DIGITS)([values], [None] * 4)


def test_k_is_at_most_the_number_of_classes():
    ranking = TopK("ab", k=5)([logits(1, 2)], [None])[0]
    assert sorted(ranking.classes) == [0, 1]
    assert sum(ranking.scores) == pytest.approx(1)
    with pytest.raises(DataError, match="topk is 0"):
        TopK("ab", k=0)


def test_no_rows_give_no_rankings():
    assert TopK(DIGITS)([logits(0, 10)], []) == []


@pytest.mark.parametrize("shape", [(1, 11), (10,), (1, 10, 1)])
def test_outputs_of_another_shape_are_refused(shape):
    with pytest.raises(DataError, match=r"expected \[N, 10\]"):
        TopK(DIGITS)([np.zeros(shape, np.float32)], [None])


def test_rows_and_samples_must_be_as_many():
    with pytest.raises(DataError, match="4 rows for 3 samples"):
        TopK(DIGITS)([logits(4, 10)], [None] * 3)


def test_describe_and_json():
    top = TopK(DIGITS)
    ranking = Ranking((7, 1, 3), (0.9981, 0.0012, 0.0))
    assert top.describe(ranking) == "7 (0.998), 1 (0.001), 3 (0.000)"
    assert top.describe(ranking, k=2) == "7 (0.998), 1 (0.001)"
    real = top([logits(1, 10)], [None])[0]
    entry = json.loads(json.dumps(top.to_json(real)))["classes"][0]
    assert entry == {"index": real.classes[0], "label": str(real.classes[0]), "score": real.scores[0]}


def test_postprocess_is_flat_and_goes_sample_by_sample():
    values = logits(3, 1000)
    result = postprocess(values, topk=2)
    rankings = TopK(imagenet(), k=2)([values], [None] * 3)
    expected = [
        {"score": score, "label": imagenet()[index]}
        for ranking in rankings
        for index, score in zip(ranking.classes, ranking.scores, strict=True)
    ]
    assert result == expected
    assert {(type(entry["score"]), type(entry["label"])) for entry in result} == {(float, str)}


def test_postprocess_takes_what_engines_give():
    torch = pytest.importorskip("torch")
    values = logits(1, 1000)
    expected = postprocess(values)
    assert len(expected) == 1
    assert postprocess([values], "onnx", 1) == expected
    assert postprocess(values[0], target="cpu") == expected
    assert postprocess(torch.from_numpy(values), target="cuda") == expected
    assert postprocess([torch.from_numpy(values)], target="trt") == expected


@pytest.mark.parametrize(
    ("outputs", "options", "message"),
    [
        ([np.zeros((1, 1000))] * 2, {}, "one output, got a list of 2"),
        ([], {}, "got a list of 0"),
        (np.zeros((1, 10)), {}, r"\[1, 10\], expected \[N, 1000\]"),
        (np.float32(1), {}, r"expected \[N, 1000\]"),
        (np.full((1, 1000), np.nan), {}, "NaN"),
        (np.zeros((1, 1000)), {"topk": 0}, "topk is 0"),
    ],
)
def test_postprocess_refuses_what_it_cannot_rank(outputs, options, message):
    with pytest.raises(DataError, match=message):
        postprocess(outputs, **options)


def test_paddle_is_scored_the_same_way():
    for name in ("Ranking", "TopK", "postprocess"):
        assert getattr(paddle_side, name) is getattr(torch_side, name)


def test_outputs_that_went_through_a_softmax_are_not_softmaxed_again(caplog: pytest.LogCaptureFixture) -> None:
    forget()
    logits = np.array([[5, 1, 0, 2, 3], [0, 0, 4, 0, 0]], np.float32)
    top = TopK("abcde", 2)
    plain, made = top([logits], [None, None]), top([softmax(logits)], [None, None])
    assert [one.classes for one in made] == [one.classes for one in plain]
    assert [one.scores for one in made] == [pytest.approx(one.scores) for one in plain]
    assert caplog.text.count("taken for probabilities as they are") == 1


@pytest.mark.parametrize(
    "logits", [[[0.5, 0.5, 0.5, 0, 0]], [[2, -1, 0, 0, 0]], [[1, 0, 0, 0, 0], [9, 0, 0, 0, 0]], [[np.nan, 0, 0, 0, 1]]]
)
def test_other_outputs_are_logits(logits: list[list[float]], caplog: pytest.LogCaptureFixture) -> None:
    forget()
    with suppress(DataError):
        TopK("abcde", 2)([np.array(logits, np.float32)], [None] * len(logits))
    assert "probabilities" not in caplog.text
