"""The models under test, and one finished export of LeNet."""

from __future__ import annotations

from pathlib import Path

import pytest

from zoo.catalogue import load
from zoo.exporting.export import export
from zoo.family import Family
from zoo.fetching.mirror import VARIABLE
from zoo.manifest import Exported
from zoo.model import Model


@pytest.fixture(scope="session")
def lenet_family() -> Family:
    """What commands take."""
    return load("classification/lenet")


@pytest.fixture(scope="session")
def lenet(lenet_family: Family) -> Model:
    """What jobs take."""
    return lenet_family.variant()


@pytest.fixture(scope="session")
def lenet_export(lenet: Model, tmp_path_factory: pytest.TempPathFactory) -> Exported:
    """Read it, do not change it."""
    return export(lenet, tmp_path_factory.mktemp("lenet"))


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home of the zoo without anything in it, and no mirror."""
    monkeypatch.setenv("TECO_ZOO_HOME", str(tmp_path / "home"))
    monkeypatch.delenv(VARIABLE, raising=False)
    return tmp_path / "home"
