"""An export that ends while its files are exchanged, and a validation that ends while its state is written."""

from __future__ import annotations

import json
import shutil
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.faults.disk import changes, killed, refused
from zoo.catalogue import load
from zoo.errors import ZooError
from zoo.exporting.export import _publish
from zoo.exporting.workspace import workspace
from zoo.manifest import Exported, read_manifest, require_vouched
from zoo.model import Model
from zoo_core.hashing import sha256


@pytest.fixture
def model() -> Model:
    return load("classification/lenet").variant()


@pytest.fixture
def two(model: Model, tmp_path: Path) -> tuple[Path, Path]:
    """Two exports of one network with other weights: what is in the files does not matter here, only whose they are."""
    for name in ("old", "new"):
        (tmp_path / name).mkdir()
        made = Exported.of(model, tmp_path / name)
        for kind, path in made.paths.items():
            path.write_bytes(f"{name} {kind}".encode() * 100)
        record = {
            "model": model.id,
            "variant": model.variant,
            "weights": {"kind": "file", "path": name},
            "input_size": None,
            "versions": {},
            "failed": {},
            "files": {kind: {"name": path.name, "sha256": sha256(path)} for kind, path in made.paths.items()},
        }
        made.manifest.write_text(json.dumps(record, indent=2) + "\n")
    return tmp_path / "old", tmp_path / "new"


def exchanged(model: Model, new: Path, output: Path) -> None:
    """The end of an export, as `export` does it: everything is written and compared."""
    with workspace(output) as folder:
        made = Exported.of(model, folder)
        record: dict[str, Any] = json.loads((new / made.manifest.name).read_text())
        for path in made.paths.values():
            shutil.copyfile(new / path.name, path)
        _publish(model, made, record, output)


def consistent(folder: Path, old: Path, new: Path) -> str:
    """Which of the two exports the folder holds as a whole, "" where no file of it is vouched for."""
    manifest = folder / "lenet.export.json"
    if not manifest.is_file():
        return ""
    read_manifest(manifest)  # every file of it is there, and unchanged
    (held,) = [
        name for name, other in (("old", old), ("new", new)) if sha256(other / manifest.name) == sha256(manifest)
    ]
    return held


def test_an_export_that_is_killed_anywhere(model: Model, two: tuple[Path, Path], tmp_path: Path) -> None:
    old, new = two
    number, came, seen = 0, True, []
    while came:
        number += 1
        folder = tmp_path / str(number)
        shutil.copytree(old, folder)
        came = killed(partial(exchanged, model, new, folder), number)
        seen.append(consistent(folder, old, new))
        for path in folder.glob("*.onnx") if not seen[-1] else ():
            require_vouched(path, folder / "lenet.export.json")  # it warns, as a test of manifests holds
        exchanged(model, new, folder)
        assert consistent(folder, old, new) == "new"
        assert sorted(path.name for path in folder.iterdir()) == sorted(path.name for path in new.iterdir())
    kinds = list(dict.fromkeys(seen))
    assert kinds in (["old", "", "new"], ["old", "new"]), seen
    assert number > 8


def test_an_export_whose_disk_refuses_anywhere(model: Model, two: tuple[Path, Path], tmp_path: Path) -> None:
    old, new = two
    shutil.copytree(old, tmp_path / "0")
    for number in range(1, changes(lambda: exchanged(model, new, tmp_path / "0")) + 1):
        folder = tmp_path / str(number)
        shutil.copytree(old, folder)
        error = refused(partial(exchanged, model, new, folder), number)
        assert error is None or isinstance(error, (ZooError, OSError)), repr(error)
        held = consistent(folder, old, new)
        assert held == "new" if error is None else held in ("old", "", "new")
        exchanged(model, new, folder)
        assert sorted(path.name for path in folder.iterdir()) == sorted(path.name for path in new.iterdir())


def test_a_validation_whose_state_is_killed_anywhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever is there then is a count of whole batches, and going on from it gives the figure of one run."""
    from utils.metrics.classification import TopKAccuracy
    from utils.postprocess.pytorch.classification import Ranking
    from zoo.accuracy import resume

    monkeypatch.setattr(resume, "_SECONDS_BETWEEN", 0.0)
    rankings = [Ranking((number % 3, 3, 4, 5, 6), (0.5, 0.2, 0.1, 0.1, 0.1)) for number in range(12)]
    truths = [number % 2 for number in range(12)]

    def counted(path: Path) -> dict[str, float]:
        metric = TopKAccuracy(10)
        with resume.Progress(path, {"data": "d"}, metric) as progress:
            for start in range(progress.done, 12, 4):
                progress.add(rankings[start : start + 4], truths[start : start + 4])
        return metric.compute()

    want = counted(tmp_path / "whole")
    number, came = 0, True
    while came:
        number += 1
        path = tmp_path / str(number) / "state.json"
        came = killed(partial(counted, path), number)
        if path.exists():
            assert json.loads(path.read_text())["done"] in (4, 8, 12)
        assert counted(path) == want
        assert not path.exists()
    assert number > 10
