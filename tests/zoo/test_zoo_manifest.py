"""Manifests are read with suspicion: they name files of their own folder only, and nothing else is ever removed."""

from __future__ import annotations

import json
import shutil
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from engine import backends
from engine.base import Engine
from zoo import manifest as manifests
from zoo.commands import predict, valid
from zoo.errors import ZooError
from zoo.exporting.earlier import earlier, kept, stale
from zoo.exporting.export import ExportOptions, export
from zoo.family import Family
from zoo.manifest import Exported, read_manifest
from zoo.model import Model
from zoo.running.engines import open_runner
from zoo.running.setting import Setting
from zoo_core.errors import DataError
from zoo_core.hashing import sha256

pytest.importorskip("torch")

NAMES = [
    "../victim.onnx",
    "{outside}",
    "below/victim.onnx",
    "below\\victim.onnx",
    "..",
    ".",
    "",
    "victim\0.onnx",
    3,
    None,
]


@pytest.fixture
def folder(lenet_export: Exported, tmp_path: Path) -> Path:
    """An export, and files around it that are nobody's business."""
    made = tmp_path / "export"
    made.mkdir()
    for path in lenet_export.files():
        shutil.copy(path, made)
    for victim in (tmp_path / "victim.onnx", made / "below/victim.onnx", tmp_path / "outside.onnx"):
        victim.parent.mkdir(exist_ok=True)
        victim.write_bytes(b"precious")
    return made


def changed(folder: Path, **fields: Any) -> dict[str, Any]:
    """Write the manifest with an entry more."""
    path = folder / "lenet.export.json"
    manifest: dict[str, Any] = json.loads(path.read_text())
    manifest["files"]["int8"] = {"name": "victim.onnx", "sha256": sha256(folder.parent / "victim.onnx")} | fields
    path.write_text(json.dumps(manifest))
    return manifest


@pytest.mark.parametrize("name", NAMES)
def test_a_file_outside_of_the_folder_is_refused_and_stays(
    lenet: Model, lenet_family: Family, folder: Path, capsys: pytest.CaptureFixture[str], name: Any
) -> None:
    name = name.format(outside=folder.parent / "outside.onnx") if isinstance(name, str) else name
    changed(folder, name=name)
    path = folder / "lenet.export.json"
    for ckpt in (path, folder / "lenet_dyn.onnx"):
        with pytest.raises(ZooError, match="is not a manifest of an export"):
            read_manifest(ckpt)
    assert predict.single(lenet_family, ["--target", "torch", "--ckpt", str(path)]) == 2
    assert "is not a manifest of an export" in capsys.readouterr().err
    assert earlier(path) == {}
    before = {one: one.read_bytes() for one in folder.parent.rglob("*") if one.is_file()}
    export(lenet, folder, ExportOptions(weights="random"))
    assert all(one.read_bytes() == b"precious" for one in before if b"precious" in before[one])
    assert set(before) <= {one for one in folder.parent.rglob("*") if one.is_file()}
    assert "int8" not in read_manifest(path)["files"]


def test_what_an_earlier_export_wrote_is_kept_or_removed_only_unchanged(folder: Path) -> None:
    before = changed(folder, name="lenet_int8_dyn.onnx")
    manifest = before | {"files": {kind: one for kind, one in before["files"].items() if kind != "int8"}, "failed": {}}
    other = manifest | {"weights": {"kind": "random", "seed": 0}}
    file = folder / "lenet_int8_dyn.onnx"
    assert kept(before, manifest, folder) == {}
    assert stale(before, other, folder) == [], "it is not there"
    file.write_bytes(b"precious")
    assert list(kept(before, manifest, folder)) == ["int8"]
    assert kept(before, other, folder) == {}
    assert stale(before, other, folder) == [file]
    file.write_bytes(b"of somebody else")
    assert kept(before, manifest, folder) == {}
    assert stale(before, other, folder) == []
    file.unlink()
    file.symlink_to(folder.parent / "victim.onnx")
    assert stale(before, other, folder) == []


def test_what_has_failed_now_is_not_kept_from_before(folder: Path) -> None:
    before = changed(folder, name="lenet_int8_dyn.onnx")
    (folder / "lenet_int8_dyn.onnx").write_bytes(b"precious")
    files = {kind: one for kind, one in before["files"].items() if kind != "int8"}
    manifest = before | {"files": files, "failed": {"int8": "it differs too much"}}
    assert kept(before, manifest, folder) == {}
    assert stale(before, manifest, folder) == [folder / "lenet_int8_dyn.onnx"]


@pytest.mark.parametrize(
    "content",
    [
        "",
        "[]",
        "{}",
        '{"model": 1, "variant": "lenet", "weights": {"kind": "sample"}, "files": {}}',
        '{"model": "a/b", "variant": "lenet", "weights": [], "files": {}}',
        '{"model": "a/b", "variant": "lenet", "weights": {"kind": 3}, "files": {}}',
        '{"model": "a/b", "variant": "lenet", "weights": {"kind": "sample"}, "files": []}',
        '{"model": "a/b", "variant": "lenet", "weights": {"kind": "sample"}, "files": {"dynamic": {"name": "x"}}}',
        '{"model": "a/b", "variant": "lenet", "weights": {"kind": "sample"}, "files": '
        '{"dynamic": {"name": "x", "sha256": 3}}}',
        "[" * 100_000,
        *(
            '{"model": "a/b", "variant": "lenet", "files": {}, ' + rest
            for rest in (
                '"weights": {"kind": "sample"}}',
                '"weights": {"kind": "sample"}, "input_size": "32"}',
                '"weights": {"kind": "sample"}, "input_size": true}',
                '"weights": {"kind": "file"}, "input_size": null}',
                '"weights": {"kind": "file", "path": 3}, "input_size": null}',
                '"weights": {"kind": "sample", "sha256": null}, "input_size": null}',
                '"weights": {"kind": "sample", "key": []}, "input_size": null}',
            )
        ),
    ],
)
def test_what_is_no_manifest_is_a_sentence(tmp_path: Path, content: str) -> None:
    (tmp_path / "lenet.export.json").write_text(content)
    (tmp_path / "lenet_dyn.onnx").write_bytes(b"x")
    for ckpt in ("lenet.export.json", "lenet_dyn.onnx"):
        with pytest.raises(ZooError, match="is not a manifest of an export"):
            read_manifest(tmp_path / ckpt)


def test_a_manifest_whose_files_are_gone_or_changed_is_refused(folder: Path) -> None:
    assert read_manifest(folder / "lenet.export.json")["variant"] == "lenet"
    (folder / "lenet.onnx").write_bytes(b"another")
    with pytest.raises(ZooError, match=r"lenet\.onnx has changed since it was exported"):
        read_manifest(folder / "lenet.export.json")
    assert read_manifest(folder / "lenet_dyn.onnx")["variant"] == "lenet", "of one file, that one counts"
    (folder / "lenet.onnx").unlink()
    with pytest.raises(ZooError, match=r"names lenet\.onnx, which is not in"):
        read_manifest(folder / "lenet.export.json")


@pytest.fixture
def home(folder: Path, lenet: Model, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The export where every command looks for it by itself."""
    place = folder.parent / "runs" / lenet.place
    place.parent.mkdir(parents=True)
    shutil.copytree(folder, place)
    monkeypatch.chdir(folder.parent)
    return place


@pytest.mark.parametrize("file", ["lenet_dyn.onnx", "lenet_float16_dyn.onnx"])
@pytest.mark.parametrize("named", [False, True])
def test_a_file_that_is_not_what_the_manifest_says_is_not_run(
    lenet_family: Family, home: Path, capsys: pytest.CaptureFixture[str], file: str, named: bool
) -> None:
    """As where one file of another export was copied over it: it can be opened, and would give other figures."""
    import onnx

    model = onnx.load(home / file)
    model.doc_string = "another"
    onnx.save(model, home / file)
    words = ["--dtype", "float16" if "float16" in file else "float32", "--target", "onnx"]
    words += ["--ckpt", str(home / file)] if named else []
    for command in (predict.single, valid.main):
        assert command(lenet_family, words) == 2
        assert f"{file} has changed since it was exported" in capsys.readouterr().err


@pytest.mark.parametrize("saved", [False, True])
def test_a_changed_file_is_refused_before_anything_is_said_of_it_however_late_that_is_known(
    lenet_family: Family, home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, saved: bool
) -> None:
    """It is compared while it is opened: the engine is there long before the digest, and nobody gets it."""
    import onnx

    def late(path: Path) -> str:
        assert opened.wait(60), "nothing is opened meanwhile"
        time.sleep(0.3)
        return sha256(path)

    opened, engines = threading.Event(), []
    attach = Engine._attach

    def attached(engine: Engine, *given: Any) -> None:
        attach(engine, *given)
        engines.append(engine)
        opened.set()

    monkeypatch.setattr(manifests, "sha256", late)
    monkeypatch.setattr(Engine, "_attach", attached)
    changed = onnx.load(home / "lenet_dyn.onnx")
    changed.doc_string = "another"
    onnx.save(changed, home / "lenet_dyn.onnx")
    said, drawn = home / "said.json", home / "drawn"
    assert predict.single(lenet_family, ["--json", str(said), "--save_dir", str(drawn)] if saved else []) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.count("\n") == 1
    assert "lenet_dyn.onnx has changed since it was exported" in shown.err
    assert not said.exists()
    assert not drawn.exists()
    assert [repr(engine) for engine in engines if "released" not in repr(engine)] == []


def test_a_changed_file_that_cannot_be_opened_either_is_called_changed(
    lenet_family: Family, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (home / "lenet_dyn.onnx").write_bytes(b"no network")
    assert predict.single(lenet_family, []) == 2
    assert "lenet_dyn.onnx has changed since it was exported" in capsys.readouterr().err


def test_a_file_that_cannot_be_read_for_the_comparison_is_not_run(
    lenet_family: Family, home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What goes wrong in the thread that compares is said, and is no comparison that went well."""

    def unreadable(path: Path) -> str:
        raise DataError(f"{path}: cannot be read: Input/output error.")

    monkeypatch.setattr(manifests, "sha256", unreadable)
    assert predict.single(lenet_family, []) == 2
    shown = capsys.readouterr()
    assert (shown.out, shown.err.count("\n")) == ("", 1)
    assert "lenet_dyn.onnx: cannot be read: Input/output error." in shown.err


def test_a_file_that_is_exchanged_between_its_comparison_and_its_opening_is_not_run(
    lenet_family: Family, home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was compared and what was opened may be two files of one name, as where an export ends meanwhile."""

    def exchanged(path: Path) -> str:
        digest = sha256(path)
        shutil.copy(home / "lenet.onnx", home / "new.onnx")
        (home / "new.onnx").replace(path)
        return digest

    monkeypatch.setattr(manifests, "sha256", exchanged)
    assert predict.single(lenet_family, []) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert "lenet_dyn.onnx has changed while it was opened; run it again" in shown.err


def test_a_target_that_compiles_opens_what_has_been_compared_already(
    lenet: Model, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Compiling takes long and writes files, and what opens a program runs it."""
    assert [name for name, backend in backends.targets().items() if backend.reads_only] == ["cann", "cuda", "onnx"]
    monkeypatch.setattr(backends.targets()["onnx"], "reads_only", False, raising=False)
    monkeypatch.setattr(Engine, "__init__", lambda *given, **named: pytest.fail("it was opened"))
    (home / "lenet_dyn.onnx").write_bytes(b"another")
    with pytest.raises(ZooError, match=r"lenet_dyn\.onnx has changed since it was exported"):
        open_runner(Setting(lenet, folder=home))


def test_a_file_that_the_manifest_does_not_name_is_not_run(
    lenet_family: Family, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = home / "lenet.export.json"
    manifest = json.loads(path.read_text())
    del manifest["files"]["float16"]
    path.write_text(json.dumps(manifest))
    assert valid.main(lenet_family, ["--dtype", "float16"]) == 2
    assert "is not of the export that lenet.export.json describes" in capsys.readouterr().err
    assert predict.single(lenet_family, ["--ckpt", str(home / "lenet_float16_dyn.onnx"), "--dtype", "float16"]) == 0


def test_where_there_is_no_manifest_that_is_said(
    lenet: Model, home: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An export that was interrupted while files were exchanged leaves old beside new ones, and no manifest."""
    (home / "lenet.export.json").unlink()
    with open_runner(Setting(lenet, folder=home, dtype="float16")):
        pass
    assert "lenet_float16_dyn.onnx: no manifest (*.export.json) says what it was exported from" in caplog.text
