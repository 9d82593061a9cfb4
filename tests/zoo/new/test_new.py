"""zoo new: each kind of source gives a folder that passes the check; nothing is overwritten."""

import importlib.util
import json
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any, ClassVar

import numpy as np
import pytest

from engine.base import Engine
from utils.preprocess.pytorch.classification import ClassificationTransform
from zoo import catalogue
from zoo.commands import export
from zoo.contributing import yaml_file
from zoo.contributing.check import command as check
from zoo.contributing.new import command, sources
from zoo.errors import ZooError
from zoo.frameworks import onnx as graphs
from zoo.weights import Weights

ROOT = Path(__file__).resolve().parents[3]


@pytest.mark.parametrize(
    ("model", "source", "words"),
    [
        ("classification/tiny", "mine_for_test:tiny", ["--size", "32", "--channels", "1", "--title", "Tiny net"]),
        ("classification/squeezenet", "torchvision.squeezenet1_1", []),
        ("classification/lenet_paddle", "paddle.vision.LeNet", []),
    ],
)
def test_a_new_folder_passes_the_check(made: Any, model: str, source: str, words: list[str]) -> None:
    package = "paddle2onnx" if source.startswith("paddle") else "torchvision"
    if importlib.util.find_spec(package) is None:
        pytest.skip(f"{package} is not installed")
    assert made.new(model, source, *words) == 0
    made.assert_green(model)


def test_a_network_that_gives_probabilities(made: Any, capfd: Any) -> None:
    words = ("--size", "32", "--channels", "1")
    assert made.new("classification/soft", "mine_for_test:tiny_probabilities", *words) == 0
    assert "as it was tried: [N, 1, 32, 32] float32 to [N, 7] probabilities" in capfd.readouterr().out
    task: Any = catalogue.load_file(made.folder("classification/soft") / "model.py").variant().task
    assert task.probabilities
    (ranking,) = task.postprocess([np.array([[0.1, 0.7, 0.2, 0, 0, 0, 0]], np.float32)], [None])
    assert ranking.scores[0] == pytest.approx(0.7)


def test_weights_that_a_network_is_built_with_are_kept(made: Any, tmp_path: Path, capfd: Any) -> None:
    """They are the default; others take their place only when asked for."""
    import torch

    assert made.new("classification/own", "mine_for_test:trained", "--size", "32", "--channels", "1") == 0
    own = catalogue.load_file(made.folder("classification/own") / "model.py")
    assert own.variant().default_weights == "built"
    assert "`built` (default)" in (made.folder("classification/own") / "README.md").read_text()
    batch = np.random.default_rng(0).standard_normal((1, 1, 32, 32)).astype(np.float32)
    with torch.no_grad():
        expected = own.variant().build().eval()(torch.from_numpy(batch)).numpy()
    for words, same in (([], True), (["--weights", "random"], False)):
        output = tmp_path / ("random" if words else "built")
        assert export.main(own, ["--output", str(output), *words]) == 0, capfd.readouterr().err
        with Engine(output / "trained.onnx") as engine:
            assert np.allclose(engine(batch), expected, rtol=1e-4, atol=1e-4) == same
        kind = json.loads((output / "trained.export.json").read_text())["weights"]["kind"]
        assert kind == ("built" if same else "random")


def test_what_the_source_declares_is_filled_in(made: Any) -> None:
    assert made.new("classification/vit", "torchvision.swin_t") == 0
    made.assert_in_style("classification/vit")
    model = catalogue.load_file(made.folder("classification/vit") / "model.py").variant()
    transform: Any = model.task.transform
    assert (transform.resize, transform.crop, transform.interpolation) == (232, 224, "bicubic")
    assert model.task.labels[:2] == ("tench", "goldfish")
    assert model.published is not None
    assert model.published.value == 0.81474
    assert model.published_weights().url.endswith("swin_t-704ceda3.pth")
    text = (made.folder("classification/vit") / "requirements.txt").read_text()
    assert text == "# zoo: shared\n-r ../../../../requirements/pytorch.txt\n# /zoo\ntorchvision\n"


def write_graph(path: Path, side: int = 16, classes: int = 5, batch: int | str = 1) -> None:
    """A small classifier as an ONNX file of opset 13, with a fixed batch unless told otherwise."""
    from onnx import TensorProto, checker, helper, numpy_helper, save

    random = np.random.default_rng(1)
    shapes = {"kernel": (8, 3, 5, 5), "matrix": (classes, 8 * (side // 2) ** 2), "bias": (classes,)}
    weights = {name: random.standard_normal(shape).astype(np.float32) / 4 for name, shape in shapes.items()}
    nodes = [
        helper.make_node("Conv", ["image", "kernel"], ["a"], strides=[2, 2], pads=[2, 2, 2, 2]),
        helper.make_node("Relu", ["a"], ["b"]),
        helper.make_node("Flatten", ["b"], ["c"]),
        helper.make_node("Gemm", ["c", "matrix", "bias"], ["scores"], transB=1),
    ]
    graph = helper.make_graph(
        nodes,
        "small",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, [batch, 3, side, side])],
        [helper.make_tensor_value_info("scores", TensorProto.FLOAT, [batch, classes])],
        [numpy_helper.from_array(array, name) for name, array in weights.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    checker.check_model(model)
    save(model, path)


def test_an_onnx_file(made: Any, root: Path, tmp_path: Path, capfd: Any) -> None:
    """Its graph and its small weights are in the folder, and what is exported again computes the same."""
    write_graph(tmp_path / "small-net.onnx")
    assert made.new("classification/small", str(tmp_path / "small-net.onnx")) == 0
    made.assert_in_style("classification/small")
    assert (made.folder("classification/small") / "network.graph").stat().st_size < 2000
    assert "python export_onnx.py\n" in (made.folder("classification/small") / "README.md").read_text()
    assert check.main(["--model", "classification/small", "--root", str(root)]) == 0, capfd.readouterr().out
    work = root / "runs/check/classification_small/work/contrib/example/classification/small"
    batch = np.random.default_rng(2).standard_normal((1, 3, 16, 16)).astype(np.float32)
    outputs = [Engine(path)(batch) for path in (tmp_path / "small-net.onnx", work / "small_net_dyn.onnx")]
    np.testing.assert_allclose(outputs[0], outputs[1], rtol=1e-5, atol=1e-5)


def test_the_weights_of_an_onnx_file_are_given_by_the_file(made: Any, tmp_path: Path) -> None:
    write_graph(tmp_path / "small.onnx")
    assert made.new("classification/small", str(tmp_path / "small.onnx")) == 0
    model = catalogue.load_file(made.folder("classification/small") / "model.py").variant()
    loaded = graphs.load(model, Weights("file", tmp_path / "small.onnx"), [])
    random = graphs.load(model, Weights("random"), [np.random.default_rng(1).random((2, 3, 16, 16), np.float32)])
    with pytest.raises(ZooError, match="has no large weights, and so none for --weights built"):
        graphs.load(model, Weights("built"), [])
    batch = np.ones((1, 3, 16, 16), np.float32)
    original = Engine(tmp_path / "small.onnx")(batch)
    np.testing.assert_allclose(graphs.engine(model.part, loaded)(batch), original, rtol=1e-5, atol=1e-5)
    assert not np.allclose(graphs.engine(model.part, random)(batch), original, rtol=0.1, atol=0.1)
    write_graph(tmp_path / "other.onnx", classes=6)
    with pytest.raises(ZooError, match=r"matrix \[6, 512\] for \[5, 512\]"):
        graphs.load(model, Weights("file", tmp_path / "other.onnx"), [])


class FakeTimm(ModuleType):
    """timm's three functions, as its documents describe them."""

    def __init__(self) -> None:
        super().__init__("timm")
        config = {
            "input_size": (3, 96, 96),
            "crop_pct": 0.875,
            "interpolation": "bicubic",
            "mean": (0.5, 0.5, 0.5),
            "std": (0.25, 0.25, 0.25),
            "crop_mode": "center",
        }
        self.data = SimpleNamespace(resolve_model_data_config=lambda network: config)
        self.list_models = lambda: ["tiny_timm"]
        self.list_pretrained = lambda: ["tiny_timm.of_a_tag"]

    def create_model(self, name: str, pretrained: bool) -> Any:
        from torch import nn

        return nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(3, 1000))


def test_timm_by_a_double(made: Any, monkeypatch: Any) -> None:
    """Written against timm's documented functions; timm itself is an option that need not be installed."""
    monkeypatch.setitem(sys.modules, "timm", FakeTimm())
    assert made.new("classification/from_timm", "timm.tiny_timm") == 0
    made.assert_in_style("classification/from_timm")
    model = catalogue.load_file(made.folder("classification/from_timm") / "model.py")
    transform: Any = model.task.transform
    assert (transform.resize, transform.crop, transform.mean, transform.interpolation) == (
        109,
        96,
        (0.5, 0.5, 0.5),
        "bicubic",
    )
    assert "timm" in (made.folder("classification/from_timm") / "requirements.txt").read_text().split()


@pytest.mark.skipif(importlib.util.find_spec("timm") is None, reason="timm is not installed")
def test_timm_itself(made: Any) -> None:
    assert made.new("classification/resnet_timm", "timm.resnet18") == 0
    assert made.new("classification/tagged", "timm.mobilenetv3_small_050.lamb_in1k") == 0
    assert made.model("classification/tagged").variant == "mobilenetv3_small_050.lamb_in1k"


class FakeProcessor:
    """An image processor of transformers, with the defaults that `says` adds to the usual ones."""

    says: ClassVar[dict[str, Any]] = {}

    def to_dict(self) -> dict[str, Any]:
        usual = {"resample": 3, "do_normalize": True, "image_mean": (0.5, 0.5, 0.5), "image_std": (0.25, 0.25, 0.25)}
        return {**usual, "size": {"shortest_edge": 64}, **self.says}

    def __call__(self, image: Any, return_tensors: str) -> dict[str, Any]:
        size = self.to_dict()["size"]
        if "height" in size:
            image = image.resize((size["width"], size["height"]), 3)
        (array,), _ = ClassificationTransform(64, 48, (0.5,) * 3, (0.25,) * 3, "bicubic")(image)
        return {"pixel_values": array[None, ::-1] if self.says.get("do_flip_channel_order") else array[None]}


class SquareProcessor(FakeProcessor):
    says: ClassVar[dict[str, Any]] = {"size": {"height": 64, "width": 64}}


class FlippedProcessor(FakeProcessor):
    says: ClassVar[dict[str, Any]] = {"do_flip_channel_order": True}


def fake_transformers(monkeypatch: Any, processors: dict[str, Any]) -> None:
    """Classifiers (and their image processors, as one of transformers' two kinds of entry) in place of transformers."""
    from torch import nn

    class Network(nn.Module):
        def __init__(self, config: Any) -> None:
            super().__init__()
            self.body = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(3, config.num_labels))

        def forward(self, pixel_values: Any) -> Any:
            return SimpleNamespace(logits=self.body(pixel_values), hidden_states=None)

    package, networks, images = (
        ModuleType(name)
        for name in (
            "transformers",
            "transformers.models.auto.modeling_auto",
            "transformers.models.auto.image_processing_auto",
        )
    )
    networks.MODEL_FOR_IMAGE_CLASSIFICATION_MAPPING_NAMES = {"one": "NoProcessor", "more": tuple(processors)}
    images.IMAGE_PROCESSOR_MAPPING = {}
    for name in ("NoProcessor", *processors):
        config = type(f"{name}Config", (SimpleNamespace,), {})
        setattr(package, name, type(name, (Network,), {"config_class": config}))
        if name in processors:
            images.IMAGE_PROCESSOR_MAPPING[config] = processors[name]
    for module in (package, networks, images):
        monkeypatch.setitem(sys.modules, module.__name__, module)


def test_transformers_by_a_double(made: Any, monkeypatch: Any, capfd: Any) -> None:
    """What the image processor does is found by trying it; what differs stands in model.py and in README.md."""
    choices: dict[str, Any] = {
        "Exact": {"torchvision": None, "pil": FakeProcessor},
        "Square": (None, SquareProcessor),
        "Flipped": (FlippedProcessor, None),
    }
    fake_transformers(monkeypatch, choices)
    for name in ("Exact", "Square"):
        model_id = f"classification/{name.lower()}"
        assert made.new(model_id, f"transformers.{name}") == 0
        made.assert_in_style(model_id)
        model = catalogue.load_file(made.folder(model_id) / "model.py")
        transform: Any = model.task.transform
        assert (transform.resize, transform.crop, transform.std) == (64, 48, (0.25, 0.25, 0.25))
        assert transform.interpolation == "bicubic"
        assert model.variant().published_weights() is None
        for file in ("model.py", "README.md"):
            text = (made.folder(model_id) / file).read_text()
            assert ("SquareProcessor scales the image to 64 x 64" in text) == (name == "Square")
            assert "one pixel beside that of" in text
        assert "\ntransformers" in (made.folder(model_id) / "requirements.txt").read_text()
    for name, words in (
        ("Flipped", "Flipped is preprocessed by FlippedProcessor in a way that the zoo does not have"),
        ("NoProcessor", "transformers gives no image processor for NoProcessor"),
    ):
        assert made.new("classification/x", f"transformers.{name}") == 2
        said = capfd.readouterr().err
        assert words in said
        assert "name it as MODULE:FUNCTION" in said
    assert made.new("classification/x", "transformers.Exactly") == 2
    assert "did you mean Exact" in capfd.readouterr().err


@pytest.mark.skipif(importlib.util.find_spec("transformers") is None, reason="transformers is not installed")
def test_transformers_itself(made: Any, root: Path, capfd: Any) -> None:
    assert made.new("classification/mobilenet", "transformers.MobileNetV2ForImageClassification") == 0
    made.assert_green("classification/mobilenet")


def test_nothing_is_overwritten(made: Any, capfd: Any) -> None:
    made.folder("classification/tiny").mkdir(parents=True)
    assert made.new("classification/tiny", "mine_for_test:tiny") == 2
    assert "exists already" in capfd.readouterr().err
    assert not list(made.folder("classification/tiny").iterdir())


def test_a_case_of_that_name_leaves_everything_as_it_was(made: Any, root: Path, capfd: Any) -> None:
    words = ("mine_for_test:tiny", "--size", "32", "--channels", "1")
    assert made.new("classification/tiny", *words) == 0
    made.folder("classification/tiny").rename(made.folder("classification/moved"))
    before = (root / "model_config/model.yaml").read_text()
    assert made.new("classification/tiny", *words) == 2
    assert "stands in line 1 already" in capfd.readouterr().err
    assert (root / "model_config/model.yaml").read_text() == before
    assert not made.folder("classification/tiny").exists()


def test_a_case_of_limit_performance_where_there_are_some(made: Any, root: Path) -> None:
    config = root / command.TECOEXEC_CONFIG
    config.parent.mkdir(parents=True)
    config.write_text("# cases\n\n- case_name: first\n")
    assert made.new("classification/tiny", "mine_for_test:tiny", "--size", "32", "--channels", "1") == 0
    first, second = yaml_file.read(config).data
    assert first == {"case_name": "first"}
    assert second["case_name"] == "model.infer.async.tiny.1card.batch8.shape32*32"
    assert second["input_shapes"] == "1*1*32*32"
    assert second["onnx_path"] == "contrib/example/classification/tiny/tiny_dyn.onnx"


@pytest.mark.parametrize("title", ['x", hacked="', "x\ny", "{x}", ""])
def test_a_title_is_no_code(made: Any, title: str, capfd: Any) -> None:
    words = ("--size", "32", "--channels", "1", f"--title={title}")
    assert made.new("classification/tiny", "mine_for_test:tiny", *words) == (0 if title == "" else 2)
    assert title == "" or "--title has letters" in capfd.readouterr().err


@pytest.mark.parametrize(
    ("model", "source", "words"),
    [
        ("classification/ResNet", "torchvision.resnet18", "is not DOMAIN/MODEL in lower-case letters"),
        ("resnet", "torchvision.resnet18", "is not DOMAIN/MODEL"),
        ("classification/../x", "torchvision.resnet18", "is not DOMAIN/MODEL"),
        ("classification/x", "torchvision.resnet19", "did you mean resnet1"),
        ("classification/x", "somewhere.resnet18", f"--from is {sources.FORMS}"),
        ("classification/x", "missing.onnx", "is not an ONNX file that can be read"),
        ("classification/x", "mine_for_test.onnx", "is not an ONNX file that can be read"),
        ("classification/x", "no_such_module:build", "cannot import no_such_module"),
        ("classification/x", ":build", "--from MODULE:FUNCTION names a function of a module"),
        ("classification/x", "my-module:build", "--from MODULE:FUNCTION names a function of a module"),
        ("classification/x", "no_python_for_test:build", "cannot import no_python_for_test: SyntaxError"),
        ("classification/x", "script_for_test:build", "cannot import script_for_test: SystemExit"),
        ("classification/x", "mine_for_test:Fails", "is called without arguments, and fails: RuntimeError: no weights"),
        ("classification/x", "mine_for_test:in_need", "is called without arguments, and fails: TypeError"),
        ("classification/x", "best.pth", "is a file of weights, which does not say what network they belong to"),
        ("classification/x", "model.safetensors", "MODULE:FUNCTION, and give zoo export --weights model.safetensors"),
        ("classification/x", "mine_for_test:nothing", "has no function 'nothing'"),
        ("classification/x", "mine_for_test:number", "returns a int"),
        (
            "classification/x",
            "mine_for_test:NET",
            "is a Linear that the module has made already, and what makes one is",
        ),
        ("classification/x", "paddle.vision.ResNet", "cannot be made as it is: TypeError"),
        ("classification/x", "https://a.example/net.onnx", "is an address: fetch what is there first"),
        ("classification/x", "torchvision.fcn_resnet50", "the zoo has fcn_resnet50 already, in segmentation/fcn"),
        (
            "detection/x",
            "torchvision.ssd300_vgg16 --task detection",
            "the zoo has ssd300_vgg16 already, in detection/ssd",
        ),
        ("classification/x", "mine_for_test:detector", "image classifiers, with one output"),
        ("classification/x", "mine_for_test:tiny", "give --size and --channels"),
        ("classification/x", "mine_for_test:in_a_dict --size 32 --channels 1", "it gives dict, and tensors are"),
        ("classification/x", "mine_for_test:in_a_dataclass --size 32 --channels 1", "it gives Answer, and tensors are"),
        ("classification/x", "mine_for_test:independent --size 32 --channels 1", "ends with a sigmoid"),
        ("classification/x", "mine_for_test:independent_in_place --size 32 --channels 1", "ends with a sigmoid"),
        (
            "classification/x",
            "torchvision.resnet18 --size 96",
            "takes pictures of 224 pixels a side, and --size asks for 96",
        ),
        ("classification/x", "torchvision.resnet18 --channels 1", "takes 3 channels, and --channels is 1"),
    ],
)
def test_what_cannot_be_done_is_said(made: Any, root: Path, capfd: Any, model: str, source: str, words: str) -> None:
    (root.parent / "no_python_for_test.py").write_text("def build(:\n")
    (root.parent / "script_for_test.py").write_text("import sys\nsys.exit('usage: …')\n")
    source, *flags = source.split()
    assert made.new(model, source, *flags) == 2
    assert words in capfd.readouterr().err
    assert not (root / "contrib/example").exists()


IN_PIECES = {
    "pieces_for_test/__init__.py": "",
    "pieces_for_test/blocks.py": "from torch import nn\n\nlast = nn.Linear\n",
    "pieces_for_test/near.py": "from torch import nn\n\nfrom .blocks import last\n\nNUMBER = 3072\n",
    "pieces_for_test/far.py": "from torch import nn\n\nfrom pieces_for_test.blocks import last\n\nNUMBER = 3072\n",
    "beside_for_test.py": "from torch import nn\n\nfrom piece_for_test import last\n\nNUMBER = 3072\n",
    "piece_for_test.py": "from torch import nn\n\nlast = nn.Linear\n",
    "read_for_test.py": "from pathlib import Path\n\nfrom torch import nn\n\nlast = nn.Linear\n"
    "NUMBER = int(Path(__file__).with_name('size_for_test.txt').read_text())\n",
    "size_for_test.txt": "3072",
}
BUILD = "\n\ndef build():\n    return nn.Sequential(nn.Flatten(), last(NUMBER, 2))\n"


@pytest.mark.parametrize(
    ("module", "missing"),
    [
        ("pieces_for_test.near", "attempted relative import with no known parent package"),
        ("pieces_for_test.far", "No module named 'pieces_for_test'"),
        ("beside_for_test", "No module named 'piece_for_test'"),
        ("read_for_test", "No such file or directory: size_for_test.txt"),
    ],
)
def test_a_file_that_needs_others_is_not_copied_alone(made: Any, tmp_path: Path, module: str, missing: str) -> None:
    for name, text in IN_PIECES.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text + (BUILD if "NUMBER" in text else ""))
    said = made.refused(f"{module}:build", "--size", "32")
    assert f"does not stand alone ({missing}), and zoo new copies it alone: put the network and what it needs" in said
    for name in [one for one in sys.modules if one.partition(".")[0].endswith("_for_test")]:
        del sys.modules[name]


def test_a_copy_that_cannot_make_the_network_is_said(made: Any, tmp_path: Path, caplog: Any) -> None:
    """It may be that a process can do it once only; whether the folder stands alone, the check tells."""
    once = "import sys\n\nfrom torch import nn\n\nlast, NUMBER = nn.Linear, 3072\nassert not hasattr(sys, 'once')\n"
    (tmp_path / "once_for_test.py").write_text(once + "sys.once = True\n" + BUILD)
    try:
        assert made.new("classification/once", "once_for_test:build", "--size", "32") == 0
        assert "a copy of once_for_test.py alone did not make the network" in caplog.text
    finally:
        del sys.once, sys.modules["once_for_test"]  # type: ignore[attr-defined]


@pytest.mark.parametrize("source", ["mine_for_test:tiny", "paddle.vision.LeNet"])
def test_weights_of_more_than_a_message_are_too_large(made: Any, monkeypatch: Any, source: str) -> None:
    monkeypatch.setattr("zoo.contributing.new.trial.LARGEST", 1000)
    assert f"--from {source} has 0.0 GB of weights, which is too large" in made.refused(source)


@pytest.mark.parametrize("package", ["timm", "transformers"])
def test_a_package_that_is_missing(made: Any, capfd: Any, monkeypatch: Any, package: str) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    assert made.new("classification/x", f"{package}.resnet18") == 2
    assert f"needs the package {package}: pip install {package}" in capfd.readouterr().err
