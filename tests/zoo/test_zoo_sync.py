"""zoo sync: every kind of difference is found and mended, what people wrote stays, damaged markers get a sentence."""

import shutil
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from zoo import catalogue
from zoo.contributing.sync import blocks, command, facts, scripts, tables
from zoo.family import Family
from zoo.model import Model, Packaged, Published

ROOT = Path(__file__).resolve().parents[2]
LENET = "contrib/example/classification/lenet"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A repository with two models, in step."""
    for folder in (LENET, "contrib/example/gnn/gcn", "requirements"):
        ignored = shutil.ignore_patterns("*.onnx", "*.json.tmp", "__pycache__")
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=ignored)
    (tmp_path / "doc").mkdir()
    for name in ("requirements.txt", "README.md", "README_zh.md", "doc/Running.md", "doc/Running_zh.md"):
        shutil.copy2(ROOT / name, tmp_path / name)
    command.main(["--root", str(tmp_path)])
    return tmp_path


def check(root: Path) -> int:
    return command.main(["--check", "--root", str(root)])


def contents(root: Path) -> dict[str, str]:
    """Every file of a repository that is text."""
    files = [path for path in sorted(root.rglob("*")) if path.suffix in (".md", ".py", ".txt", ".json")]
    return {path.relative_to(root).as_posix(): path.read_text(encoding="utf-8") for path in files}


def edit(name: str, old: str, new: str) -> Callable[[Path], None]:
    def change(root: Path) -> None:
        text = (root / name).read_text(encoding="utf-8")
        assert old in text
        (root / name).write_text(text.replace(old, new, 1), encoding="utf-8")

    return change


def test_this_repository_is_in_step(capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["--check"]) == 0, capsys.readouterr().out


def test_twice_changes_nothing(root: Path) -> None:
    before = contents(root)
    assert command.main(["--root", str(root)]) == 0
    assert contents(root) == before


DIFFERENCES = {
    "a script": (edit(f"{LENET}/export_onnx.py", "sys.exit(", "print("), "lenet/export_onnx.py: it is not the same"),
    "no script": (lambda root: (root / LENET / "example_valid.py").unlink(), "lenet/example_valid.py: it is not"),
    "requirements": (edit(f"{LENET}/requirements.txt", "pytorch.txt", "paddle.txt"), "txt: the part 'shared' differs"),
    "facts": (edit(f"{LENET}/README.md", "Weights: `sample`", "Weights: none"), "lenet/README.md: the part 'facts'"),
    "a command": (edit(f"{LENET}/README.md", "demos/digit_0.png\n", "demos/x\n"), "README.md: the part 'inference'"),
    "the metric": (edit(f"{LENET}/README.md", "lenet_dyn.onnx --data", "x.onnx --data"), "the part 'accuracy' differs"),
    "a source": (edit(f"{LENET}/model.py", 'source="written', 'source="put down'), "the part 'facts' differs"),
    "a title": (edit(f"{LENET}/model.py", 'title="LeNet-5"', 'title="LeNet"'), "README.md: the part 'models' differs"),
    "a row": (edit("README_zh.md", "| LeNet-5 |", "| LeNet |"), "README_zh.md: the part 'models' differs"),
    "a figure": (edit(f"{LENET}/README.md", "top1 0.9944 of", "top1 0.9 of"), "README.md: the part 'models' differs"),
    "a flag": (edit("doc/Running.md", "| `--opset` |", "| `--opsets` |"), "doc/Running.md: the part 'flags' differs"),
    "a target": (edit("doc/Running_zh.md", "| `onnx` |", "| `onx` |"), "Running_zh.md: the part 'targets' differs"),
    "an empty part": (edit("README.md", "<!-- zoo: models -->\n|", "<!-- zoo: models -->\n\n|"), "'models' differs"),
}


@pytest.mark.parametrize("name", DIFFERENCES)
def test_each_difference_is_found_and_mended(root: Path, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    change, words = DIFFERENCES[name]
    change(root)
    before = contents(root)
    capsys.readouterr()
    assert check(root) == 1
    told = capsys.readouterr()
    assert words in told.out
    assert "zoo sync writes them" in told.err
    assert contents(root) == before, "--check writes nothing"
    assert command.main(["--root", str(root)]) == 0
    assert check(root) == 0


FAULTS = {
    "no end": (edit(f"{LENET}/README.md", "<!-- /zoo -->", ""), "the part 'facts' of line"),
    "no beginning": (edit(f"{LENET}/README.md", "<!-- zoo: facts -->\n", ""), "this ends a part, and none has begun"),
    "an unknown part": (edit(f"{LENET}/README.md", "zoo: facts", "zoo: fact"), "there is no part 'fact'; there are:"),
    "nearly a marker": (edit(f"{LENET}/README.md", "<!-- zoo: facts -->", "<!--zoo:facts-->"), "is nearly a marker"),
    "nearly an end": (edit(f"{LENET}/README.md", "<!-- /zoo -->", "<!-- / zoo -->"), "is nearly a marker"),
    "a dead marker": (edit(f"{LENET}/requirements.txt", "# zoo: shared", "#zoo: shared"), "is nearly a marker"),
    "twice": (
        edit(f"{LENET}/README.md", "### 2.4", "<!-- zoo: facts -->\n<!-- /zoo -->\n### 2.4"),
        "the part 'facts' stands here a second time",
    ),
    "no README": (lambda root: (root / LENET / "README.md").unlink(), "lenet/README.md: there is no such file"),
    "not text": (lambda root: (root / LENET / "README.md").write_bytes(b"\xff\xfe"), "it is not UTF-8 text"),
    "a package without bounds": (
        lambda root: (root / LENET / "requirements.txt").open("a").write("no-such-package\n"),
        "no-such-package has no version, and none in requirements.txt",
    ),
    "no shared file": (
        lambda root: (root / "requirements/pytorch.txt").unlink(),
        "requirements/pytorch.txt: there is no such file",
    ),
    "a model that cannot be loaded": (edit(f"{LENET}/model.py", "MODEL = Family", "MODEL = Famly"), "Famly"),
    "a model without demos": (lambda root: shutil.rmtree(root / LENET / "demos"), "lenet/demos: there is no such"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_what_only_people_can_mend(root: Path, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Both ways say so in a sentence; the file itself is left as it is, and everything else is written all the same."""
    change, words = FAULTS[name]
    change(root)
    readme = root / LENET / "README.md"
    before = readme.read_bytes() if readme.is_file() else b""
    edit("contrib/example/gnn/gcn/export_onnx.py", "sys.exit(", "print(")(root)
    capsys.readouterr()
    assert check(root) == 1
    assert words in capsys.readouterr().out
    assert command.main(["--root", str(root)]) == 1
    assert words in capsys.readouterr().out
    assert (readme.read_bytes() if readme.is_file() else b"") == before
    assert "sys.exit(" in (root / "contrib/example/gnn/gcn/export_onnx.py").read_text()


def test_a_readme_without_markers_is_not_rewritten(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    readme = root / LENET / "README.md"
    readme.write_text("# Mine\n\nLicence: MIT\n", encoding="utf-8")
    assert command.main(["--root", str(root)]) == 1
    assert readme.read_text(encoding="utf-8") == "# Mine\n\nLicence: MIT\n"
    assert "it has no part 'facts'; write the lines <!-- zoo: facts --> and <!-- /zoo -->" in capsys.readouterr().out


@pytest.mark.parametrize("model", [None, '"""A network of somebody\'s own."""\n'])
def test_a_folder_of_others_is_left_alone(root: Path, model: str | None) -> None:
    theirs = root / "contrib/example/classification/theirs"
    theirs.mkdir()
    for name in ("README.md", "requirements.txt", "export_onnx.py"):
        (theirs / name).write_text("anything\n")
    if model:
        (theirs / "model.py").write_text(model)
    before = contents(theirs)
    assert check(root) == 0
    assert command.main(["--root", str(root)]) == 0
    assert contents(theirs) == before


def test_text_around_the_parts_is_untouched() -> None:
    text = "first\n<!-- zoo: a -->\nold\nolder\n<!-- /zoo -->\n\n  last, without a new line"
    made, different = blocks.rewritten(text, Path("x.md"), {"a": lambda: ["new"], "b": lambda: ["never"]})
    assert made == "first\n<!-- zoo: a -->\nnew\n<!-- /zoo -->\n\n  last, without a new line"
    assert different == ["a"]


def test_the_ends_of_lines_of_a_file_without_parts_stay() -> None:
    assert blocks.rewritten("a\r\nb", Path("x.md"), {}) == ("a\r\nb", [])


def test_the_scripts_are_the_same_for_every_model() -> None:
    for one in catalogue.ids():
        for name in scripts.SCRIPTS:
            assert (catalogue.EXAMPLES / one / name).read_text(encoding="utf-8") == scripts.script(name)


def lenet() -> Family:
    return catalogue.load("classification/lenet")


def family(names: tuple[str, ...], **changes: object) -> Family:
    """LeNet as a family with other variants, and other facts."""
    from dataclasses import replace

    def make(name: str) -> Model:
        return replace(lenet().variant(), **changes)

    return replace(lenet(), names=names, make=make)


def test_few_variants_are_named_and_many_counted() -> None:
    few = family(tuple(f"net{index}" for index in range(12)))
    assert "`net0` (default), `net1`" in facts.variants(few)
    many = family(tuple(f"net{index}" for index in range(1300)))
    assert facts.variants(many) == "1300, such as `net0` (default); `zoo info classification/lenet --variants`"
    assert len("\n".join(facts.contents(many, ROOT)["facts"]())) < 2500


def test_figures_of_one_metric_and_address_stand_together() -> None:
    made = family(("a", "b"), published=Published("top1", 0.5, "the paper"))
    assert "Published, not measured here: top1 `a` 0.5, `b` 0.5 (the paper)." in "\n".join(
        facts.contents(made, ROOT)["facts"]()
    )


@pytest.mark.parametrize("measured", [True, False])
def test_a_figure_is_called_measured_only_where_it_was(monkeypatch: pytest.MonkeyPatch, measured: bool) -> None:
    made = family(("a",), published=Published("top1", 0.5, "the paper"))
    known = made.variant()
    monkeypatch.setattr(Model, "measurable", property(lambda _: True))
    done = SimpleNamespace(here=lambda: "0.49", verdict="DIFFERS")
    figures = {(known.id, known.variant, "top1"): done} if measured else {}
    monkeypatch.setattr(facts.reproduced, "read", lambda _: figures)
    text = "\n".join(facts.contents(made, ROOT)["facts"]())
    said = f"measured by `zoo reproduce {made.name}`: top1 0.5: here 0.49, DIFFERS (the paper)."
    assert (f"- Published, {said}" in text) == measured
    assert (
        f"- Published, not measured yet (`zoo reproduce {made.name}` does): top1 0.5 (the paper)." in text
    ) != measured


def test_weights_that_a_package_brings() -> None:
    made = family(("a",), pretrained=Packaged("net==1.0", "net/x.bin", "0" * 64), folder=Path("nowhere"))
    text = "\n".join(facts.contents(made, ROOT)["facts"]())
    assert "`pretrained`" in text
    assert "in the pip package net==1.0" in text


def test_the_flags_are_those_of_the_parsers() -> None:
    families = [catalogue.load(one) for one in ("classification/lenet", "nlp/textcnn")]
    rows = tables.contents(families, "", [])["flags"]()
    text = "\n".join(rows)
    for flag in ("--ckpt", "--weights", "--devices", "--resume", "--save_dir", "--text", "--token_budget", "--json"):
        assert f"| `{flag}` |" in text
    (budget,) = [row for row in rows if "--token_budget" in row]
    assert "(only: nlp/textcnn)" in budget
    (resume,) = [row for row in rows if "--resume" in row]
    assert resume.endswith("| example_valid |")
