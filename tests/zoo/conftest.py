"""The models under test, and one finished export of LeNet."""

from __future__ import annotations

import pytest

from zoo.catalogue import load
from zoo.exporting.export import export
from zoo.family import Family
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
