"""A copy of the repository's contrib/, in which the scripts are run as a user runs them: as processes."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from zoo import catalogue
from zoo.model import Model, Packaged
from zoo_core.errors import DataError
from zoo_core.files import installed_file

Run = Callable[..., subprocess.CompletedProcess[str]]
Exported = Callable[[str], Path]


@pytest.fixture(scope="session")
def copy(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """contrib/ of a checkout in which nothing has been run yet."""
    folder = tmp_path_factory.mktemp("checkout") / "contrib"
    unwanted = shutil.ignore_patterns("*.onnx", "*.mindir", "*.ckpt", "*.export.json", "__pycache__", "*.egg-info")
    shutil.copytree(root / "contrib", folder, ignore=unwanted)
    return folder


@pytest.fixture(scope="session")
def run() -> Run:
    """Run a Python script and return what it printed; PYTHONPATH is empty, as for somebody who just cloned."""

    def start(
        script: Path | str, *words: str | Path, cwd: Path, **environment: str
    ) -> subprocess.CompletedProcess[str]:
        clean = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        command = [sys.executable, str(script), *map(str, words)]
        return subprocess.run(
            command, cwd=cwd, env=clean | environment, capture_output=True, text=True, timeout=600, check=False
        )

    return start


def of_variant(run: Run, variant: str) -> Run:
    """`run` for the scripts of a model whose default variant is another one: names it where the words do not."""

    def start(script: Path | str, *words: str | Path, **more: Any) -> subprocess.CompletedProcess[str]:
        named = not str(script).startswith("example_") or "--variant" in words or "--ckpt" in words
        return run(script, *words, *([] if named else ["--variant", variant]), **more)

    return start


@pytest.fixture(scope="session")
def exported(copy: Path, run: Run) -> Exported:
    """Gives the folder of a model, or of domain/name/variant, after `python export_onnx.py`, which runs once for all
    tests.

    Where no variant is named, it is the one that needs nothing from elsewhere (`Family.offline`). Weights are its
    default ones; random ones where these would have to be fetched.
    """
    done: dict[str, Path] = {}

    def folder(model_id: str) -> Path:
        if model_id not in done:
            family, variant = catalogue.find(model_id)
            model, place = family.variant(variant or family.offline_variant), copy / "example" / family.id
            words = [] if model.default else ["--variant", model.variant]
            words += [] if at_hand(model) else ["--weights", "random"]
            made = run("export_onnx.py", *words, cwd=place, HF_HUB_OFFLINE="1")
            if made.returncode == 2 and "pip install" in made.stderr:
                pytest.skip(made.stderr.splitlines()[-1])
            assert made.returncode == 0, made.stderr
            done[model_id] = place
        return done[model_id]

    return folder


def at_hand(model: Model) -> bool:
    """Whether the default weights are here: in the model's folder, or in a package that is installed."""
    if model.sample_weights.is_file():
        return True
    source = model.published_weights()
    if not isinstance(source, Packaged):
        return False
    try:
        return installed_file(source.package, source.file).is_file()
    except DataError:
        return False


@pytest.fixture(scope="session")
def lenet_folder(exported: Exported) -> Path:
    """LeNet's folder after `python export_onnx.py`."""
    return exported("classification/lenet")
