"""The translator of recurrent units: what it says step by step is what it says of a whole translation."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from zoo.catalogue import load
from zoo.running.padding import stacked
from zoo.running.reference import build, reference_runner
from zoo.weights import find_weights

torch = pytest.importorskip("torch")

TEXTS = ("The small dog sees the old houses.", "Men love books.", "Do the friendly women always know a quiet child?")
END = 2


@pytest.fixture(scope="module")
def known() -> tuple[Any, Any]:
    model = load("nlp/seq2seq").variant()
    return model, build(model, find_weights(model, "random"), None)


def until_end(rows: np.ndarray) -> list[list[int]]:
    return [row[: row.index(END, 1) + 1] if END in row[1:] else row for row in rows.tolist()]


def test_steps_say_what_the_whole_network_says(known: tuple[Any, Any]) -> None:
    """The scores behind each token of a translation, whichever way they are asked for."""
    model, network = known
    ids, mask = (torch.from_numpy(one) for one in arrays_of(model))
    given = torch.tensor([[0, 5, 9, 70], [0, 33, 8, 12], [0, 6, 6, 90]])
    encoder, step = (part.of(network) for part in model.parts)
    with torch.inference_mode():
        expected = network(ids, mask, given)
        memory = encoder(ids, mask)
        cache = memory[:, :, :, :0]
        for place in range(given.shape[1]):
            logits, new = step(given[:, place], mask, memory, cache)
            torch.testing.assert_close(logits, expected[:, place], rtol=1e-4, atol=1e-5)
            cache = torch.cat([cache, new], dim=3)


def test_texts_of_a_batch_say_what_each_says_alone(known: tuple[Any, Any]) -> None:
    model, network = known
    with reference_runner(model, network) as runner:
        together = until_end(runner(arrays_of(model))[0])
        alone = [until_end(runner([array[None] for array in model.task.preprocess(text)[0]])[0])[0] for text in TEXTS]
    assert together == alone


def arrays_of(model: Any) -> list[np.ndarray]:
    return stacked([model.task.preprocess(text)[0] for text in TEXTS], model.task.padding)
