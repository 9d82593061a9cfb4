"""model.yaml: what is taken, what is refused, and what the errors say."""

from pathlib import Path
from typing import Any

import pytest

from zoo.contributing import yaml_file
from zoo.contributing.check import command, defaults, document, look, schema, steps, values
from zoo.errors import ZooError

ROOT = Path(__file__).resolve().parents[3]


CASE_OF_SINGLE = """  run_example_single:
    run_file: example_single_batch.py
    params: {ckpt: fake_dyn.onnx, batch_size: 1, data_path: demos/a.txt, target: onnx, dtype: float32}
"""


def read(text: str) -> list[schema.Case]:
    return schema.validate(yaml_file.parse(text, Path("model.yaml")))


def test_the_repositorys_own_file_and_its_readme() -> None:
    cases = schema.read(ROOT / "model_config/model.yaml")
    assert {"classification/lenet", "classification/resnet", "classification/resnet_paddle"} <= {
        case.model_id for case in cases
    }
    text = (ROOT / "model_config/README.md").read_text(encoding="utf-8")
    assert text == document.document(), "run: python -m zoo.contributing.check.document > model_config/README.md"


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
        ("target: onnx", "target:", 7, "run_example_valid.params.target: a value is missing behind the colon"),
        ("    params:", "    parameters:", 7, "there are: run_file, params"),
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


@pytest.mark.parametrize(
    ("old", "new", "line", "field"),
    [
        (", target: onnx", "", 7, "run_example_valid.params.target"),
        ("ckpt: fake_dyn.onnx, ", "", 7, "run_example_valid.params.ckpt"),
        (CASE_OF_SINGLE, "  run_example_single: {}\n", 8, "run_example_single.params.data_path"),
    ],
)
def test_a_field_that_no_model_fills(repository: Any, old: str, new: str, line: int, field: str) -> None:
    """A folder without model.py needs the guide's full form; the error names line and field."""
    text = repository.config.read_text(encoding="utf-8")
    assert old in text
    repository.config.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(ZooError) as caught:
        schema.read(repository.config)
    assert f"model.yaml:{line}: {field}: this field is missing" in str(caught.value)
    assert "has no model.py with a MODEL" in str(caught.value)
    repository.write("model.py", '"""A network of somebody\'s own."""\n')
    with pytest.raises(ZooError, match=r"has no model\.py with a MODEL"):
        schema.read(repository.config)


def test_a_full_case_needs_nothing_of_a_model_py(repository: Any) -> None:
    """Whatever a contributor's model.py is, it is not loaded."""
    repository.write("model.py", "raise RuntimeError('not to be imported')\n")
    (case,) = schema.read(repository.config)
    assert defaults.filled(case, repository.root) == case


def test_a_case_of_two_lines_is_filled_from_the_model(repository: Any) -> None:
    (case,) = read("- case_name: a\n  run_dir: contrib/example/classification/lenet\n")
    export, valid, single, multi = steps.of(defaults.filled(case, ROOT))
    assert (export.script, dict(export.flags)) == ("export_onnx.py", {})
    assert valid.flags == {
        "ckpt": "lenet_dyn.onnx",
        "batch_size": 16,
        "data_path": "sample",
        "target": "onnx",
        "dtype": "float32",
    }
    assert (single.flags["data_path"], single.flags["batch_size"]) == ("demos/digit_0.png", 1)
    assert (multi.flags["data_path"], multi.flags["ckpt"]) == ("demos", "lenet_float16_dyn.onnx")


def test_what_a_case_says_stands_above_the_model(repository: Any) -> None:
    (case,) = read(
        "- case_name: a\n  run_dir: contrib/example/classification/resnet\n  variant: resnet18\n"
        "  run_export: {params: {weights: sample}}\n"
        "  run_example_valid: {params: {batch_size: 4, others: {input_size: 64}}}\n"
        "  run_example_multi: {params: {dtype: float32}}\n"
    )
    export, valid, _, multi = steps.of(defaults.filled(case, ROOT))
    assert export.flags == {"variant": "resnet18", "weights": "sample"}
    assert (valid.flags["ckpt"], valid.flags["batch_size"], valid.flags["input_size"]) == ("resnet18_dyn.onnx", 4, 64)
    assert multi.flags["ckpt"] == "resnet18_dyn.onnx"


def test_weights_that_would_be_fetched_are_random(repository: Any) -> None:
    (case,) = read("- case_name: a\n  run_dir: contrib/example/classification/resnet_paddle\n")
    assert defaults.filled(case, ROOT).run_export.params == {"weights": "random"}


def test_a_variant_that_there_is_not(repository: Any) -> None:
    (case,) = read("- case_name: a\n  run_dir: contrib/example/gnn/gcn\n  variant: gcm\n")
    with pytest.raises(ZooError, match="no variant 'gcm'"):
        defaults.filled(case, ROOT)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("TecoInference/contrib/example/detection/ssd", "contrib/example/detection/ssd"),
        ("TecoInference/contrib/detection/ssd", "contrib/example/detection/ssd"),
        ("contrib/detection/SSD", "contrib/example/detection/SSD"),
        ("./contrib/example/detection/ssd/", "contrib/example/detection/ssd"),
        ("contrib/utils/datasets", "contrib/utils/datasets"),
    ],
)
def test_the_ways_in_which_others_name_a_folder(repository: Any, written: str, meant: str) -> None:
    text = repository.config.read_text(encoding="utf-8")
    (case,) = read(text.replace("contrib/example/classification/fake", written))
    assert case.run_dir == meant


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("eval_metric 0.75", 0.75),
        ("eval_metric: 0.75", 0.75),
        ("eval_metric mAP@0.5 0.413", 0.413),
        ("eval_metric mAP@0.5: 0.413", 0.413),
        ("eval_metric mAP@0.5 = 0.413, mAP@0.5:0.95 = 0.287", 0.413),
        ("eval_metric -1.5e-3", -0.0015),
        ("eval_metric Top 1 0.75", None),
        ("eval_metric mAP@0.5", None),
        ("eval_metric", None),
        ("eval_metrics 0.75", None),
        ("the eval_metric 0.75", None),
    ],
)
def test_the_number_of_an_eval_metric_line(line: str, value: float | None) -> None:
    assert steps.metric(f"loading\n{line}\nsummary: avg_sps: 3\n") == value


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


def test_demos_that_models_share_may_lie_outside_of_the_folder() -> None:
    """Those that model.py names; a path of model.yaml stays in its folder, whoever has read it."""
    (case,) = (one for one in schema.read(ROOT / "model_config/model.yaml") if one.model_id == "classification/timm")
    (seen,) = look.look(ROOT, [(case.run_dir, case)], ("structure", "functional"))
    assert (seen.findings, seen.fault) == ([], "")
    assert seen.ready is not None
    assert seen.ready.run_example_multi.params.data_path == "../../../utils/demos/photos"
    assert seen.ready.run_example_single.params.data_path == "../../../utils/demos/photos/china.jpg"


@pytest.mark.parametrize("context", [None, values.FILLED])
@pytest.mark.parametrize("path", ["a/../../b", "/etc", "~/a", "../a; b", "-a"])
def test_other_paths_are_refused(repository: Any, path: str, context: str | None) -> None:
    (case,) = read(repository.config.read_text(encoding="utf-8"))
    plain = case.model_dump()
    plain["run_example_multi"]["params"]["data_path"] = path
    with pytest.raises(ValueError, match=r"data_path"):
        schema.Case.model_validate(plain, context=context)


def test_a_path_out_of_the_folder_is_refused_in_the_file(repository: Any) -> None:
    text = repository.config.read_text(encoding="utf-8").replace("data_path: demos/a.txt", "data_path: ../a.txt")
    with pytest.raises(ZooError, match=r"'\.\.' is not allowed in a path"):
        read(text)
