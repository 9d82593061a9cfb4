"""The drawing of models: of so many kinds one each, and over time every model."""

from __future__ import annotations

import pytest

from zoo import catalogue

from .choice import ALL, LIBRARY, MOST, NAMES, OWN, chosen, kind_of

IDS = catalogue.ids()
KINDS = {one: kind_of(one) for one in IDS}


def test_kinds_tell_models_apart() -> None:
    assert KINDS["classification/vgg"] == ("classification", "pytorch", False, NAMES)
    assert KINDS["classification/timm"] == ("classification", "pytorch", False, LIBRARY)
    assert KINDS["classification/lenet_mindspore"] == ("classification", "mindspore", False, OWN)
    assert KINDS["nlp/transformer"] == ("nlp", "pytorch", True, OWN)
    assert KINDS["nlp/textcnn"] == ("nlp", "pytorch", False, OWN)


def test_models_of_several_kinds_are_run_and_in_time_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TEST_MODELS", raising=False)
    drawn = [chosen(IDS, str(number), KINDS.__getitem__) for number in range(1000)]
    for one in drawn:
        assert len({KINDS[model] for model in one}) == len(one) == min(MOST, len(set(KINDS.values())))
    assert set().union(*drawn) == set(IDS)
    assert chosen(IDS, "a", KINDS.__getitem__) == chosen(IDS, "a", KINDS.__getitem__)
    monkeypatch.setenv("TEST_MODELS", ALL)
    assert chosen(IDS, "a", KINDS.__getitem__) == IDS
