"""model.yaml: what is taken, what is refused, and what the errors say."""

from pathlib import Path
from typing import Any

import pytest

from zoo.contributing import yaml_file
from zoo.contributing.check import command, schema
from zoo.errors import ZooError

ROOT = Path(__file__).resolve().parents[3]


def read(text: str) -> list[schema.Case]:
    return schema.validate(yaml_file.parse(text, Path("model.yaml")))


def test_the_repositorys_own_file_and_its_readme() -> None:
    cases = schema.read(ROOT / "model_config/model.yaml")
    assert {"classification/lenet", "classification/resnet", "classification/resnet_paddle"} <= {
        case.model_id for case in cases
    }
    text = (ROOT / "model_config/README.md").read_text(encoding="utf-8")
    assert text == schema.document(), "run: python -m zoo.check.schema > model_config/README.md"


def test_files_of_the_vendors_repository_are_taken(repository: Any) -> None:
    text = repository.config.read_text(encoding="utf-8")
    (case,) = read(text.replace("run_dir: contrib", "run_dir: TecoInference/contrib"))
    assert case.run_dir == "contrib/example/classification/fake"
    assert case.timeout == 60
    assert read(text.replace("  timeout: 60\n", ""))[0].timeout == schema.DEFAULT_TIMEOUT


@pytest.mark.parametrize(
    ("old", "new", "line", "words"),
    [
        ("  timeout: 60", "  time_out: 60", 3, "time_out: there is no such field; there are: case_name, run_dir"),
        ("dtype: float32", "dtype: int8", 7, "run_example_valid.params.dtype: Input should be 'float16' or 'float32'"),
        ("batch_size: 4", "batch_size: '4'", 7, "run_example_valid.params.batch_size"),
        ("batch_size: 4", "batch_size: 0", 7, "greater than or equal to 1"),
        ("ckpt: fake_dyn.onnx", "ckpt: ''", 7, "at least 1 character"),
        (", target: onnx", "", 7, "run_example_valid.params.target: this field is missing"),
        ("export_onnx.py", "../export_onnx.py", 4, "run_export.run_file"),
        ("target: onnx", "goal: onnx", 7, "there are: ckpt, batch_size, data_path, target, dtype, others"),
        ("dtype: float32}", "dtype: float32, others: {dtype: float16}}", 7, "'dtype' has a field of its own"),
    ],
)
def test_an_error_names_line_field_and_choices(repository: Any, old: str, new: str, line: int, words: str) -> None:
    text = repository.config.read_text(encoding="utf-8").replace(old, new, 1)
    with pytest.raises(ZooError) as caught:
        read(text)
    assert f"model.yaml:{line}: " in str(caught.value)
    assert words in str(caught.value)


def test_a_case_name_twice(repository: Any) -> None:
    text = repository.config.read_text(encoding="utf-8")
    with pytest.raises(ZooError, match=r"model.yaml:14: case_name: 'fake' stands in line 1 already"):
        read(text + text)


LAUGHS = "a: &a [lol, lol]\n" + "".join(
    f"{after}: &{after} [*{before}, *{before}, *{before}]\n"
    for before, after in zip("abcdefgh", "bcdefghi", strict=True)
)

MALICIOUS = {
    "python tag": '- !!python/object/apply:os.system ["touch hacked"]\n',
    "own tag": "- !thing {a: 1}\n",
    "a billion laughs": LAUGHS,
    "merge of an alias": "- &x {a: 1}\n- {<<: *x}\n",
    "deep nesting": "[" * 5000,
    "a huge file": "# " + "x" * yaml_file.MAX_BYTES,
    "two documents": "- a\n---\n- b\n",
    "not YAML": "- {a: [",
    "binary": "- \x00\n",
}

REPLACED = {
    "shell in run_dir": ("run_dir: contrib", 'run_dir: "contrib; touch hacked; "'),
    "substitution in run_dir": ("run_dir: contrib", 'run_dir: "$(touch hacked)"'),
    "parent in run_dir": ("run_dir: contrib/example", "run_dir: contrib/../../example"),
    "parent behind the prefix": ("run_dir: contrib", "run_dir: TecoInference/../contrib"),
    "absolute run_dir": ("run_dir: contrib", "run_dir: /contrib"),
    "absolute behind the prefix": ("run_dir: contrib", "run_dir: TecoInference//contrib"),
    "home in run_dir": ("run_dir: contrib", "run_dir: ~/contrib"),
    "shell in a script": ("export_onnx.py", '"export_onnx.py; touch hacked"'),
    "a module for a script": ("export_onnx.py", '"-mtouch.py"'),
    "shell in a flag": ("dtype: float32}", 'dtype: float32, others: {"a; touch hacked": 1}}'),
    "shell in a value": ("target: onnx", 'target: "onnx && touch hacked"'),
    "a flag for a value": ("ckpt: fake_dyn.onnx", "ckpt: --help"),
    "parent in data_path": ("data_path: demos", "data_path: ../../demos"),
    "absolute data of the single sample": ("data_path: demos/a.txt", "data_path: /demos/a.txt"),
    "a new line in a name": ("case_name: fake", 'case_name: "fake\\nhacked"'),
    "a path in a name": ("case_name: fake", "case_name: ../fake"),
    "a list for a value": ("dtype: float32}", "dtype: float32, others: {a: [1]}}"),
}


@pytest.mark.parametrize("name", [*MALICIOUS, *REPLACED])
def test_a_malicious_file_does_nothing_but_fail(repository: Any, capfd: Any, name: str) -> None:
    text = repository.config.read_text(encoding="utf-8")
    if name in REPLACED:
        assert REPLACED[name][0] in text
        text = text.replace(*REPLACED[name])
    else:
        text = MALICIOUS[name]
    repository.config.write_text(text, encoding="utf-8")
    before = sorted(repository.root.rglob("*"))
    assert command.main(["--all", "--root", str(repository.root)]) == 2
    assert "model.yaml" in capfd.readouterr().err
    assert sorted(repository.root.rglob("*")) == before


def test_a_link_out_of_the_repository(repository: Any, tmp_path: Path, capfd: Any) -> None:
    outside = tmp_path / "outside"
    repository.model.rename(outside)
    repository.model.symlink_to(outside)
    assert command.main(["--all", "--root", str(repository.root)]) == 2
    assert "leads out of the repository" in capfd.readouterr().err
    assert not repository.output.joinpath("fake/work").exists()
