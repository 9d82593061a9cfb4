"""Variants are citizens: files, results and memories are kept by variant, and commands find those that are meant."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from zoo.commands import predict, run, valid
from zoo.commands.verify import main as verify
from zoo.exporting.export import export
from zoo.family import Family
from zoo.manifest import Exported, export_home
from zoo.model import Model
from zoo.running.setting import Setting

pytest.importorskip("torch")

WIDE = "org/wide.v1"  # as libraries name them


@pytest.fixture
def family(lenet: Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Family:
    """LeNet twice, in an empty folder of its own; the working folder is another one."""
    folder = tmp_path / "model"
    folder.mkdir()
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    for name in ("sample.safetensors", "sample_org--wide.v1.safetensors"):
        (folder / name).write_bytes(lenet.sample_weights.read_bytes())

    def make(variant: str) -> Model:
        return replace(lenet, demos=lenet.demo_folder(), title="")

    return Family("classification", "lenets", "LeNets", folder, "pytorch", ("lenet", WIDE), make)


@pytest.fixture(scope="module")
def exports(lenet: Model, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Exported]:
    """Of both variants, in one folder."""
    folder = tmp_path_factory.mktemp("exports")
    made = {}
    for variant in ("lenet", WIDE):
        model = replace(lenet, name="lenets", variant=variant)
        made[variant] = export(model, folder)
    return made


def put(exported: Exported, folder: Path) -> None:
    """Copy the files of an export."""
    folder.mkdir(parents=True, exist_ok=True)
    for path in exported.files():
        (folder / path.name).write_bytes(path.read_bytes())


def said_by(job: object, family: Family, words: list[str], file: Path) -> dict[str, object]:
    assert job(family, [*words, "--json", str(file)]) == 0  # type: ignore[operator]
    found: dict[str, object] = json.loads(file.read_text(encoding="utf-8"))
    return found


def test_the_files_of_a_variant_with_a_slash_lie_in_one_folder(exports: dict[str, Exported]) -> None:
    names = [path.name for path in exports[WIDE].files()]
    assert names == [
        "org--wide.v1.onnx",
        "org--wide.v1_dyn.onnx",
        "org--wide.v1_float16_dyn.onnx",
        "org--wide.v1.export.json",
    ]
    assert all(path.is_file() for path in (*exports[WIDE].files(), *exports["lenet"].files()))


@pytest.mark.parametrize("kind", ["static", "dynamic", "float16", "manifest"])
@pytest.mark.parametrize("variant", ["lenet", WIDE])
def test_a_file_is_of_the_variant_that_it_was_exported_from(
    family: Family, exports: dict[str, Exported], tmp_path: Path, variant: str, kind: str
) -> None:
    exported = exports[variant]
    ckpt = exported.manifest if kind == "manifest" else exported.paths[kind]
    words = ["--ckpt", str(ckpt), "--dtype", "float16" if kind == "float16" else "float32"]
    for job in (predict.single, valid.main) if kind == "dynamic" else (predict.single,):
        said = said_by(job, family, words, tmp_path / "o.json")
        assert said["variant"] == variant
        assert said["ckpt"] == str(exported.dynamic if kind == "manifest" else ckpt)


def test_a_manifest_stands_for_the_file_of_the_dtype(
    family: Family, exports: dict[str, Exported], tmp_path: Path
) -> None:
    words = ["--ckpt", str(exports[WIDE].manifest), "--dtype", "float16"]
    assert said_by(predict.multi, family, words, tmp_path / "o.json")["ckpt"] == str(exports[WIDE].float16)


def test_what_is_asked_for_stands_above_what_the_file_is_of(
    family: Family, exports: dict[str, Exported], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["--ckpt", str(exports[WIDE].dynamic), "--variant", "lenet"]
    assert said_by(predict.single, family, words, tmp_path / "o.json")["variant"] == "lenet"
    assert predict.single(family, [*words, "--target", "torch"]) == 2
    assert f"is of classification/lenets {WIDE}, not of classification/lenets lenet" in capsys.readouterr().err


def test_a_manifest_that_is_not_of_the_model_is_no_export(
    family: Family, exports: dict[str, Exported], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Files of the right names may lie beside it; what runs must be what was named."""
    put(exports["lenet"], tmp_path / "f")
    assert predict.single(family, ["--ckpt", str(tmp_path / "f/none.export.json")]) == 2
    assert "there is no manifest" in capsys.readouterr().err
    manifest = tmp_path / "f/lenet.export.json"
    for change, words in (
        ({"model": "classification/other"}, "is of classification/other lenet, not of classification/lenets lenet"),
        ({"variant": "other"}, "is of classification/lenets other, not of"),
        ({"files": {}, "failed": {"dynamic": "it differs by 3"}}, "names no lenet_dyn.onnx: it differs by 3"),
    ):
        said = json.loads(exports["lenet"].manifest.read_text()) | change
        manifest.write_text(json.dumps(said))
        for words_given in ([], ["--variant", "lenet"]):
            assert predict.single(family, ["--ckpt", str(manifest), *words_given]) == 2
            assert words in capsys.readouterr().err


@pytest.mark.parametrize("content", ["[]", "not JSON", '{"files": 3}', '{"files": {"dynamic": 3}}', "{}"])
def test_a_broken_manifest_beside_the_file_leaves_the_default(
    family: Family, exports: dict[str, Exported], tmp_path: Path, content: str
) -> None:
    put(exports["lenet"], tmp_path / "f")
    (tmp_path / "f/broken.export.json").write_text(content)
    words = ["--ckpt", str(tmp_path / "f/lenet_dyn.onnx")]
    assert said_by(predict.single, family, words, tmp_path / "o.json")["variant"] == "lenet"


def test_an_export_is_found_in_the_models_folder_and_then_below_runs(
    family: Family, exports: dict[str, Exported], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model = family.variant(WIDE)
    below = Path("runs/classification/lenets/org--wide.v1")
    assert export_home(model) == family.folder, "where it is missed"
    assert predict.single(family, ["--variant", WIDE]) == 2
    assert "org--wide.v1_dyn.onnx" in capsys.readouterr().err
    put(exports["lenet"], family.folder)
    put(exports[WIDE], below)
    assert (export_home(model), export_home(family.variant())) == (below, family.folder)
    said = said_by(predict.single, family, ["--variant", WIDE], tmp_path / "o.json")
    assert said["ckpt"] == str(below / "org--wide.v1_dyn.onnx")
    assert verify(family, ["--variant", WIDE, "--limit", "20", "--dtype", "float16"]) == 0
    put(exports[WIDE], family.folder)
    assert export_home(model) == family.folder
    assert Setting(model, folder=tmp_path / "other").home == tmp_path / "other"
    assert Setting(model, folder=tmp_path, ckpt=below / "x.onnx").home == below


def test_below_the_repository_an_export_is_found_from_anywhere(
    family: Family, exports: dict[str, Exported], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("zoo.manifest.EXAMPLES", tmp_path / "checkout/contrib/example")
    place = tmp_path / "checkout/runs/classification/lenets/lenet"
    put(exports["lenet"], place)
    assert export_home(family.variant()) == place


def test_zoo_run_keeps_results_by_variant(family: Family, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for variant, words in (("lenet", []), (WIDE, ["--variant", WIDE])):
        assert run.main(family, [*words, "--dtype", "float16", "--limit", "20"]) == 0
        folder = Path("runs/classification/lenets") / variant.replace("/", "--")
        for name in ("verify.json", "single.json", "multi.json"):
            assert json.loads((folder / name).read_text())["variant"] == variant
    assert predict.single(family, ["--variant", WIDE]) == 0, "where `zoo run` put it"


def test_auto_chooses_and_remembers_by_variant(
    family: Family, exports: dict[str, Exported], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from zoo.accuracy import choice

    monkeypatch.setenv("TECO_ZOO_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(choice, "_candidates", lambda dtype: ["onnx"])
    folder = exports["lenet"].manifest.parent
    for variant in ("lenet", WIDE):
        setting = Setting(family.variant(variant), folder=folder, target="auto", batch_size=4)
        assert choice.choose_target(setting).target == "onnx"
    found = sorted((tmp_path / "home/auto").rglob("*.json"))
    places = [path.parent.relative_to(tmp_path / "home/auto").as_posix() for path in found]
    assert places == ["classification/lenets/lenet", "classification/lenets/org--wide.v1"]
    assert [json.loads(path.read_text())["facts"]["variant"] for path in found] == ["lenet", WIDE]
