"""Models are found by their folders, by full or short name, and every one of them is complete."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from zoo import catalogue
from zoo.errors import ZooError
from zoo.model import Model, file_name
from zoo.running.padding import stacked


@pytest.mark.parametrize("name", catalogue.ids())
def test_every_model_is_described_completely(name: str) -> None:
    model = catalogue.load(name)
    assert model.id == name
    assert model.folder == catalogue.EXAMPLES / name
    assert model.variant(None) in model.variants
    assert model.sample_weights.is_file() or model.pretrained is not None
    assert all(spec.shape[0] == "batch" for spec in (*model.inputs, *model.outputs))
    assert len(list(model.demos().iterdir())) >= 2
    assert set(model.published) <= set(model.variants)
    for shape, spec in zip(model.shapes(3), model.inputs, strict=True):
        assert len(shape) == len(spec.shape)
        assert shape[0] == 3
    for script in ("export_onnx.py", "example_valid.py", "example_single_batch.py", "example_multi_batch.py"):
        lines = (model.folder / script).read_text(encoding="utf-8").splitlines()
        assert len([line for line in lines if line.strip()]) <= 15, script


def test_preprocessing_gives_what_the_network_takes() -> None:
    for name in catalogue.ids():
        model = catalogue.load(name)
        demo = sorted(path for path in model.demos().iterdir() if path.suffix in model.task.suffixes)[0]
        arrays, _ = model.task.preprocess(model.task.samples_in(demo)[0].data)
        if model.task.padding is not None:
            arrays = tuple(
                array[0] for array in stacked([arrays], model.task.padding, [s[1:] for s in model.shapes(1)])
            )
        assert [list(array.shape) for array in arrays] == [shape[1:] for shape in model.shapes(1)]
        assert [array.dtype.name for array in arrays] == [spec.dtype for spec in model.inputs]


def test_a_short_name_is_enough() -> None:
    assert catalogue.load("lenet").id == "classification/lenet"


@pytest.mark.parametrize(
    ("name", "words"), [("lennet", "did you mean lenet"), ("zzz", "there are: classification/lenet")]
)
def test_an_unknown_name_is_told_what_there_is(name: str, words: str) -> None:
    with pytest.raises(ZooError, match=words):
        catalogue.load(name)


def test_a_name_that_two_models_have_needs_its_domain(tmp_path: Path) -> None:
    for domain in ("one", "two"):
        (tmp_path / domain / "same").mkdir(parents=True)
        (tmp_path / domain / "same/model.py").write_text("MODEL = None\n")
    with pytest.raises(ZooError, match="several models"):
        catalogue.load("same", tmp_path)
    with pytest.raises(ZooError, match=r"does not define MODEL"):
        catalogue.load("one/same", tmp_path)


@pytest.mark.parametrize(("text", "words"), [("import nothing_here", "nothing_here"), ("MODEL = (", "SyntaxError")])
def test_a_broken_model_is_named_and_hides_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], text: str, words: str
) -> None:
    from zoo.commands.describe import list_models

    lenet = catalogue.EXAMPLES / "classification/lenet/model.py"
    for name, content in (("broken", text), ("lenet", lenet.read_text(encoding="utf-8"))):
        (tmp_path / "classification" / name).mkdir(parents=True)
        (tmp_path / "classification" / name / "model.py").write_text(content, encoding="utf-8")
    monkeypatch.setattr(catalogue.ids, "__defaults__", (tmp_path,))
    monkeypatch.setattr(catalogue.load, "__defaults__", (tmp_path,))
    assert list_models([]) == 1
    caught = capsys.readouterr()
    assert "LeNet-5" in caught.out
    assert words in caught.err
    assert "broken/model.py cannot be loaded" in caught.err


def test_names_of_exported_files() -> None:
    assert file_name("resnet50", dynamic=False) == "resnet50.onnx"
    assert file_name("resnet50") == "resnet50_dyn.onnx"
    assert file_name("resnet50", "float16") == "resnet50_float16_dyn.onnx"


def test_a_variant_may_have_fields_of_its_own(lenet: Model) -> None:
    family = replace(lenet, variants=("lenet", "wide"), differing={"wide": {"title": "Wide LeNet"}})
    assert family.as_variant("wide").title == "Wide LeNet"
    assert family.as_variant("wide").as_variant("wide").title == "Wide LeNet"
    assert family.as_variant(None).title == family.as_variant("lenet").title == lenet.title
    with pytest.raises(ZooError, match="no variant 'narrow'"):
        family.as_variant("narrow")
