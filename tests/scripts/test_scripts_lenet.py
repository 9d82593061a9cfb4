"""The four scripts of a model, with the README's own commands and with everything that goes wrong."""

from __future__ import annotations

import json
import os
import re
import shutil
from pathlib import Path

import pytest
from PIL import Image

pytestmark = pytest.mark.xdist_group("classification/lenet")

SUMMARY = re.compile(
    r"summary: avg_sps: [\d.e+-]+, e2e_time: [\d.e+-]+, avg_inference_time: [\d.e+-]+, "
    r"avg_preprocess_time: [\d.e+-]+, avg_postprocess: [\d.e+-]+"
)
SHARED = [
    "--ckpt",
    "lenet_dyn.onnx",
    "--input_name",
    "input",
    "--batch_size",
    "4",
    "--target",
    "onnx",
    "--dtype",
    "float32",
    "--pass_path",
    "../../../engine/passes/default_pass.py",
    "--topk",
    "3",
    "--skip_postprocess",
    "False",
    "--verbose",
    "False",
]


def test_single_imports_neither_torch_nor_paddle(lenet_folder: Path, run, tmp_path: Path) -> None:
    """A package of either name that ends the process stands in front of the real ones."""
    for name in ("torch", "paddle", "onnx", "torchvision", "scipy", "sklearn", "rich", "pydantic"):
        (tmp_path / f"{name}.py").write_text(f"raise SystemExit('{name} was imported')\n")
    done = run("example_single_batch.py", cwd=lenet_folder, PYTHONPATH=str(tmp_path))
    assert done.returncode == 0, done.stdout + done.stderr


def test_single_json_picture_and_topk(lenet_folder: Path, run, tmp_path: Path) -> None:
    words = ["--data_path", "demos/digit_7.png", "--json", tmp_path / "out.json", "--save_dir", tmp_path / "pictures"]
    done = run("example_single_batch.py", *words, *SHARED, cwd=lenet_folder)
    assert done.returncode == 0, done.stderr
    assert len(re.findall(r"\d \(\d\.\d+\)", done.stdout)) == 3
    (record,) = json.loads((tmp_path / "out.json").read_text())["predictions"]
    assert record["id"] == "demos/digit_7.png"
    assert record["classes"][0]["label"] == "7"
    with Image.open(record["picture"]) as picture:
        assert min(picture.size) > 100


def test_folder_with_defaults(lenet_folder: Path, run, tmp_path: Path) -> None:
    done = run("example_multi_batch.py", "--save_dir", tmp_path, cwd=lenet_folder)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert [line.split(":")[0] for line in lines] == [f"digit_{digit}.png" for digit in range(10)]
    assert all(line.split(": ")[1].startswith(str(digit)) for digit, line in enumerate(lines))
    assert len(list(tmp_path.glob("*.png"))) == 10


def test_folder_goes_down_in_order_and_skips_what_cannot_be_read(lenet_folder: Path, run, tmp_path: Path) -> None:
    for target in ("b/2.png", "a.png", "b/deep/1.PNG"):
        (tmp_path / target).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(lenet_folder / "demos/digit_5.png", tmp_path / target)
    (tmp_path / "b/broken.jpg").write_bytes(b"\xff\xd8\xff\xe0 cut off")
    (tmp_path / "notes.txt").write_text("not a picture")
    done = run("example_multi_batch.py", "--data_path", tmp_path, "--json", tmp_path / "o.json", cwd=lenet_folder)
    assert done.returncode == 1
    assert [line.split(":")[0] for line in done.stdout.splitlines()] == ["a.png", "b/2.png", "b/deep/1.PNG"]
    assert "skipped b/broken.jpg" in done.stderr
    assert "1 of 4 files could not be read" in done.stderr
    assert len(json.loads((tmp_path / "o.json").read_text())["predictions"]) == 3


def test_a_folder_of_one_unreadable_file_is_skipped_like_any_other(lenet_folder: Path, run, tmp_path: Path) -> None:
    (tmp_path / "broken.png").write_bytes(b"not a picture")
    done = run("example_multi_batch.py", "--data_path", tmp_path, "--json", tmp_path / "o.json", cwd=lenet_folder)
    assert done.returncode == 1
    said = json.loads((tmp_path / "o.json").read_text())
    assert said["predictions"] == []
    assert said["skipped"][0]["id"] == "broken.png"


def test_pictures_never_overwrite_what_was_read(lenet_folder: Path, run, tmp_path: Path) -> None:
    source = tmp_path / "in"
    source.mkdir()
    for name in ("a.png", "a.bmp"):
        with Image.open(lenet_folder / "demos/digit_5.png") as picture:
            picture.save(source / name)
    before = (source / "a.png").read_bytes()
    for script, data, folder in (
        ("example_single_batch.py", source / "a.png", source),
        ("example_multi_batch.py", source, source),
        ("example_multi_batch.py", source, source / "below"),
    ):
        done = run(script, "--data_path", data, "--save_dir", folder, cwd=lenet_folder)
        assert done.returncode == 2
        assert "--save_dir" in done.stderr
    assert (source / "a.png").read_bytes() == before
    done = run("example_multi_batch.py", "--data_path", source, "--save_dir", tmp_path / "out", cwd=lenet_folder)
    assert done.returncode == 0, done.stderr
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["a.bmp.png", "a.png"]
    below = ["--data_path", "../../in/a.png", "--save_dir", "out"]
    (tmp_path / "x/y").mkdir(parents=True)
    done = run(lenet_folder / "example_single_batch.py", *below, cwd=tmp_path / "x/y")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "x/y/out/a.png").is_file()


def test_names_that_the_terminal_cannot_show(lenet_folder: Path, run, tmp_path: Path) -> None:
    picture = (lenet_folder / "demos/digit_5.png").read_bytes()
    (tmp_path / "数 字.png").write_bytes(picture)
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xca\xfd.png")).write_bytes(picture)
    words = ["--data_path", tmp_path, "--json", tmp_path / "o.json"]
    done = run("example_multi_batch.py", *words, cwd=lenet_folder, PYTHONIOENCODING="ascii")
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.splitlines()) == len(json.loads((tmp_path / "o.json").read_text())["predictions"]) == 2


def test_sample_data_is_a_folder_for_every_script(lenet_folder: Path, run, tmp_path: Path) -> None:
    for script in ("example_single_batch.py", "example_multi_batch.py", "example_valid.py"):
        done = run(script, "--data_path", "sample", cwd=lenet_folder)
        assert done.returncode == 0, done.stderr
    done = run("export_onnx.py", "--data_path", "sample", "--output", tmp_path, cwd=lenet_folder)
    assert done.returncode == 0, done.stderr


def test_valid_prints_what_ci_looks_for(lenet_folder: Path, run, tmp_path: Path) -> None:
    done = run("example_valid.py", *SHARED, "--json", tmp_path / "v.json", "--data_path", "sample", cwd=lenet_folder)
    assert done.returncode == 0, done.stderr
    metric, summary = done.stdout.splitlines()[-2:]
    assert float(re.fullmatch(r"eval_metric ([\d.]+)", metric)[1]) >= 0.98
    assert SUMMARY.fullmatch(summary)
    said = json.loads((tmp_path / "v.json").read_text())
    assert said["counts"]["samples"] == said["stages"]["samples"] == 359


@pytest.mark.parametrize("topk", [1, 2, 5])
def test_the_metric_counts_the_topk_best(lenet_folder: Path, run, tmp_path: Path, topk: int) -> None:
    words = ["--topk", topk, "--json", tmp_path / "v.json"]
    done = run("example_valid.py", *words, cwd=lenet_folder)
    assert done.returncode == 0, done.stderr
    figures = json.loads((tmp_path / "v.json").read_text())["metrics"]
    assert f"\neval_metric {figures[f'top{topk}']:.6g}\n" in done.stdout
    assert next(iter(figures)) == f"top{topk}"
    assert figures["top1"] < figures["top5"]


@pytest.mark.parametrize("words", [["--divide", "True"], ["--divide", "False"]])
@pytest.mark.parametrize("script", ["example_single_batch.py", "example_multi_batch.py"])
def test_flags_that_callers_of_upstream_pass(lenet_folder: Path, run, script: str, words: list[str]) -> None:
    plain, done = (run(script, *more, cwd=lenet_folder) for more in ([], words))
    assert done.returncode == 0, done.stderr
    assert done.stdout == plain.stdout


@pytest.mark.parametrize("dtype", ["float16", "float32"])
def test_valid_in_each_dtype_and_from_the_static_file(lenet_folder: Path, run, dtype: str) -> None:
    ckpt = {"float16": "lenet_float16_dyn.onnx", "float32": "lenet.onnx"}[dtype]
    done = run("example_valid.py", "--ckpt", ckpt, "--dtype", dtype, "--batch_size", "100", cwd=lenet_folder)
    assert done.returncode == 0, done.stderr
    assert "of 359 samples" in done.stdout
    assert float(re.search(r"eval_metric ([\d.]+)", done.stdout)[1]) >= 0.98


def test_a_dtype_that_changes_nothing_is_told(lenet_folder: Path, run, tmp_path: Path) -> None:
    words = ["--ckpt", "lenet_dyn.onnx", "--dtype", "float16", "--json", tmp_path / "v.json"]
    done = run("example_valid.py", *words, cwd=lenet_folder)
    assert done.returncode == 0, done.stderr
    assert "changes nothing" in done.stderr
    assert json.loads((tmp_path / "v.json").read_text())["inputs"] == ["input: float32[batch, 1, 32, 32]"]


def test_valid_on_the_framework_itself(lenet_folder: Path, run) -> None:
    done = run("example_valid.py", "--target", "torch", cwd=lenet_folder)
    assert done.returncode == 0, done.stderr
    assert "eval_metric 0.99" in done.stdout
    other = run("example_valid.py", "--target", "paddle", cwd=lenet_folder)
    assert other.returncode == 2
    assert "reference target is 'torch'" in other.stderr


def test_ranks_cover_each_sample_once(lenet_folder: Path, run, tmp_path: Path) -> None:
    counts = []
    for rank in range(3):
        words = ["--json", tmp_path / f"{rank}.json"]
        ranked = {"OMPI_COMM_WORLD_RANK": str(rank), "OMPI_COMM_WORLD_SIZE": "3"}
        done = run("example_valid.py", *words, cwd=lenet_folder, **ranked)
        assert done.returncode == 0, done.stderr
        assert f"the part of rank {rank} of 3" in done.stdout
        counts.append(json.loads((tmp_path / f"{rank}.json").read_text())["counts"])
    whole = run("example_valid.py", "--json", tmp_path / "all.json", cwd=lenet_folder)
    assert whole.returncode == 0
    joined = {name: sum(part[name] for part in counts) for name in counts[0]}
    assert joined == json.loads((tmp_path / "all.json").read_text())["counts"]


def test_steps_are_limited_and_warm_up_is_not_counted(lenet_folder: Path, run) -> None:
    limits = {"TECO_INFER_PIPELINES_MAX_STEPS": "2", "TECO_INFER_PIPELINES_WARMUP_STEPS": "5"}
    done = run("example_valid.py", "--batch_size", "8", cwd=lenet_folder, **limits)
    assert "of 16 samples" in done.stdout
    wrong = run("example_valid.py", cwd=lenet_folder, TECO_INFER_PIPELINES_MAX_STEPS="many")
    assert wrong.returncode == 2
    assert "TECO_INFER_PIPELINES_MAX_STEPS" in wrong.stderr


def test_skipping_the_postprocessing_claims_no_metric(lenet_folder: Path, run) -> None:
    done = run("example_valid.py", "--skip_postprocess", "True", cwd=lenet_folder)
    assert done.returncode == 0, done.stderr
    assert "eval_metric" not in done.stdout
    assert SUMMARY.fullmatch(done.stdout.splitlines()[-1])


def broken_folders(folder: Path, name: str) -> Path:
    """A data set that is wrong in one way."""
    picture = Image.new("L", (8, 8))
    path = folder / name
    path.mkdir()
    if name == "no_class_folder":
        picture.save(path / "1.png")
    if name == "empty_class":
        for digit in range(10):
            (path / str(digit)).mkdir()
            if digit != 4:
                picture.save(path / str(digit) / "1.png")
    if name == "unknown_class":
        (path / "eleven").mkdir()
        picture.save(path / "eleven/1.png")
    if name == "corrupt":
        (path / "3").mkdir()
        (path / "3/broken.png").write_bytes(b"\x89PNG\r\n\x1a\n cut off")
    if name == "bomb":
        (path / "3").mkdir()
        Image.new("1", (14000, 14000)).save(path / "3/huge.png")
    return path


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("empty", "empty"),
        ("no_class_folder", "no_class_folder"),
        ("empty_class", "4"),
        ("unknown_class", "eleven"),
        ("corrupt", "broken.png"),
        ("bomb", "huge.png"),
    ],
)
def test_a_wrong_data_set_is_a_sentence_not_a_metric(
    lenet_folder: Path, run, tmp_path: Path, name: str, words: str
) -> None:
    done = run("example_valid.py", "--data_path", broken_folders(tmp_path, name), cwd=lenet_folder)
    assert done.returncode == 2
    assert "eval_metric" not in done.stdout
    assert "Traceback" not in done.stderr
    assert words in done.stderr.splitlines()[-1]


@pytest.mark.parametrize(
    "script", ["export_onnx.py", "example_single_batch.py", "example_multi_batch.py", "example_valid.py"]
)
@pytest.mark.parametrize(
    ("flags", "words"),
    [
        ("--batch_size 0", "at least 1"),
        ("--batch_size two", "at least 1"),
        ("--unknown 1", "unrecognized arguments: --unknown"),
        ("--dtype float8", "float32"),
        ("--verbose maybe", "True or False"),
    ],
)
def test_wrong_flags(lenet_folder: Path, run, script: str, flags: str, words: str) -> None:
    done = run(script, *flags.split(), cwd=lenet_folder)
    assert done.returncode == 2
    assert words in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        ("--ckpt none.onnx", "export it first (python export_onnx.py)"),
        ("--ckpt model.py", "is no ONNX model: it is a text that begins with"),
        ("--data_path none.png", "no file none.png"),
        ("--data_path demos", "use example_multi_batch.py for folders"),
        ("--target tpu", "unknown target 'tpu'. Usable here: "),
        ("--input_name image", "the model's inputs are: input"),
        ("--input_size 28", "one size only"),
        ("--ckpt lenet_float16_dyn.onnx", "ask for dtype='float16'"),
        ("--variant lenet300", "it has: lenet"),
    ],
)
def test_wrong_use_of_a_script(lenet_folder: Path, run, flags: str, words: str) -> None:
    done = run("example_single_batch.py", *flags.split(), cwd=lenet_folder)
    assert done.returncode == 2
    assert words in done.stderr
    assert "Traceback" not in done.stderr
