"""A model.py that exits, ends the process or raises takes nobody else with it: zoo list, zoo info, zoo run."""

import shutil
from pathlib import Path
from typing import Any

import pytest

from zoo import catalogue, index
from zoo.__main__ import main as zoo
from zoo.errors import ZooError

LENET = "classification/lenet"
NAUGHTY = {
    "exits": "import sys; sys.exit(0)",
    "ends": "import os; os._exit(0)",
    "raises": "raise KeyboardInterrupt",
    "lacks": "from nothing import at_all",
}


@pytest.fixture
def examples(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """LeNet among others that are broken."""
    folder = tmp_path / "examples"
    shutil.copytree(catalogue.EXAMPLES / LENET, folder / LENET)
    for name, code in NAUGHTY.items():
        place = folder / "classification" / name
        place.mkdir()
        (place / "model.py").write_text(code)
    monkeypatch.setattr(catalogue, "EXAMPLES", folder)
    for function in (index.ids, index.entries, catalogue.find, catalogue.load):
        defaults: Any = tuple(folder for _ in function.__defaults__ or ())
        monkeypatch.setattr(function, "__defaults__", defaults)
    return folder


def test_the_list_has_every_model_and_says_what_is_wrong(examples: Path, capfd: Any) -> None:
    assert zoo(["list"]) == 1
    said = capfd.readouterr()
    assert "LeNet-5" in said.out
    assert said.out.count("cannot be loaded") == len(NAUGHTY)
    for name, fault in {
        "exits": "SystemExit",
        "ends": "it ended the process with exit code 0",
        "raises": "KeyboardInterrupt",
        "lacks": "No module named 'nothing'",
    }.items():
        assert f"classification/{name}" in said.err
        assert fault in said.err


def test_a_variant_is_found_behind_broken_models(examples: Path) -> None:
    shutil.move(examples / LENET, examples / "classification/zebra")
    family, variant = catalogue.find("lenet")
    assert family.title == "LeNet-5"
    assert variant == "lenet"


def test_what_is_near_is_said_behind_broken_models(examples: Path) -> None:
    with pytest.raises(ZooError, match="did you mean"):
        catalogue.find("lenett")
