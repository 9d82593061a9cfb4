"""CTC's best path against a definition that is written out step by step."""

import itertools
import math

import numpy as np
import pytest

from utils.postprocess.ctc import greedy
from zoo_core.errors import DataError


def naive(scores: np.ndarray, blank: int) -> tuple[list[int], float]:
    """One row [T, C], symbol by symbol."""
    probability, path = 1.0, []
    for step in scores:
        weights = [math.exp(value) for value in step]
        path.append(weights.index(max(weights)))
        probability *= max(weights) / sum(weights)
    return [symbol for symbol, _ in itertools.groupby(path) if symbol != blank], probability


@pytest.mark.parametrize("blank", [0, 3])
def test_equals_the_definition(blank: int) -> None:
    random = np.random.RandomState(1)
    logits = random.normal(0, 3, (40, 11, 4)).astype(np.float32)
    steps = random.randint(0, 12, 40)
    found = greedy(logits, steps.tolist(), blank)
    for row, own, (symbols, score) in zip(logits, steps, found, strict=True):
        expected, probability = naive(row[:own], blank)
        assert symbols == expected
        assert score == pytest.approx(probability, rel=1e-5)


def test_a_blank_parts_two_of_a_kind() -> None:
    path = [1, 1, 0, 1, 2, 2, 0, 0]
    logits = np.full((1, len(path), 3), -9.0, np.float32)
    logits[0, range(len(path)), path] = 9
    assert greedy(logits, [8])[0][0] == [1, 1, 2]
    assert greedy(logits, [2])[0][0] == [1]
    assert greedy(logits, [0])[0] == ([], 1.0)


def test_what_stands_behind_a_row_changes_nothing() -> None:
    random = np.random.RandomState(2)
    logits = random.normal(0, 3, (5, 9, 6))
    filled = np.concatenate([logits, random.normal(0, 30, (5, 4, 6))], axis=1)
    assert greedy(filled, [9] * 5) == greedy(logits, [9] * 5)


@pytest.mark.parametrize(
    ("shape", "steps"), [((2, 5, 3), [6, 5]), ((2, 5, 3), [-1, 5]), ((2, 5, 3), [5]), ((5, 3), [5])]
)
def test_steps_that_do_not_fit_are_named(shape: tuple[int, ...], steps: list[int]) -> None:
    with pytest.raises(DataError, match=r"steps"):
        greedy(np.zeros(shape, np.float32), steps)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_scores_that_are_no_numbers_are_refused_where_they_are_read(value: float) -> None:
    logits = np.zeros((2, 4, 3), np.float32)
    logits[1, 2, 1] = value
    with pytest.raises(DataError, match="NaN or infinity"):
        greedy(logits, [4, 3])
    with np.errstate(invalid="ignore"):
        assert greedy(logits, [4, 2])[1][0] == [], "what stands behind a row is not read"
