"""Tokens are drawn by the probabilities that transformers' own processors leave; the metric of language models."""

from __future__ import annotations

import math
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from utils.metrics.perplexity import Perplexity
from utils.sampling import Draws, Sampling
from zoo_core.errors import DataError

CASES: list[dict[str, Any]] = [
    {},
    {"temperature": 0.7},
    {"top_k": 5},
    {"top_k": 500},
    {"top_p": 0.6},
    {"top_p": 0.01},
    {"temperature": 1.7, "top_k": 20, "top_p": 0.9},
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_probabilities_are_those_of_transformers(case: dict[str, Any]) -> None:
    torch = pytest.importorskip("torch")
    processors = pytest.importorskip("transformers.generation.logits_process")
    logits = np.random.default_rng(0).standard_normal((6, 100)).astype(np.float32) * 3
    scores = torch.from_numpy(logits).double()
    warpers = [
        processors.TemperatureLogitsWarper(case.get("temperature", 1.0)),
        processors.TopKLogitsWarper(case.get("top_k", 100)),
        processors.TopPLogitsWarper(case.get("top_p", 1.0)),
    ]
    for warper in warpers:
        scores = warper(None, scores)
    np.testing.assert_allclose(Sampling(**case).probabilities(logits), scores.softmax(-1).numpy(), atol=1e-9)


def test_what_is_drawn_follows_the_probabilities() -> None:
    logits = np.log(np.array([[0.5, 0.2, 0.3, 0.0001]], np.float32))
    draws = Draws(Sampling(top_k=3, seed=5), [[1, 2]])
    found = np.bincount([int(draws(logits)[0]) for _ in range(4000)], minlength=4) / 4000
    np.testing.assert_allclose(found, [0.5, 0.2, 0.3, 0], atol=0.03)


def test_a_text_is_drawn_alike_in_any_batch() -> None:
    logits = np.zeros((3, 50), np.float32)
    together = Draws(Sampling(seed=1), [[1], [2], [3]])(logits)
    assert Draws(Sampling(seed=1), [[2]])(logits[:1])[0] == together[1]
    assert len(set(together.tolist())) > 1


def predicted(nats: float, counted: int) -> Any:
    return SimpleNamespace(nats=nats, counted=counted)


def test_perplexity_of_two_processes_is_that_of_one() -> None:
    whole, one, other = Perplexity(), Perplexity(), Perplexity()
    whole.update([predicted(4.0, 2), predicted(1.0, 3)], [7, 9])
    one.update([predicted(4.0, 2)], [7])
    other.update([predicted(1.0, 3)], [9])
    one.merge(other.state())
    assert one.compute() == whole.compute()
    assert whole.compute() == {
        "perplexity": pytest.approx(math.e),
        "bits_per_byte": pytest.approx(5 / math.log(2) / 16),
    }


@pytest.mark.parametrize(
    "state",
    [None, {}, {"nats": 1.0}, {"nats": math.nan, "tokens": 1, "bytes": 1}, {"nats": 1.0, "tokens": -1, "bytes": 1}],
)
def test_counts_that_are_none_are_refused(state: Any) -> None:
    with pytest.raises(DataError, match=r"not the counts of a (perplexity|mean)"):
        Perplexity().merge(state)


@pytest.mark.parametrize(
    ("found", "truths", "said"),
    [
        ([predicted(math.nan, 1)], [1], "NaN or infinity"),
        ([predicted(1.0, 1)], ["a"], "the number of the text's bytes"),
        ([predicted(1.0, 1)], [], "there must be as many"),
    ],
)
def test_what_cannot_be_counted(found: list[Any], truths: list[Any], said: str) -> None:
    metric = Perplexity()
    with pytest.raises(DataError, match=said):
        metric.update(found, truths)
    with pytest.raises(DataError, match="no token was counted"):
        metric.compute()


def test_a_perplexity_that_is_no_number_is_said() -> None:
    metric = Perplexity()
    metric.update([predicted(1000.0, 1)], [1])
    with pytest.raises(DataError, match="1000 nats a token"):
        metric.compute()
