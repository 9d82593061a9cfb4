"""Scripts in the forms that contributors write for the original engine, run as they are, as processes."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from PIL import Image

from engine import backends
from engine.backends.compiling.pass_file import load_pass_file
from engine.base import PASS_PATH, Engine, InputError, OptionError, ShapeError
from engine.tecoinfer_pytorch import TecoInferEngine

SCRIPTS = Path(__file__).with_name("in_the_wild")


def run(script: str, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    environ = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    command = [sys.executable, str(SCRIPTS / script), *map(str, arguments)]
    done = subprocess.run(command, env=environ, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return done


@pytest.fixture
def pooling(tmp_path: Path) -> Path:
    """The mean of each channel of [batch, 3, height, width]."""
    x = helper.make_tensor_value_info("input", TensorProto.FLOAT, ["batch", 3, "height", "width"])
    y = helper.make_tensor_value_info("output", TensorProto.FLOAT, ["batch", 3])
    nodes = [
        helper.make_node("GlobalAveragePool", ["input"], ["p"]),
        helper.make_node("Flatten", ["p"], ["output"]),
    ]
    model = helper.make_model(helper.make_graph(nodes, "g", [x], [y]), opset_imports=[helper.make_opsetid("", 17)])
    model.ir_version = 8
    onnx.save(model, tmp_path / "pooling.onnx")
    return tmp_path / "pooling.onnx"


@pytest.fixture
def text(tmp_path: Path) -> Path:
    """input_ids * 2 + attention_mask, of [batch, length]."""
    kind, shape = TensorProto.INT64, ["batch", "length"]
    values = [helper.make_tensor_value_info(name, kind, shape) for name in ("input_ids", "attention_mask", "y")]
    nodes = [
        helper.make_node("Add", ["input_ids", "input_ids"], ["twice"]),
        helper.make_node("Add", ["twice", "attention_mask"], ["y"]),
    ]
    graph = helper.make_graph(nodes, "g", values[:2], values[2:])
    onnx.save(
        helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), tmp_path / "text.onnx"
    )
    return tmp_path / "text.onnx"


@pytest.mark.parametrize("name", ["resnet50", "", "input"])
@pytest.mark.parametrize("target", ["onnx", "cpu", "openvino"])
def test_a_classifier(pooling: Path, name: str, target: str) -> None:
    if not backends.targets()[target].availability().usable:
        pytest.skip(f"no {target}")
    done = run("classifier.py", "--ckpt", pooling, "--input_name", name, "--target", target)
    lines = dict(line.split(" ", 1) for line in done.stdout.splitlines())
    assert lines["backend"] == {"onnx": "onnxruntime", "cpu": "tvm", "openvino": "openvino"}[target]
    assert lines["facts"] == "pooling pooling.onnx 8 ['input']"
    x = np.random.default_rng(0).standard_normal((9, 3, 8, 8)).astype("float16").astype("float32")
    sums = x.mean(axis=(2, 3)).sum(axis=1)
    np.testing.assert_allclose([float(word) for word in lines["sums"].split()], sums, atol=2e-3)
    assert ("input_name is resnet50" in done.stderr) == (name == "resnet50")
    if target == "onnx":
        assert lines["session"] == "['input']"
        assert lines["module"] == "True"


@pytest.fixture
def greys(tmp_path: Path) -> tuple[Path, Path]:
    """A network of 1,000 classes that says 4 for light pictures and 1 for dark ones, and folders of classes of both."""
    x = helper.make_tensor_value_info("input", TensorProto.FLOAT, ["batch", 3, "height", "width"])
    y = helper.make_tensor_value_info("output", TensorProto.FLOAT, ["batch", 1000])
    weights = np.zeros((3, 1000), np.float32)
    weights[:, 4], weights[:, 1] = 1, -1
    nodes = [
        helper.make_node("GlobalAveragePool", ["input"], ["pooled"]),
        helper.make_node("Flatten", ["pooled"], ["flat"]),
        helper.make_node("MatMul", ["flat", "weights"], ["output"]),
    ]
    graph = helper.make_graph(nodes, "g", [x], [y], [numpy_helper.from_array(weights, "weights")])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.save(model, tmp_path / "greys.onnx")
    for number in range(32):
        dark = number % 8 < 3 if number < 12 else number % 2 == 0
        folder = tmp_path / "val" / f"n{number // 8}"
        folder.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (240, 230), (20, 20, 20) if dark else (240, 240, 240)).save(folder / f"{number % 8}.png")
    return tmp_path / "greys.onnx", tmp_path / "val"


@pytest.mark.parametrize("target", ["onnx", "cpu"])
def test_an_accuracy_is_the_mean_over_full_batches(greys: tuple[Path, Path], target: str) -> None:
    """32 pictures in batches of 12: the last 8 do not count, and that is said."""
    if not backends.targets()[target].availability().usable:
        pytest.skip(f"no {target}")
    ckpt, data = greys
    done = run("classifier_valid.py", "--ckpt", ckpt, "--data_path", data, "--target", target)
    # the class of light pictures, 4, is no folder's; of the 24, those in folder 1 that are dark are right
    right = [number for number in range(8, 16) if (number % 8 < 3 if number < 12 else number % 2 == 0)]
    metric, summary = done.stdout.splitlines()
    assert float(metric.split()[1]) == pytest.approx(len(right) / 24)
    assert summary == "summary: batches: 2, run: True"
    assert "the last 8 of 32 images do not fill a batch of 12, and are dropped" in done.stderr


def test_files_that_are_no_pictures_are_passed_over(greys: tuple[Path, Path], tmp_path: Path) -> None:
    folder = tmp_path / "mixed"
    folder.mkdir()
    Image.new("RGB", (240, 230), (240, 240, 240)).save(folder / "a.jpg")
    Image.new("L", (30, 230)).save(folder / "z.png")
    (folder / "cut.jpg").write_bytes((folder / "a.jpg").read_bytes()[:600])
    (folder / "empty.jpg").write_bytes(b"")
    (folder / "notes.txt").write_text("no picture")
    (folder / "sub").mkdir()
    done = run("classifier_folder.py", "--ckpt", greys[0], "--data-path", folder, "--target", "onnx")
    lines = done.stdout.splitlines()
    assert lines[1:5] == [f"cannot open {name}" for name in ("cut.jpg", "empty.jpg", "notes.txt", "sub")]
    assert (lines[0].split(",")[0], lines[5].split(",")[0]) == ("a.jpg hammerhead", "z.png goldfish")


def test_a_detector(pooling: Path) -> None:
    done = run("detector.py", pooling)
    assert done.stdout.splitlines() == ["found (1, 3) True"] * 2
    assert done.stderr.count("knows no num_workers") == 1


@pytest.fixture
def boxes(tmp_path: Path) -> Path:
    """Gives, for any pictures of [batch, 3, 64, 64], the same two boxes of two classes: [batch, 6, 2]."""
    x = helper.make_tensor_value_info("images", TensorProto.FLOAT, ["batch", 3, 64, 64])
    y = helper.make_tensor_value_info("output0", TensorProto.FLOAT, ["batch", 6, 2])
    found = np.array([[16, 32, 16, 8, 0.9, 0], [48, 32, 16, 8, 0, 0.5]], np.float32).T[None]
    weights = [
        numpy_helper.from_array(found, "found"),
        numpy_helper.from_array(np.zeros((1, 1), np.float32), "zero"),
        numpy_helper.from_array(np.array([-1, 1, 1]), "shape"),
    ]
    nodes = [
        helper.make_node("GlobalAveragePool", ["images"], ["pooled"]),
        helper.make_node("ReduceMean", ["pooled"], ["mean"], axes=[1, 2, 3]),
        helper.make_node("Mul", ["mean", "zero"], ["nothing"]),
        helper.make_node("Reshape", ["nothing", "shape"], ["rows"]),
        helper.make_node("Add", ["rows", "found"], ["output0"]),
    ]
    graph = helper.make_graph(nodes, "g", [x], [y], weights)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.save(model, tmp_path / "boxes.onnx")
    return tmp_path / "boxes.onnx"


@pytest.mark.parametrize("target", ["onnx", "cpu"])
def test_a_detectors_validation_with_upstreams_functions(boxes: Path, tmp_path: Path, target: str) -> None:
    """Of four pictures, one has a label where no box is; the letterbox has a border of 16 above and below."""
    if not backends.targets()[target].availability().usable:
        pytest.skip(f"no {target}")
    rows = [[n, c, x / 64, 0.5, 0.25, 0.125] for n in range(4) for c, x in ((0, 16), (1, 48))]
    rows[3] = [1, 1, 0.5, 0.3, 0.1, 0.1]
    images = np.random.default_rng(0).integers(0, 256, (4, 3, 64, 64), np.uint8)
    np.savez(tmp_path / "data.npz", images=images, targets=np.array(rows, np.float32))
    done = run("yolo_valid.py", "--ckpt", boxes, "--data_path", tmp_path / "data.npz", "--target", target)
    metric, counts = done.stdout.splitlines()
    value = float(re.match(r"eval_metric mAP@0\.5 ([\d.]+) ", metric)[1])
    # class 1: right, wrong, right, right: 0.25 at 1, 0.5 at 3/4, and what is interpolated down to 0 behind that
    assert value == pytest.approx((1 + 0.25 + 0.5 * 0.75 + 0.25 * 0.75 / 2) / 2, abs=0.006)
    assert counts == "seen 4 labels 8 tp 7 fp 1"


CONTRIB = Path(__file__).resolve().parents[2] / "contrib"
DATASETS = ("object_detection_dataset", "yolo_pt_dataset", "yolov9m_dataset", "ssd_dataset", "groundingdinot_dataset")


@pytest.mark.parametrize(
    "name",
    [
        *(f"datasets/{name}" for name in (*DATASETS, "bge", "jina")),
        *(
            f"{side}/pytorch/{name}"
            for side in ("preprocess", "postprocess")
            for name in ("yolo_pt", "yolov9m", "ssd", "groundingdinot", "bge")
        ),
    ],
)
def test_names_of_modules_that_contributors_bring_are_free(name: str) -> None:
    assert list((CONTRIB / "utils").glob(f"{name}*")) == []


@pytest.mark.parametrize("order", ["graph", "swapped"])
def test_a_text_model(text: Path, order: str) -> None:
    done = run("text.py", text, order)
    assert done.stdout == f"sum {2 * sum(range(200)) + 200}\n"
    assert done.stderr.count("dropped: number 3") == 1


@pytest.mark.parametrize("target", ["onnx", "cpu"])
def test_a_text_model_without_one_of_its_inputs(text: Path, target: str) -> None:
    """Names that hold all of the graph's say which array, and which shape, is which."""
    if not backends.targets()[target].availability().usable:
        pytest.skip(f"no {target}")
    done = run("bert.py", "--ckpt", text, "--target", target)
    assert done.stdout == f"sum {2 * sum(range(64)) + 64} ['input_ids', 'attention_mask']\n"
    assert "input_name is token_type_ids" in done.stderr
    assert done.stderr.count("dropped: token_type_ids") == 1 + (target == "cpu")


def test_names_that_are_not_the_graphs_say_nothing_of_the_order(text: Path) -> None:
    done = run("bert.py", "--ckpt", text, "--target", "onnx", "--input_name", "a", "input_ids", "b")
    assert done.stdout.startswith(f"sum {2 * sum(range(64)) + 64000} ")
    assert "they are taken in the graph's order" in done.stderr
    assert done.stderr.count("dropped: number 3") == 1


def test_names_in_one_text_have_commas_between(text: Path, caplog: pytest.LogCaptureFixture) -> None:
    ids, mask = np.arange(64).reshape(1, 64), np.ones((1, 64), np.int64)
    words = {"target": "onnx", "batch_size": 1, "input_size": [[1, 64]] * 2, "dtype": "float32"}
    with TecoInferEngine(ckpt=text, input_name="attention_mask, input_ids", **words) as engine:
        assert int(engine([mask, ids]).sum()) == 2 * sum(range(64)) + 64
    assert caplog.text == ""


@pytest.mark.parametrize(
    "name", ["default_pass.py", "resnet/resnet_pass.py", "resnet/resnet_pass_5d.py", "yolov5m/yolov5_pass.py"]
)
def test_the_pass_files_that_scripts_name(name: str) -> None:
    found = load_pass_file(PASS_PATH / name)
    graph = object()
    assert found.use_passes(graph) is graph
    assert found.need_convert


@pytest.mark.parametrize("content", ["from tvm import relay\n\ndef use_passes(module):\n    return 1 / 0\n", None])
def test_pass_files_for_the_card_are_not_applied_on_the_cpu(pooling: Path, tmp_path: Path, content: str | None) -> None:
    """As upstream's engine does it; that it does is said."""
    if not backends.targets()["cpu"].availability().usable:
        pytest.skip("no cpu")
    pass_file = tmp_path / "swin_pass.py"
    if content:
        pass_file.write_text(content)
    done = run("classifier.py", "--ckpt", pooling, "--target", "cpu", "--pass_path", pass_file)
    assert done.stdout.startswith("backend tvm\n")
    assert "swin_pass.py: pass files of scripts are written for the card's compiler" in done.stderr
    assert "pass files" not in run("classifier.py", "--ckpt", pooling, "--target", "cpu").stderr
    with pytest.raises(OptionError, match=r"cannot be run|no pass file"):
        Engine(pooling, target="cpu", pass_path=pass_file, input_size=[[1, 3, 8, 8]])


@pytest.mark.parametrize("target", ["onnx", "cpu"])
def test_a_script_whose_own_package_is_called_utils(boxes: Path, target: str) -> None:
    if not backends.targets()[target].availability().usable:
        pytest.skip(f"no {target}")
    done = run("own_utils/detect.py", "--weights", boxes, "--device", target, "--half")
    assert done.stdout.splitlines() == ["found 2 of 2"] * 3


def test_two_outputs_of_a_file_for_a_batch_of_two(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Batches of eight, and in the end of fewer; with ranks, each has its share."""
    nodes = [
        helper.make_node("ReduceMean", ["image"], ["out"], axes=[1], keepdims=1),
        helper.make_node("Add", ["image", "image"], ["aux"]),
    ]
    shapes = {"image": [2, 3, 8, 8], "out": [2, 1, 8, 8], "aux": [2, 3, 8, 8]}
    values = [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in shapes.items()]
    graph = helper.make_graph(nodes, "g", values[:1], values[1:])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.save(model, tmp_path / "segmenter.onnx")
    arguments = ("segmenter_multi.py", "--ckpt", tmp_path / "segmenter.onnx", "--target", "onnx")
    done = run(*arguments)
    assert done.stdout.splitlines() == [f"eval_metric {sum(range(40)):.4f}", "summary: steps: 5, run: True"]
    assert "input_name is deeplabv3" in done.stderr
    monkeypatch.setenv("OMPI_COMM_WORLD_RANK", "1")
    monkeypatch.setenv("OMPI_COMM_WORLD_SIZE", "3")
    assert run(*arguments).stdout.splitlines()[0] == f"eval_metric {sum(range(1, 40, 3)):.4f}"


@pytest.mark.parametrize("dtype", ["float16", "float32"])
@pytest.mark.parametrize("counts", [TensorProto.INT32, TensorProto.INT64])
def test_recordings_of_pythons_own_numbers(tmp_path: Path, counts: int, dtype: str) -> None:
    """float64 and int64, whatever the graph takes, and any number of frames."""
    nodes = [
        helper.make_node("ReduceMean", ["speech"], ["mean"], axes=[2], keepdims=0),
        helper.make_node("ReduceSum", ["mean", "axis"], ["sum"], keepdims=1),
        helper.make_node("Cast", ["speech_lengths"], ["frames"], to=TensorProto.FLOAT),
        helper.make_node("Unsqueeze", ["frames", "axis"], ["column"]),
        helper.make_node("Add", ["sum", "column"], ["scores"]),
    ]
    inputs = [
        helper.make_tensor_value_info("speech", TensorProto.FLOAT, ["batch", "time", 4]),
        helper.make_tensor_value_info("speech_lengths", counts, ["batch"]),
    ]
    output = helper.make_tensor_value_info("scores", TensorProto.FLOAT, ["batch", 1])
    graph = helper.make_graph(nodes, "g", inputs, [output], [numpy_helper.from_array(np.array([1]), "axis")])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.save(model, tmp_path / "speech.onnx")
    done = run("speech.py", tmp_path / "speech.onnx", "onnx", dtype)
    assert done.stdout.splitlines() == [
        "scores (2, 1) [60.0, 100.0]",
        "scores (2, 1) [14.0, 240.0]",
        "model speech ['speech', 'speech_lengths']",
    ]


def test_dtypes_that_change_values(doubling: Callable[..., Path], caplog: pytest.LogCaptureFixture) -> None:
    """Floats are rounded, and that is said once; numbers that the graph's dtype does not hold are refused."""
    with TecoInferEngine(doubling(["batch", 3])) as engine:
        for _ in range(2):
            np.testing.assert_allclose(engine(np.full((1, 3), 0.1)), 0.2)
        assert caplog.text.count("is float64; it is rounded to the graph's float32") == 1
        np.testing.assert_array_equal(engine(np.ones((1, 3), np.int64)), 2)
        for wrong in (np.full((1, 3), 1e300), np.full((1, 3), 2**24 + 1)):
            with pytest.raises(InputError, match="which would lose information"):
                engine(wrong)
    with Engine(doubling(["batch", 3])) as strict, pytest.raises(InputError, match="would lose information"):
        strict(np.ones((1, 3), np.int64))


def test_keywords_of_paddle_scripts(pooling: Path) -> None:
    done = run("paddle_keywords.py", pooling)
    assert done.stdout == "out (4, 3) resnet50_paddle\n"
    assert done.stderr.count("knows no divided, half") == 1


def test_a_fixed_batch_is_run_in_pieces_for_scripts(doubling: Callable[..., Path]) -> None:
    """For them, dimension 0 is the batch."""
    x = np.ones((5, 3), np.float32)
    with TecoInferEngine(doubling([2, 3]), "m", "onnx", 8, [[2, 3]]) as engine:
        assert engine(x).shape == (5, 3)


def test_the_engine_itself_stays_strict(doubling: Callable[..., Path]) -> None:
    path = doubling(["batch", "width"])
    with pytest.raises(OptionError, match="has no option half"):
        Engine(path, half=True)
    with pytest.raises(InputError, match="input_name is resnet50"):
        Engine(path, input_name="resnet50")
    with Engine(path, input_size=[[1, 3]]) as engine:
        with pytest.raises(ShapeError):
            engine(np.ones((1, 4), np.float32))
        with pytest.raises(InputError, match="takes 1 inputs"):
            engine([np.ones((1, 3), np.float32)] * 2)
        with pytest.raises(TypeError):
            engine(np.ones((1, 3), np.float32), num_workers=1)
