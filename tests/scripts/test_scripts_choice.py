"""The drawing of models: nothing with code of its own is left out, and over time nothing at all."""

from __future__ import annotations

import pytest

from zoo import catalogue

from .choice import ALL, MORE, chosen, is_leaf

IDS = catalogue.ids()
ALWAYS = {
    "classification/lenet",
    "detection/yolox",
    "nlp/transformer",
    "classification/timm",
    "classification/pytorchcv",
}


def test_a_leaf_has_nothing_of_its_own() -> None:
    assert is_leaf("classification/vgg")
    assert not any(map(is_leaf, ALWAYS))


def test_a_few_leaves_and_all_else_are_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TEST_MODELS", raising=False)
    leaves = set(filter(is_leaf, IDS))
    drawn = [chosen(IDS, str(number)) for number in range(400)]
    assert all(len(one) == len(IDS) - len(leaves) + MORE and set(one) >= ALWAYS for one in drawn)
    assert set().union(*drawn) == set(IDS)
    assert chosen(IDS, "a") == chosen(IDS, "a")
    monkeypatch.setenv("TEST_MODELS", ALL)
    assert chosen(IDS, "a") == IDS
