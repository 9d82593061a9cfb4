"""The drawing of models: nothing with code of its own is left out, and over time nothing at all."""

from __future__ import annotations

import pytest

from zoo import catalogue

from .choice import ALL, MORE, chosen

IDS = catalogue.ids()
OWN = {"classification/lenet", "detection/yolox", "nlp/transformer"}
LIBRARIES = {"classification/paddle_vision", "classification/pytorchcv", "classification/timm"}


@pytest.fixture(autouse=True)
def no_word(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TEST_MODELS", raising=False)


def test_what_has_code_of_its_own_is_always_run() -> None:
    drawn = [set(chosen(IDS, str(number))) for number in range(20)]
    assert all(one >= OWN for one in drawn)
    assert set.union(*drawn) >= LIBRARIES
    assert chosen(IDS, "a") == chosen(IDS, "a")


def test_of_many_leaves_a_few_are_run(monkeypatch: pytest.MonkeyPatch, tmp_path) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.setattr(catalogue, "EXAMPLES", tmp_path)
    ids = [f"classification/leaf{number}" for number in range(40)]
    for number, one in enumerate(ids):
        (tmp_path / one).mkdir(parents=True)
        library = "timm" if number % 2 else "torchvision"
        (tmp_path / one / "model.py").write_text(f"from zoo.libraries import {library}\n")
    assert len(chosen(ids, "a")) == 2 + MORE
    assert set().union(*(chosen(ids, str(commit)) for commit in range(200))) == set(ids)
    monkeypatch.setenv("TEST_MODELS", ALL)
    assert chosen(ids, "a") == ids
