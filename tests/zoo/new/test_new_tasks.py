"""zoo new for the other tasks: detectors, pictures to pictures, keywords, click logs; and what no task serves."""

from __future__ import annotations

import runpy
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from utils.postprocess.pytorch.decoded_rows import RowsDecoder
from utils.postprocess.pytorch.detection import YoloxDecoder
from zoo.contributing.new.asked import PICTURES

NETWORKS = '''# A module that no linter has seen
import torch
from torch import nn
class Enlarger(nn.Sequential):
    def __init__(self, scale=2, channels=3):
        super().__init__(nn.Conv2d(channels, channels*scale**2, 3, padding=1), nn.PixelShuffle(scale))
def enlarger(): return Enlarger()
def denoiser(): return nn.Conv2d(1, 1, 3, padding=1)
def five_times(): return Enlarger(5)
def to_grey(): return nn.Conv2d(3, 1, 1)
def keywords(classes=12):
    return nn.Sequential(nn.Conv2d(1, 8, (10, 4), 2), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(),
                         nn.Linear(8, classes))
def three_words(): return keywords(5)
class Clicks(nn.Module):
    def __init__(self):
        super().__init__()
        self.table = nn.Embedding(37, 4); self.linear = nn.Linear(13 + 26*4, 1)
    def forward(self, dense, sparse):
        return self.linear(torch.cat([dense, self.table(sparse).flatten(1)], 1))
def clicks(): return Clicks()
def sure_clicks(): return Sure()
class Sure(Clicks):
    def forward(self, dense, sparse): return super().forward(dense, sparse).sigmoid().view(-1, 1)
class Detector(nn.Module):
    """The layouts of YOLOX (decoded: boxes in pixels), YOLOv5 (each=3) and YOLOv8 (columns); logits: no
    probabilities; unit: boxes from 0 to 1; corners: two corners of a box."""
    def __init__(self, classes=4, decoded=False, logits=False, each=1, columns=False, unit=False, corners=False):
        super().__init__()
        self.decoded, self.logits, self.each, self.columns = decoded, logits, each, columns
        self.unit, self.corners, self.numbers = unit, corners, 5 - columns + classes
        self.stem = nn.Conv2d(3, 8, 8, 8)
        self.down = nn.ModuleList(nn.Conv2d(8, 8, 2, 2) for _ in range(2))
        self.heads = nn.ModuleList(nn.Conv2d(8, self.numbers, 1) for _ in range(3 * each))
    def forward(self, x):
        height = x.shape[2]
        x = self.stem(x / 255); rows = []
        for number, head in enumerate(self.heads):
            place = number // self.each
            x = self.down[place - 1](x) if place and number % self.each == 0 else x
            row = head(x)
            box, rest = row[:, :4], row[:, 4:]
            if self.decoded:
                y, x_ = torch.meshgrid(torch.arange(row.shape[2]), torch.arange(row.shape[3]), indexing="ij")
                middle, size = box[:, :2].sigmoid() + torch.stack([x_, y]), box[:, 2:].exp()
                box = torch.cat([middle, middle + size if self.corners else size], 1) * 8 * 2**place
                box = box / height if self.unit else box
            row = torch.cat([box, rest if self.logits else rest.sigmoid()], 1)
            rows.append(row.flatten(2).transpose(1, 2))
        found = torch.cat(rows, 1)
        return found.transpose(1, 2) if self.columns else found
def points(count=17):
    return nn.Sequential(nn.Conv2d(3, 8, 4, 4), nn.ReLU(), nn.Conv2d(8, count, 3, padding=1))
def three_points(): return points(3)
def many_points(): return points(18)
def detector(): return Detector()
def of_coco(): return Detector(80)
def two_classes(): return Detector(2)
def decoded(): return Detector(decoded=True)
def three_a_cell(): return Detector(decoded=True, each=3)
def in_columns(): return Detector(decoded=True, columns=True)
def raw_columns(): return Detector(columns=True)
def of_unit(): return Detector(decoded=True, columns=True, unit=True)
def of_corners(): return Detector(decoded=True, columns=True, corners=True)
def of_logits(): return Detector(logits=True)
'''


@pytest.fixture(autouse=True)
def networks(tmp_path: Path, root: Path, monkeypatch: Any) -> None:
    """A module of somebody's in the current folder."""
    import sys

    (tmp_path / "networks_for_test.py").write_text(NETWORKS)
    monkeypatch.delitem(sys.modules, "networks_for_test", raising=False)


def of(name: str) -> str:
    return f"networks_for_test:{name}"


def test_a_network_that_enlarges(made: Any) -> None:
    assert made.new("super_resolution/own", of("enlarger"), "--task", "image_to_image") == 0
    model = made.model("super_resolution/own")
    assert (model.task.scale, model.task.grey) == (2, False)
    assert model.part.outputs[0].shape == ("batch", 3, "larger_height", "larger_width")
    made.assert_green("super_resolution/own")


def test_a_network_that_takes_noise_off(made: Any, tmp_path: Path) -> None:
    words = ("--task", "image_to_image", "--channels", "1", "--noise", "15")
    assert made.new("restoration/own", of("denoiser"), *words) == 0
    made.assert_in_style("restoration/own")
    task = made.model("restoration/own").task
    assert (task.scale, task.grey, task.sigma) == (1, True, 15.0)
    made.exported("restoration/own", tmp_path / "out", "--weights", "random")


def test_keywords(made: Any) -> None:
    assert made.new("speech/own", of("keywords"), "--task", "audio") == 0
    assert made.model("speech/own").task.labels[:4] == ("_silence_", "_unknown_", "yes", "no")
    made.assert_green("speech/own")


def test_keywords_of_ones_own(made: Any, tmp_path: Path) -> None:
    (tmp_path / "words.txt").write_text("_silence_\n_unknown_\nstop\ngo\nfaster\n")
    words = ("--task", "audio", "--labels", str(tmp_path / "words.txt"))
    assert made.new("speech/own", of("three_words"), *words) == 0
    made.assert_in_style("speech/own")
    task = made.model("speech/own").task
    assert task.words == ("stop", "go", "faster")
    assert {one.truth for one in task.dataset(made.model("speech/own").sample.folder())} <= {0, 1, 2, 3}


def test_a_click_log(made: Any) -> None:
    """How many buckets a field has is found by trying."""
    assert made.new("recommendation/own", of("clicks"), "--task", "tabular") == 0
    task = made.model("recommendation/own").task
    assert task.features.buckets == 37
    made.assert_green("recommendation/own")


@pytest.mark.parametrize("as_file", [False, True])
def test_clicks_that_are_probabilities_already(made: Any, tmp_path: Path, as_file: bool) -> None:
    """No second sigmoid is put over them."""
    import torch

    from engine.base import Engine
    from engine.frontends.torch_onnx import export_module

    source = of("sure_clicks")
    if as_file:
        source = str(tmp_path / "sure.onnx")
        network = runpy.run_path(str(tmp_path / "networks_for_test.py"))["sure_clicks"]().eval()
        arrays = [torch.ones(2, 13), torch.ones(2, 26, dtype=torch.int64)]
        names = ["dense", "sparse"]
        axes = {one: {0: "n"} for one in [*names, "p"]}
        export_module(network, arrays, Path(source), input_names=names, output_names=["p"], dynamic_axes=axes)
    assert made.new("recommendation/own", source, "--task", "tabular") == 0
    made.assert_in_style("recommendation/own")
    task = made.model("recommendation/own").task
    assert task.probabilities
    words = () if as_file else ("--weights", "random")
    with Engine(made.exported("recommendation/own", tmp_path / "out", *words)) as engine:
        scores = engine([np.ones((3, 13), np.float32), np.full((3, 26), 5)])
    assert [one.score for one in task.postprocess([scores], [None] * 3)] == pytest.approx(scores[:, 0].tolist())


def test_a_detector(made: Any, tmp_path: Path) -> None:
    (tmp_path / "names.txt").write_text("cup\nplate\nfork\nknife\n")
    words = ("--task", "detection", "--size", "96", "--labels", str(tmp_path / "names.txt"))
    assert made.new("detection/own", of("detector"), *words) == 0
    model = made.model("detection/own")
    assert model.task.labels == ("cup", "plate", "fork", "knife")
    assert model.part.outputs[0].shape == ("batch", "boxes", 9)
    made.assert_green("detection/own")


@pytest.mark.parametrize(
    ("name", "letterbox", "decoder", "shape"),
    [
        ("decoded", "Letterbox", YoloxDecoder(4, decoded=True), ("batch", "boxes", 9)),
        ("three_a_cell", "CentredLetterbox", RowsDecoder(4, objectness=True), ("batch", "boxes", 9)),
        ("in_columns", "CentredLetterbox", RowsDecoder(4, columns=True), ("batch", 8, "boxes")),
    ],
)
def test_a_detector_that_decodes_its_boxes(
    made: Any, tmp_path: Path, name: str, letterbox: str, decoder: Any, shape: tuple[Any, ...]
) -> None:
    (tmp_path / "names.txt").write_text("cup\nplate\nfork\nknife\n")
    words = ("--task", "detection", "--size", "96", "--labels", str(tmp_path / "names.txt"))
    assert made.new("detection/own", of(name), *words) == 0
    model = made.model("detection/own")
    assert (type(model.task.transform).__name__, model.task.decoder) == (letterbox, decoder)
    assert model.part.outputs[0].shape == shape
    if name == "in_columns":
        made.assert_green("detection/own")
    else:
        made.assert_in_style("detection/own")


def test_points_of_a_person(made: Any) -> None:
    assert made.new("pose/own", of("points"), "--task", "keypoints", "--size", "96") == 0
    model = made.model("pose/own")
    assert (model.task.names[0], model.part.outputs[0].shape) == ("nose", ("batch", 17, 24, 18))
    made.assert_green("pose/own")


def test_points_of_something_else(made: Any, tmp_path: Path) -> None:
    (tmp_path / "names.txt").write_text("tip\nleft_wing\nright_wing\n")
    words = ("--task", "keypoints", "--size", "66", "--labels", str(tmp_path / "names.txt"))
    assert made.refused(of("three_points"), *words).count("top-down networks")  # 66 is no multiple of 4
    words = ("--task", "keypoints", "--size", "64", "--labels", str(tmp_path / "names.txt"))
    assert made.new("pose/own", of("three_points"), *words) == 0
    made.assert_in_style("pose/own")
    task = made.model("pose/own").task
    assert task.names == ("tip", "left_wing", "right_wing")
    assert len(task.dataset(made.model("pose/own").sample.folder())) > 40


def test_a_graph_whose_pictures_are_no_squares(made: Any, tmp_path: Path) -> None:
    import torch

    from engine.frontends.torch_onnx import export_module

    network = runpy.run_path(str(tmp_path / "networks_for_test.py"))["points"]().eval()
    path = tmp_path / "given.onnx"
    export_module(
        network,
        [torch.ones(2, 3, 64, 48)],
        path,
        input_names=["input"],
        output_names=["given"],
        dynamic_axes={"input": {0: "n"}, "given": {0: "n"}},
    )
    assert "for pictures of 64 x 48; one output" in made.refused(str(path), "--task", "segmentation")
    assert made.new("pose/given", str(path), "--task", "keypoints") == 0
    made.assert_in_style("pose/given")
    assert made.model("pose/given").part.inputs[0].shape == ("batch", 3, 64, 48)


def test_eighty_classes_are_those_of_coco(made: Any, capfd: Any) -> None:
    assert made.new("detection/own", of("of_coco"), "--task", "detection", "--size", "64") == 0
    assert "left to do: 80 classes are taken for those of COCO, in its order: --labels FILE" in capfd.readouterr().out
    made.assert_in_style("detection/own")
    assert made.model("detection/own").task.labels[:2] == ("person", "bicycle")


@pytest.mark.parametrize("sides", ["open", "declared"])
@pytest.mark.parametrize(
    ("name", "task", "words", "shapes"),
    [
        ("enlarger", "image_to_image", [], [(2, 3, 192, 192)]),
        ("keywords", "audio", [], [(2, 1, 49, 10)]),
        ("clicks", "tabular", [], [(2, 13), (2, 26)]),
        ("detector", "detection", ["--size", "96"], [(2, 3, 96, 96)]),
    ],
)
def test_the_same_networks_as_onnx_files(
    made: Any, tmp_path: Path, name: str, task: str, words: list[str], shapes: list[tuple[int, ...]], sides: str
) -> None:
    """What is exported computes what the file does; a side that it declares stays."""
    import torch

    from engine.base import Engine
    from engine.frontends.torch_onnx import export_module

    path = tmp_path / "given.onnx"
    inputs = ["first", "second"][: len(shapes)]
    axes = {one: {0: "n", **({2: "h", 3: "w"} if sides == "open" and task in PICTURES else {})} for one in inputs}
    kinds = [torch.float32, torch.int64]
    arrays = [torch.ones(shape, dtype=kind) for shape, kind in zip(shapes, kinds, strict=False)]
    torch.manual_seed(1)
    network = runpy.run_path(str(tmp_path / "networks_for_test.py"))[name]().eval()
    axes["given"] = {0: "n"}
    export_module(network, arrays, path, input_names=inputs, output_names=["given"], dynamic_axes=axes)
    if sides == "declared" and task == "image_to_image":
        assert "image_to_image is for whole pictures" in made.refused(str(path), "--task", task)
        return
    assert made.new("anything/given", str(path), "--task", task, *words) == 0
    made.assert_in_style("anything/given")
    is_open = made.model("anything/given").part.size != {}
    assert is_open == (sides == "open" and task in PICTURES)
    given = [one.numpy() for one in arrays]
    with Engine(path) as before, Engine(made.exported("anything/given", tmp_path / "out")) as after:
        np.testing.assert_allclose(before(given), after(given), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    ("name", "words", "said"),
    [
        ("raw_columns", "detection --size 96", "of YOLOv8's shape, whose boxes do not lie in their cells"),
        ("of_unit", "detection --size 96", "of YOLOv8's shape, whose boxes do not lie in their cells"),
        ("of_corners", "detection --size 96", "gives corners of boxes; centre, width and height are expected"),
        ("of_logits", "detection --size 96", "where probabilities are expected: put the sigmoid into the network"),
        ("detector", "detection --size 100", "a multiple of 32 are expected"),
        ("keywords", "detection --size 96", "zoo new knows detectors of one output"),
        ("enlarger", "detection --size 96", "zoo new knows detectors of one output"),
        ("two_classes", "detection --size 96", "tells 2 classes apart; the sample data has 4"),
        ("five_times", "image_to_image", "enlarges 5 times; the sample pictures are made for divisors of 192"),
        ("to_grey", "image_to_image", "with the channels of the input is expected"),
        ("keywords", "image_to_image", "does not run on [2, 3, 192, 192]"),
        ("enlarger", "image_to_image --mean 0.5", "has no use for --mean; it takes --channels, --noise"),
        ("enlarger", "image_to_image --noise 25", "enlarges 2 times"),
        ("denoiser", "image_to_image --channels 1 --noise -1", "a deviation above 0 and up to 255"),
        ("three_words", "audio", "tells 5 classes apart: give --labels FILE with _silence_ and _unknown_"),
        ("enlarger", "audio", "keyword networks take MFCC of a second, [N, 1, 49, 10] or [N, 1, 49, 40]"),
        ("keywords", "tabular", "tables are click logs of 13 numbers and 26 categories"),
        ("clicks", "classification", "does not run on [2, 3, 224, 224]"),
        ("keywords", "translation", "copy nlp/transformer"),
        ("keywords", "keypoints", "does not run on [2, 3, 256, 256]"),
        ("enlarger", "keypoints", "gives [(2, 3, 512, 512)] for [2, 3, 256, 256]. zoo new knows top-down networks"),
        ("many_points", "keypoints --size 64", "gives 18 maps; the sample data are drawn figures with 17 points"),
        ("points", "keypoints --mean 0.5", "has no use for --mean; it takes --labels, --size"),
        ("points", "keypoints --channels 3", "has no use for --channels; it takes --labels, --size"),
        ("keywords", "poetry", "got 'poetry': Write model.py by hand"),
    ],
)
def test_what_does_not_fit_a_task(made: Any, name: str, words: str, said: str) -> None:
    assert said in made.refused(of(name), "--task", *words.split())


def test_an_onnx_file_of_the_wrong_task(made: Any, tmp_path: Path) -> None:
    """What it declares is kept: other frames than those of a second are not taken for granted."""
    from onnx import TensorProto, helper, save

    def write(dims: list[Any]) -> str:
        nodes = [
            helper.make_node("GlobalAveragePool", ["x"], ["pooled"]),
            helper.make_node("Flatten", ["pooled"], ["y"]),
        ]
        given = [helper.make_tensor_value_info("x", TensorProto.FLOAT, dims)]
        gives = [helper.make_tensor_value_info("y", TensorProto.FLOAT, [dims[0], dims[1]])]
        graph = helper.make_graph(nodes, "pool", given, gives)
        save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), tmp_path / "one.onnx")
        return str(tmp_path / "one.onnx")

    assert "keyword networks take MFCC" in made.refused(write(["N", 1, 98, 40]), "--task", "audio")
    assert "has 1 inputs, and the task 2" in made.refused(write(["N", 13, 1, 1]), "--task", "tabular")
    assert "image_to_image is for whole pictures" in made.refused(identity(tmp_path), "--task", "image_to_image")


def identity(tmp_path: Path) -> str:
    """A network of pictures of one size only."""
    from onnx import TensorProto, helper, save

    values = [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["N", 3, 192, 192]) for name in "xy"]
    graph = helper.make_graph([helper.make_node("Relu", ["x"], ["y"])], "same", values[:1], values[1:])
    save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), tmp_path / "same.onnx")
    return str(tmp_path / "same.onnx")
