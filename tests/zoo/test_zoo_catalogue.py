"""Models are found by their folders, by full or short name, and every one of them is complete."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from zoo import __main__ as command
from zoo import catalogue, index
from zoo.accuracy.verify import spread
from zoo.commands.describe import list_models
from zoo.errors import ZooError
from zoo.family import Family
from zoo.model import Model, file_name
from zoo.running.padding import stacked
from zoo_core.errors import DataError

_MOST_VARIANTS = 12  # of a family that are looked at; a library has hundreds that are made alike


@pytest.mark.parametrize("name", catalogue.ids())
def test_every_family_is_described_completely(name: str) -> None:
    family = catalogue.load(name)
    assert family.id == name
    assert family.folder == catalogue.EXAMPLES / name
    assert family.title
    assert len(set(family.variants)) == len(family.variants) > 0
    assert family.default_variant in family.variants
    figures = getattr(sys.modules[f"model_of_{family.name}"], "PUBLISHED", {})
    assert set(figures) <= set(family.variants), "a figure of no variant would be lost without a word"
    for script in ("export_onnx.py", "example_valid.py", "example_single_batch.py", "example_multi_batch.py"):
        lines = (family.folder / script).read_text(encoding="utf-8").splitlines()
        assert len([line for line in lines if line.strip()]) <= 15, script


@pytest.mark.parametrize("name", catalogue.ids())
def test_every_variant_is_described_completely(name: str) -> None:
    family = catalogue.load(name)
    default = family.variant()
    assert default.default
    if not (default.built or default.sample_weights.is_file() or default.pretrained):
        told = (family.folder / "README.md").read_text(encoding="utf-8")
        assert "python export_onnx.py --weights random\n" in told, "without weights, the first command says so"
    assert default.default_weights == family.default_weights
    assert len(list(default.demo_folder().iterdir())) >= 2
    for variant in dict.fromkeys([family.default_variant, *spread(list(family.variants), _MOST_VARIANTS)]):
        model = described(family, variant)
        assert (model.id, model.variant, model.folder) == (name, variant, family.folder)
        assert model.framework == family.framework or model.members
        assert model.default == (variant == family.default_variant)
        assert all((model.title, model.source, model.licence))
        check_parts(model)


def described(family: Family, variant: str) -> Model:
    """The model of a variant; skips where the library that describes it is not installed."""
    try:
        return family.variant(variant)
    except DataError as error:
        if "pip install" not in str(error):
            raise
        pytest.skip(str(error))


def check_parts(model: Model) -> None:
    """Parts have names of their own, and every size that they need a default."""
    names = [part.name for part in model.parts]
    assert len(set(names)) == len(names)
    assert names == [""] or all(names), "the only part has no name, several have one each"
    assert all(spec.shape[0] == "batch" for spec in model.entry.inputs)
    if len(names) == 1:
        assert all(spec.shape[0] == "batch" for spec in model.part.outputs)
    for part in model.parts:
        for shape, spec in zip(part.shapes(3), part.inputs, strict=True):
            assert len(shape) == len(spec.shape)
            assert "batch" not in spec.shape[:1] or shape[0] == 3


@pytest.mark.parametrize("name", catalogue.ids())
def test_preprocessing_gives_what_the_network_takes(name: str) -> None:
    model = catalogue.load(name).variant()
    demo = sorted(path for path in model.demo_folder().iterdir() if path.suffix in model.task.suffixes)[0]
    arrays, _ = model.task.preprocess(model.task.samples_in(demo)[0].data)
    shapes = [shape[1:] for shape in model.entry.shapes(1)]
    # what goes beside the network may be as long as the sample is
    shapes += [[size if isinstance(size, int) else None for size in spec.shape[1:]] for spec in model.task.beside]
    if model.task.padding is not None:
        arrays = tuple(array[0] for array in stacked([arrays], model.task.padding, shapes))
    for array, shape in zip(arrays, shapes, strict=True):
        assert [size if want is not None else None for size, want in zip(array.shape, shape, strict=True)] == shape
    assert [array.dtype.name for array in arrays] == [spec.dtype for spec in (*model.entry.inputs, *model.task.beside)]


def test_naming_all_variants_imports_no_framework(root: Path) -> None:
    code = (
        "import sys\n"
        "from zoo import catalogue\n"
        "print(sum(len(catalogue.load(name).variants) for name in catalogue.ids()))\n"
        "heavy = ('torch', 'torchvision', 'timm', 'transformers', 'paddle', 'mindspore', 'onnx', 'onnxruntime')\n"
        "print(*[name for name in heavy if name in sys.modules])\n"
    )
    command = [sys.executable, "-c", code]
    done = subprocess.run(
        command, env={"PYTHONPATH": str(root / "contrib")}, capture_output=True, text=True, check=True
    )
    count, heavy = done.stdout.splitlines()
    assert int(count) >= len(catalogue.ids())
    assert heavy.split() == []


def test_a_short_name_is_enough() -> None:
    assert catalogue.load("lenet").id == "classification/lenet"


@pytest.mark.parametrize(("name", "words"), [("lennet", "did you mean lenet"), ("zzz", "zoo list shows all")])
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


FAMILY = """
from pathlib import Path
from zoo.family import Family
MODEL = Family("{0}", "{1}", "The {1}", Path(__file__).parent, "pytorch", {2}, make=None)
"""
BROKEN = {
    "missing": ("import nothing_here", "ModuleNotFoundError: No module named 'nothing_here'"),
    "syntax": ("MODEL = (", "SyntaxError"),
    "exits": ("import sys\nsys.exit('no licence')", "SystemExit: no licence"),
    "dies": ("raise SystemExit(0)", "SystemExit: 0"),
    "another": ("MODEL = 3", "does not define MODEL = Family(...)"),
}


@pytest.fixture
def examples(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that the catalogue takes for all models."""
    for function in (index.ids, index.entries, catalogue.load, catalogue.find):
        monkeypatch.setattr(function, "__defaults__", (tmp_path,))
    return tmp_path


def write(examples: Path, name: str, variants: Sequence[str] | str) -> None:
    """A family whose variants have these names, or are what this expression gives."""
    domain, _, short = name.partition("/")
    (examples / name).mkdir(parents=True)
    text = variants if isinstance(variants, str) else repr(tuple(variants))
    (examples / name / "model.py").write_text(FAMILY.format(domain, short, text), encoding="utf-8")


def write_broken(examples: Path, name: str, text: str) -> None:
    (examples / name).mkdir(parents=True)
    (examples / name / "model.py").write_text(text, encoding="utf-8")


@pytest.mark.parametrize(
    ("asked", "model", "variant"),
    [
        ("one/net", "one/net", None),
        ("net", "one/net", None),
        ("net/small", "one/net", "small"),
        ("one/net/small", "one/net", "small"),
        ("small", "one/net", "small"),
        ("one/network", "one/network", None),
        ("two/library/org/deep.v1", "two/library", "org/deep.v1"),
        ("library/org/deep.v1", "two/library", "org/deep.v1"),
        ("org/deep.v1", "two/library", "org/deep.v1"),
        ("net/nothing", "one/net", "nothing"),  # which the family then says it does not have
    ],
)
def test_a_model_is_found_by_its_name_or_by_that_of_a_variant(
    examples: Path, asked: str, model: str, variant: str | None
) -> None:
    write(examples, "one/net", ["large", "small"])
    write(examples, "one/network", ["network"])
    write(examples, "two/library", "lambda: ['shallow', 'org/deep.v1']")
    family, found = catalogue.find(asked)
    assert (family.id, found) == (model, variant)


def test_a_variant_of_several_models_needs_one_of_them(examples: Path) -> None:
    write(examples, "one/a", ["resnet", "other"])
    write(examples, "two/b", ["resnet"])
    with pytest.raises(ZooError, match="several models have a variant 'resnet': write one/a/resnet or two/b/resnet"):
        catalogue.find("resnet")
    assert catalogue.find("b/resnet")[0].id == "two/b"
    write(examples, "two/resnet", ["x"])
    assert catalogue.find("resnet")[0].id == "two/resnet", "the name of a model comes before that of a variant"


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ("resnet5", "no model is called 'resnet5'; did you mean resnet50"),
        ("lenett", "did you mean lenet"),
        ("zzz", "there are: one/family, one/lenet"),
        ("", "no model is called ''"),
    ],
)
def test_what_is_not_there_is_told_with_what_is_near(examples: Path, asked: str, words: str) -> None:
    write(examples, "one/family", ["resnet50", "resnet101"])
    write(examples, "one/lenet", ["lenet"])
    with pytest.raises(ZooError, match=words):
        catalogue.find(asked)


@pytest.mark.parametrize("kind", BROKEN)
def test_a_broken_model_is_named_and_hides_no_other(
    examples: Path, capsys: pytest.CaptureFixture[str], kind: str
) -> None:
    text, words = BROKEN[kind]
    write_broken(examples, "a/broken", text)
    write(examples, "z/sound", ["one", "two"])
    assert list_models([]) == 1
    caught = capsys.readouterr()
    assert "The sound" in caught.out
    assert words in caught.err
    assert "broken/model.py" in caught.err
    assert catalogue.find("two")[0].id == "z/sound"
    with pytest.raises(ZooError, match="did you mean"):
        catalogue.find("twoo")
    assert command.main(["info", "a/broken"]) == 2
    assert words in capsys.readouterr().err


@pytest.mark.parametrize("names", ["lambda: __import__('nothing_here').names()", "lambda: __import__('sys').exit(3)"])
def test_variants_that_cannot_be_named_hide_no_other_model(
    examples: Path, capsys: pytest.CaptureFixture[str], names: str
) -> None:
    """They come from a library that is not installed, say."""
    write(examples, "a/library", names)
    write(examples, "z/sound", ["one", "two"])
    assert list_models([]) == 1
    caught = capsys.readouterr()
    assert "The sound" in caught.out
    assert "a/library cannot name its variants" in caught.err
    assert catalogue.find("two")[0].id == "z/sound"
    assert command.main(["info", "library"]) == 2
    assert "a/library cannot name its variants" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("make", "words"),
    [
        ("lambda variant: {}[variant]", "a/broken cannot describe 'one': KeyError: 'one'"),
        ("lambda variant: __import__('nothing_here')", "this job needs the package nothing_here"),
        ("lambda variant: installed_file('no-such==1', 'x/net.pth')", "pip install no-such==1"),
    ],
)
def test_a_variant_that_cannot_be_described_is_a_sentence(
    examples: Path, capsys: pytest.CaptureFixture[str], make: str, words: str
) -> None:
    write(examples, "a/broken", ["one"])
    file = examples / "a/broken/model.py"
    text = file.read_text(encoding="utf-8").replace("make=None", f"make={make}")
    file.write_text(f"from zoo_core.files import installed_file\n{text}", encoding="utf-8")
    for job in ("info", "export", "single", "multi", "valid", "verify", "run", "tune"):
        assert command.main([job, "broken"]) == 2, job
        assert words in capsys.readouterr().err, job


def test_an_empty_folder_of_models_is_a_sentence(examples: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert list_models([]) == 2
    assert "no model.py below" in capsys.readouterr().err


def test_names_of_exported_files() -> None:
    assert file_name("resnet50", dynamic=False) == "resnet50.onnx"
    assert file_name("resnet50") == "resnet50_dyn.onnx"
    assert file_name("resnet50", "float16") == "resnet50_float16_dyn.onnx"


def made(lenet: Model, names: Sequence[str], default: str = "") -> Family:
    """A family of LeNets, the wide one with a title of its own."""

    def make(variant: str) -> Model:
        return replace(lenet, title="Wide LeNet" if variant == "wide" else "")

    return Family(lenet.domain, lenet.name, "LeNet-5", lenet.folder, lenet.framework, names, make, default)


def test_a_variant_may_have_fields_of_its_own(lenet: Model) -> None:
    family = made(lenet, ("lenet", "wide"))
    assert family.variant("wide").title == "Wide LeNet"
    assert family.variant().title == family.variant("lenet").title == "LeNet-5"
    assert [family.variant(name).default for name in ("lenet", "wide")] == [True, False]
    assert made(lenet, ("lenet", "wide"), default="wide").variant().variant == "wide"
    with pytest.raises(ZooError, match="no variant 'narrow'; it has: lenet, wide"):
        family.variant("narrow")


def test_of_many_variants_near_ones_are_named(lenet: Model) -> None:
    family = made(lenet, [f"lenet{number}" for number in range(300)])
    with pytest.raises(ZooError, match="no variant 'lenet2999'; did you mean lenet299"):
        family.variant("lenet2999")
    with pytest.raises(ZooError, match="it has 300, see `zoo info classification/lenet`"):
        family.variant("???")
