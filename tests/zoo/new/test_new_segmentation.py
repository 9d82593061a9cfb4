"""zoo new --task segmentation: torchvision's networks, functions and ONNX files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.base import Engine

TASK = ("--task", "segmentation")
NAMES = ("ground", "tree", "house")


@pytest.fixture
def names(tmp_path: Path) -> list[str]:
    (tmp_path / "names.txt").write_text("\n".join(NAMES))
    return ["--labels", str(tmp_path / "names.txt")]


def test_a_function_whose_network_gives_a_dict(made: Any, names: list[str]) -> None:
    """Its `out` is taken, sides are multiples of what it halves by, and three classes have scenes of their own."""
    assert made.new("segmentation/own", "mine_for_test:segmenter", *TASK, "--size", "64", *names) == 0
    model = made.model("segmentation/own")
    assert model.part.outputs[0].shape == ("batch", 3, "height", "width")
    assert (model.task.transform.stride, model.task.labels) == (4, NAMES)
    masks = [one.truth.array() for one in model.task.dataset(model.sample.folder())]
    assert set(np.unique(np.concatenate([mask.ravel() for mask in masks]))) == {0, 1, 2, 255}
    made.assert_green("segmentation/own")


def test_a_network_of_torchvision(made: Any, tmp_path: Path) -> None:
    """What the library says is filled in; what is exported is `out` of the library's own network."""
    import torch

    source = "torchvision.models.segmentation.lraspp_mobilenet_v3_large"
    assert made.new("segmentation/lraspp", source, *TASK, "--size", "64") == 0
    made.assert_in_style("segmentation/lraspp")
    model = made.model("segmentation/lraspp")
    assert model.task.labels[:2] == ("__background__", "aeroplane")
    assert model.task.transform.mean == (0.485, 0.456, 0.406)
    assert (model.published.metric, model.published.value) == ("miou", 0.579)
    assert model.published_weights().url.endswith("lraspp_mobilenet_v3_large-d234d4ea.pth")
    with torch.no_grad():
        assert model.build().eval()(torch.zeros(1, 3, 64, 64)).shape == (1, 21, 64, 64)


def test_published_weights_fit_the_structure(made: Any) -> None:
    """Those of FCN have an auxiliary classifier, which the network has too."""
    import torchvision

    assert made.new("segmentation/fcn", "torchvision.fcn_resnet50", *TASK, "--size", "64") == 0
    own = made.model("segmentation/fcn").build().state_dict()
    library = torchvision.models.segmentation.fcn_resnet50(weights=None, weights_backbone=None, aux_loss=True)
    assert set(own) == set(library.state_dict())
    assert any(name.startswith("aux_classifier.") for name in own)


def graph(path: Path, dims: tuple[Any, ...], factor: int = 1) -> None:
    """[N, 3, H, W] to scores [N, 3, H / factor, W / factor] of three classes."""
    from onnx import TensorProto, helper, numpy_helper, save

    kernel = np.random.default_rng(1).standard_normal((3, 3, 3, 3)).astype(np.float32)
    sides = [one // factor if isinstance(one, int) else f"{one}_out" for one in dims[2:]]
    nodes = [helper.make_node("Conv", ["image", "kernel"], ["scores"], pads=[1] * 4, strides=[factor] * 2)]
    made = helper.make_graph(
        nodes,
        "segmentation",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, dims)],
        [helper.make_tensor_value_info("scores", TensorProto.FLOAT, [dims[0], 3, *sides])],
        [numpy_helper.from_array(kernel, "kernel")],
    )
    save(helper.make_model(made, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path)


@pytest.mark.parametrize("dims", [("N", 3, 64, 64), (1, 3, 64, 64), ("N", 3, "H", "W")])
def test_an_onnx_file(made: Any, tmp_path: Path, names: list[str], dims: tuple[Any, ...]) -> None:
    """Sides that it declares stay, open ones stay open, and what is exported computes the same."""
    path = tmp_path / "scenes.onnx"
    graph(path, dims)
    size = ("--size", "64") if dims[2] == "H" else ()
    assert made.new("segmentation/scenes", str(path), *TASK, *size, *names) == 0
    made.assert_in_style("segmentation/scenes")
    side = made.model("segmentation/scenes").part.inputs[0].shape[2]
    assert side == ("height" if dims[2] == "H" else 64)
    batch = np.random.default_rng(2).standard_normal((1, 3, 64, 64)).astype(np.float32)
    exported = made.exported("segmentation/scenes", tmp_path / "out")
    with Engine(path) as before, Engine(exported) as after:
        np.testing.assert_allclose(before(batch), after(batch), rtol=1e-4, atol=1e-5)


def test_a_picture_is_named_class_by_class(made: Any, tmp_path: Path, names: list[str]) -> None:
    graph(tmp_path / "scenes.onnx", ("N", 3, 64, 64))
    assert made.new("segmentation/scenes", str(tmp_path / "scenes.onnx"), *TASK, *names) == 0
    model = made.model("segmentation/scenes")
    demo = next((made.folder("segmentation/scenes") / "demos").iterdir())
    _, fit = model.task.preprocess(demo)
    scores = np.zeros((1, 3, 64, 64), np.float32)
    scores[0, 1] = 1
    (segments,) = model.task.postprocess([scores], [fit])
    assert model.task.describe(segments, 5) == "tree 100.0%"


@pytest.mark.parametrize(
    ("source", "words", "said"),
    [
        ("mine_for_test:coarse", "--size 64", "of the picture's own size is expected: let a function scale it"),
        ("mine_for_test:single", "--size 64", "gives 1 classes; segmentation has 2 to 254"),
        ("mine_for_test:tiny", "--size 32 --channels 1", "takes pictures of 3 channels"),
        ("mine_for_test:segmenter", "--size 63", "give --size, in pixels"),
        ("torchvision.fcn_resnet5", "", "torchvision has no segmentation network 'fcn_resnet5'; did you mean"),
        ("timm.resnet18", "", "--from timm.NAME serves --task classification, and --task is segmentation"),
        ("paddle.vision.LeNet", "", "name a function that returns the network as MODULE:FUNCTION"),
    ],
)
def test_what_is_no_segmentation_network(made: Any, source: str, words: str, said: str) -> None:
    assert said in made.refused(source, *TASK, *words.split())


def test_names_that_the_library_says_otherwise(made: Any, tmp_path: Path) -> None:
    (tmp_path / "names.txt").write_text("".join(f"thing {number}\n" for number in range(21)))
    words = ("--size", "64", "--labels", str(tmp_path / "names.txt"))
    said = made.refused("torchvision.lraspp_mobilenet_v3_large", *TASK, *words)
    assert "names its classes: number 1 is '__background__', and --labels says 'thing 0'" in said


def test_an_onnx_file_with_smaller_scores(made: Any, tmp_path: Path) -> None:
    graph(tmp_path / "half.onnx", ("N", 3, 64, 64), factor=2)
    assert "of the picture's own size is expected" in made.refused(str(tmp_path / "half.onnx"), *TASK)
