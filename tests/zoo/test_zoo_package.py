"""`zoo package`: what a server or another program is given is whole, true to the export, and says what the zoo says."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from PIL import Image

from engine.base import Engine
from utils.preprocess.paddle import classification as paddle
from utils.preprocess.pytorch.classification import IMAGENET, ClassificationTransform
from utils.preprocess.pytorch.segmentation import SegmentationTransform, ShorterSide
from zoo import catalogue
from zoo.__main__ import main as zoo
from zoo.errors import ZooError
from zoo.manifest import Exported
from zoo.packaging import servers
from zoo.packaging.inside import PICTURE, expressed, preprocessing, with_processing
from zoo.packaging.processing import described, labels_of
from zoo.packaging.proof import LIMIT, difference
from zoo.task import Task, as_list
from zoo.tasks.classification import ImageClassification
from zoo.tasks.image_to_image import ImageToImage
from zoo.tasks.segmentation import SemanticSegmentation

AB = ("a", "b")
MEAN, STD = IMAGENET.mean, IMAGENET.std
SIZES = [(8, 8), (300, 200), (200, 301), (256, 256), (257, 640), (640, 257), (37, 500), (31, 29), (2, 3), (1, 1)]
TASKS: dict[str, Any] = {
    "imagenet": ImageClassification(IMAGENET, AB, AB),
    "paddle": ImageClassification(paddle.IMAGENET, AB, AB),
    "bicubic": ImageClassification(ClassificationTransform(248, 224, MEAN, STD, "bicubic"), AB, AB),
    "squashed": ImageClassification(ClassificationTransform(64, 64, MEAN, STD, "bicubic", crop_mode="squash"), AB, AB),
    "grey": ImageClassification(ClassificationTransform(32, 32, (0.5,), (0.5,), mode="L"), AB, AB),
    "filled up": SemanticSegmentation(SegmentationTransform(64, 96, 32), AB),
    "blue first": SemanticSegmentation(SegmentationTransform(64, 96, 32, MEAN, STD, blue_first=True), AB),
    "own size": SemanticSegmentation(ShorterSide(64, MEAN, STD, 8), AB),
    "whole picture": ImageToImage(),
}


def pictures(sizes: list[tuple[int, int]]) -> list[np.ndarray]:
    """Noise, which scaling treats worst, and something smooth."""
    rng = np.random.default_rng(0)
    noise = [rng.integers(0, 256, (height, width, 3), dtype=np.uint8) for height, width in sizes]
    small = Image.fromarray(noise[0])
    return [*noise, np.asarray(small.resize((400, 300), Image.Resampling.BICUBIC))]


def apart(task: Any, one: np.ndarray, other: np.ndarray) -> float:
    """How far two inputs of a network are apart, in values from 0 to 1 before they were normalised."""
    transform = getattr(task, "transform", None)
    std = np.asarray(transform.std if transform else (1.0,)).reshape(-1, 1, 1)
    return float((np.abs(one - other) * (std[::-1] if getattr(transform, "blue_first", False) else std)).max())


@pytest.mark.parametrize("name", TASKS)
def test_a_picture_of_any_size_is_preprocessed_as_the_zoo_does_it_to_the_bit(name: str, tmp_path: Path) -> None:
    task = TASKS[name]
    onnx.save(preprocessing(task), tmp_path / "pre.onnx")
    with Engine(tmp_path / "pre.onnx") as engine:
        for picture in pictures(SIZES):
            (wanted,), _ = task.preprocess(Image.fromarray(picture))
            (found,) = as_list(engine([picture]))
            assert found.shape == (1, *wanted.shape)
            assert apart(task, found[0], wanted) <= 1e-6


def network(path: Path, channels: int, classes: int, ranked: bool, dtype: int = TensorProto.FLOAT) -> Path:
    """A convolution of one pixel; for a ranking, its mean over the picture."""
    rng = np.random.default_rng(1)
    kind = helper.tensor_dtype_to_np_dtype(dtype)
    weights = rng.normal(size=(classes, channels, 1, 1)).astype(kind)
    nodes = [helper.make_node("Conv", ["input", "w"], ["c"])]
    if ranked:
        nodes += [
            helper.make_node("GlobalAveragePool", ["c"], ["p"]),
            helper.make_node("Flatten", ["p"], ["output"]),
        ]
    else:
        nodes.append(helper.make_node("Identity", ["c"], ["output"]))
    shape = ["batch", classes] if ranked else ["batch", classes, "height", "width"]
    graph = helper.make_graph(
        nodes,
        "network",
        [helper.make_tensor_value_info("input", dtype, ["batch", channels, "height", "width"])],
        [helper.make_tensor_value_info("output", dtype, shape)],
        [numpy_helper.from_array(weights, "w")],
    )
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path)
    return path


@pytest.mark.parametrize(
    ("name", "dtype"), [*((name, TensorProto.FLOAT) for name in TASKS), ("imagenet", TensorProto.FLOAT16)]
)
def test_one_file_says_what_the_zoo_says(name: str, dtype: int, tmp_path: Path) -> None:
    task: Task = TASKS[name]
    ranked = isinstance(task, ImageClassification)
    count = 3 if isinstance(task, ImageToImage) else 2
    file = network(tmp_path / "n.onnx", 1 if name == "grey" else 3, count, ranked, dtype)
    onnx.save(with_processing(file, task, "about"), tmp_path / "inside.onnx")
    with Engine(file) as plain, Engine(tmp_path / "inside.onnx") as whole:
        assert whole.inputs[0].name == PICTURE
        for picture in pictures(SIZES[::3]):
            (array,), meta = task.preprocess(Image.fromarray(picture))
            given = array[None].astype(plain.inputs[0].dtype)
            (wanted,) = task.postprocess(task.run({"": plain}, [given]), [meta])
            assert difference(wanted, as_list(whole([picture]))) <= LIMIT


def test_openvino_says_the_same_of_the_file_from_its_first_call_on(lenet_export: Exported, tmp_path: Path) -> None:
    pytest.importorskip("openvino")
    lenet = catalogue.load("classification/lenet").variant()
    file = network(tmp_path / "n.onnx", 3, 2, ranked=True)
    onnx.save(with_processing(file, TASKS["bicubic"], ""), tmp_path / "one.onnx")
    onnx.save(with_processing(lenet_export.dynamic, lenet.task, ""), tmp_path / "other.onnx")
    digit = np.array(Image.open(lenet.demo_folder() / "digit_3.png").convert("RGB"))
    for name, given in (("one", pictures([(300, 200), (640, 257), (31, 29)])), ("other", [digit])):
        for picture in given:
            with (
                Engine(tmp_path / f"{name}.onnx") as one,
                Engine(tmp_path / f"{name}.onnx", target="openvino") as other,
            ):
                (classes, scores), (others, theirs) = one([picture]), other([picture])
                assert classes.tolist() == others.tolist()
                assert np.abs(scores - theirs).max() <= LIMIT


@pytest.mark.parametrize("name", ["bicubic", "grey"])
def test_openvino_preprocesses_within_a_255th(name: str, tmp_path: Path) -> None:
    pytest.importorskip("openvino")
    task = TASKS[name]
    onnx.save(preprocessing(task), tmp_path / "pre.onnx")
    with Engine(tmp_path / "pre.onnx", target="openvino") as engine:
        for picture in pictures([(300, 200), (640, 257), (31, 29)]):
            (wanted,), _ = task.preprocess(Image.fromarray(picture))
            (found,) = as_list(engine([picture]))
            assert apart(task, found[0], wanted) <= 1 / 255 + 1e-6


@pytest.mark.parametrize(
    ("task", "words"),
    [
        (catalogue.load("nlp/textcnn").variant("textcnn").task, "TextClassification"),
        (ImageClassification(ClassificationTransform(24, 32, MEAN, STD), AB, AB), "with a border"),
        (ImageToImage(luma=True), "luma only"),
        (ImageToImage(multiple=2), "multiples of a number"),
    ],
)
def test_what_operators_cannot_say_is_refused(task: Task, words: str) -> None:
    with pytest.raises(ZooError, match=words):
        expressed(task)


def test_a_network_that_is_too_old_is_refused(tmp_path: Path) -> None:
    model = onnx.load(network(tmp_path / "n.onnx", 3, 2, ranked=True))
    model.opset_import[0].version = 11
    onnx.save(model, tmp_path / "old.onnx")
    with pytest.raises(ZooError, match="opset 13 or later"):
        with_processing(tmp_path / "old.onnx", TASKS["imagenet"], "")


class Package:
    """`zoo package` of LeNet, in this process."""

    def __init__(self, export: Exported, out: Path, capsys: pytest.CaptureFixture[str]):
        self.export, self.out, self._capsys = export, out, capsys
        self.said = self.wrong = ""

    def __call__(self, *flags: object, folder: Path | None = None) -> int:
        words = ["--folder", folder or self.export.manifest.parent, "--out", self.out, *flags]
        code = zoo(["package", "lenet", *map(str, words)])
        self.said, self.wrong = self._capsys.readouterr()
        assert "Traceback" not in self.wrong
        return code

    def files(self) -> list[str]:
        return sorted(path.relative_to(self.out).as_posix() for path in self.out.rglob("*") if path.is_file())

    def json(self, name: str) -> Any:
        return json.loads((self.out / name).read_text(encoding="utf-8"))


@pytest.fixture
def package(lenet_export: Exported, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Package:
    return Package(lenet_export, tmp_path / "out", capsys)


def message(text: str) -> Any:
    """config.pbtxt as Triton's own message; skipped where no package has it."""
    messages = pytest.importorskip("tritonclient.grpc.model_config_pb2", reason="tritonclient[grpc] is not installed")
    from google.protobuf import text_format

    return text_format.Parse(text, messages.ModelConfig())


def test_triton(package: Package) -> None:
    assert package("--for", "triton", "--max_batch_size", 8, "--max_delay", 250) == 0
    assert package.files() == [
        *("lenet/1/model.onnx", "lenet/config.pbtxt", "lenet/labels.txt", "lenet/processing.json"),
        *("lenet/sample.npz", "lenet/warmup/input_0.bin"),
    ]
    assert (package.out / "lenet/1/model.onnx").read_bytes() == package.export.dynamic.read_bytes()
    assert (package.out / "lenet/labels.txt").read_text().splitlines() == list("0123456789")
    config = message((package.out / "lenet/config.pbtxt").read_text())
    assert (config.name, config.backend, config.max_batch_size) == ("lenet", "onnxruntime", 8)
    assert [(one.name, list(one.dims), one.data_type) for one in config.input] == [("input", [1, 32, 32], 11)]
    (output,) = config.output
    assert (list(output.dims), output.label_filename) == ([10], "labels.txt")
    assert config.dynamic_batching.max_queue_delay_microseconds == 250
    (warm_up,) = config.model_warmup
    given = warm_up.inputs["input"]
    raw = np.fromfile(package.out / "lenet/warmup" / given.input_data_file, np.float32)
    with np.load(package.out / "lenet/sample.npz") as sample, Engine(package.export.dynamic) as engine:
        assert (raw.reshape(1, *given.dims) == sample["input"]).all()
        assert np.allclose(engine([sample["input"]]), sample["output"], atol=1e-5)


def test_openvinos_server(package: Package) -> None:
    jsonschema = pytest.importorskip("jsonschema")
    assert package("--for", "ovms", "--root", "/srv") == 0
    config = package.json("config.json")
    # what the server's own schema asks for, and nothing that it does not know
    entry = {"type": "object", "required": ["name", "base_path"], "additionalProperties": False}
    entry["properties"] = {"name": {"type": "string"}, "base_path": {"type": "string"}}
    wrapped = {"type": "object", "required": ["config"], "properties": {"config": entry}}
    schema = {"type": "object", "required": ["model_config_list"], "additionalProperties": False}
    schema["properties"] = {"model_config_list": {"type": "array", "minItems": 1, "items": wrapped}}
    jsonschema.validate(config, schema)
    (model,) = config["model_config_list"]
    assert model["config"] == {"name": "lenet", "base_path": "/srv/lenet"}
    # versions are the only folders that the server looks for
    assert [path.name for path in (package.out / "lenet").iterdir() if path.is_dir()] == ["1"]
    assert "lenet/1/model.onnx" in package.files()


def test_a_program_of_its_own(package: Package) -> None:
    assert package("--for", "onnxruntime", "--dtype", "float16") == 0
    said = package.json("lenet/processing.json")
    assert (said["model"], said["dtype"], said["weights"]) == ("classification/lenet", "float16", "sample")
    assert "weights trained on" in said["notice"]
    assert said["inputs"] == [{"name": "input", "dtype": "float16", "shape": ["batch", 1, 32, 32]}]
    assert [step["step"] for step in said["postprocessing"]] == ["softmax", "top_k"]
    assert said["preprocessing"][1]["shorter_side"] == 32


def test_everything_inside(package: Package, tmp_path: Path) -> None:
    assert package("--for", "triton", "--processing", "inside") == 0
    assert "equal to the zoo on 4 demos" in package.said
    config = message((package.out / "lenet/config.pbtxt").read_text())
    assert (config.max_batch_size, config.HasField("dynamic_batching")) == (0, False)
    assert [(one.name, list(one.dims)) for one in config.input] == [(PICTURE, [-1, -1, 3])]
    assert [(one.name, list(one.dims)) for one in config.output] == [("classes", [5]), ("scores", [5])]
    said = package.json("lenet/processing.json")
    assert said["inside"] is True
    assert said["gives"].startswith("classes")


def test_a_folder_that_is_there_stays(package: Package) -> None:
    package.out.mkdir()
    (package.out / "mine.txt").write_text("mine")
    assert package("--for", "ovms") == 2
    assert "is there already" in package.wrong
    assert package.files() == ["mine.txt"]


def test_without_a_whole_export_nothing_is_written(package: Package, tmp_path: Path) -> None:
    assert package("--for", "ovms", folder=tmp_path / "nothing") == 2
    assert "export first" in package.wrong
    changed = tmp_path / "changed"
    shutil.copytree(package.export.manifest.parent, changed)
    with (changed / package.export.dynamic.name).open("ab") as file:
        file.write(b"\0")
    assert package("--for", "ovms", folder=changed) == 2
    assert "has changed since it was exported" in package.wrong
    assert package("--for", "onnxruntime", "--dtype", "int8") == 2
    assert "--dtype int8" in package.wrong
    assert not package.out.exists()


def test_a_proof_that_fails_leaves_nothing(package: Package, monkeypatch: pytest.MonkeyPatch) -> None:
    from zoo.packaging import inside

    def darker(nodes: Any, planes: str, *_: Any) -> str:
        return str(nodes.op("Div", planes, np.asarray(300, np.float32)))

    monkeypatch.setattr(inside, "_normalised", darker)
    assert package("--for", "onnxruntime", "--processing", "inside") == 1
    assert "says something else than the zoo" in package.wrong
    assert not package.out.exists()


@pytest.mark.parametrize(
    ("shape", "dims", "reshape"),
    [(("batch",), "[ 1 ]", True), (("batch", "length", 4), "[ -1, 4 ]", False), (("batch", 2), "[ 2 ]", False)],
)
def test_dimensions_of_a_batch(shape: tuple[Any, ...], dims: str, reshape: bool) -> None:
    from engine.spec import TensorSpec

    text = servers.config('é "x"\n', [TensorSpec("a/b", "int64", shape)], [], 4, 1, {"a/b": np.zeros((1, 2), np.int64)})
    config = message(text)
    assert config.name == 'é "x"\n'
    assert f"dims: {dims}" in text
    assert config.input[0].HasField("reshape") == reshape
    assert config.model_warmup[0].inputs["a/b"].input_data_file == "input_0.bin"


def test_a_dtype_that_triton_does_not_have_is_refused() -> None:
    from engine.spec import TensorSpec

    with pytest.raises(ZooError, match="no type for"):
        servers.config("a", [TensorSpec("a", "complex64", (1,))], [], 0, 1, {})


@pytest.mark.parametrize(
    "model_id", ["classification/lenet", "segmentation/unet", "nlp/textcnn", "detection/fastestdet"]
)
def test_the_processing_of_every_kind_is_json(model_id: str) -> None:
    task = catalogue.load(model_id).variant().task
    said = json.loads(json.dumps(described(task, inside=False), allow_nan=False))
    assert ("preprocessing" in said) == model_id.startswith(("classification", "segmentation"))
    assert ("note" in said) != ("preprocessing" in said)
    assert all(isinstance(label, str) for label in labels_of(task))
