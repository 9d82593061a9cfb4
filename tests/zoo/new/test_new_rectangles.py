"""zoo new for pictures that are no squares, of every task: height and width stay what they are, in this order."""

from __future__ import annotations

import runpy
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.base import Engine
from tests.zoo.new.conftest import NETWORK
from tests.zoo.new.test_new_tasks import NETWORKS

MORE = '''
def of_rectangles():
    """[N, 3, 32, 80] to [N, 7]."""
    return nn.Sequential(nn.Conv2d(3, 4, 3, stride=2), nn.ReLU(), nn.Flatten(), nn.Linear(4 * 15 * 39, 7))
def pooled():
    return nn.Sequential(nn.Conv2d(3, 8, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, 7))
'''
HEIGHT, WIDTH = 64, 96
SIZE = f"{HEIGHT}x{WIDTH}"


@pytest.fixture(autouse=True)
def networks(tmp_path: Path, root: Path, monkeypatch: Any) -> None:
    """A module of somebody's in the current folder."""
    import sys

    (tmp_path / "rectangles_for_test.py").write_text(NETWORKS + MORE + NETWORK.partition('"""\n')[2])
    monkeypatch.delitem(sys.modules, "rectangles_for_test", raising=False)


def of(name: str) -> str:
    return f"rectangles_for_test:{name}"


def demo_of(made: Any, model: str) -> np.ndarray:
    """What the network is given of the folder's first demo."""
    known = made.model(model)
    pictures = sorted(path for path in (made.folder(model) / "demos").iterdir() if path.suffix in (".jpg", ".png"))
    (array,), _ = known.task.preprocess(known.task.samples_in(pictures[0])[0].data)
    return np.asarray(array)


@pytest.mark.parametrize(
    ("task", "name", "size"),
    [
        ("classification", "of_rectangles", "32x80"),
        ("classification", "pooled", SIZE),
        ("segmentation", "segmenter", SIZE),
        ("detection", "three_a_cell", SIZE),
        ("keypoints", "points", SIZE),
    ],
)
def test_a_network_of_rectangles(made: Any, tmp_path: Path, task: str, name: str, size: str) -> None:
    assert made.new("anything/own", of(name), "--task", task, "--size", size) == 0
    made.assert_in_style("anything/own")
    sides = tuple(map(int, size.split("x")))
    shown = demo_of(made, "anything/own")
    assert shown.shape[1:] == sides
    model = made.model("anything/own")
    declared = model.part.inputs[0].shape[2:]
    is_open = declared == ("height", "width")
    assert is_open == (name not in ("of_rectangles", "points"))
    assert (tuple(model.part.size.values()) if is_open else declared) == sides
    with Engine(made.exported("anything/own", tmp_path / "out", "--weights", "random")) as engine:
        found = engine(shown[None])
    for one in found if isinstance(found, list) else [found]:
        assert np.isfinite(one).all()


def test_a_detector_of_rectangles_is_green_at_once(made: Any) -> None:
    assert made.new("detection/own", of("in_columns"), "--task", "detection", "--size", SIZE) == 0
    made.assert_green("detection/own")


@pytest.mark.parametrize(
    ("task", "name", "open_side"),
    [("classification", "pooled", None), ("segmentation", "coarse_up", 2), ("detection", "of_coco", 3)],
)
def test_sides_that_an_onnx_file_declares(
    made: Any, tmp_path: Path, task: str, name: str, open_side: int | None
) -> None:
    """One that it leaves open is asked for; another one than it declares is refused."""
    import torch

    from engine.frontends.torch_onnx import export_module

    (tmp_path / "more.py").write_text((tmp_path / "rectangles_for_test.py").read_text() + UP)
    torch.manual_seed(1)
    network = runpy.run_path(str(tmp_path / "more.py"))[name]().eval()
    path = tmp_path / "given.onnx"
    axes = {"data": {0: "n", **({open_side: "side"} if open_side else {})}, "given": {0: "n"}}
    export_module(
        network,
        [torch.ones(2, 3, HEIGHT, WIDTH)],
        path,
        input_names=["data"],
        output_names=["given"],
        dynamic_axes=axes,
    )
    said = made.refused(str(path), "--task", task, *(() if open_side else ("--size", f"{WIDTH}x{HEIGHT}")))
    if open_side:
        given = f"Hx{WIDTH}" if open_side == 2 else f"{HEIGHT}xW"
        assert f"fixes one side of its pictures, {given}: give both, as --size {given}" in said
    else:
        assert f"takes pictures of {HEIGHT} x {WIDTH} pixels (height x width), and --size asks for" in said
    assert made.new("anything/given", str(path), "--task", task, *(("--size", SIZE) if open_side else ())) == 0
    made.assert_in_style("anything/given")
    assert made.model("anything/given").part.inputs[0].shape == ("batch", 3, HEIGHT, WIDTH)
    array = demo_of(made, "anything/given")[None]
    with Engine(path) as before, Engine(made.exported("anything/given", tmp_path / "out")) as after:
        np.testing.assert_allclose(before(array), after(array), rtol=1e-4, atol=1e-5)


UP = """
def coarse_up():
    return nn.Sequential(nn.Conv2d(3, 6, 4, 4), nn.ReLU(), nn.ConvTranspose2d(6, 3, 4, 4))
"""


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("segmentation --size 62x96", "give --size, in pixels: a multiple of what the network halves"),
        ("segmentation --size 64x94", "give --size, in pixels: a multiple of what the network halves"),
        ("detection --size 64x90", "takes 3 channels of 64 x 90 pixels (height x width); 3 channels and a multiple"),
    ],
)
def test_sides_that_do_not_fit(made: Any, words: str, said: str) -> None:
    assert said in made.refused(of("segmenter" if "segm" in words else "detector"), "--task", *words.split())


@pytest.mark.parametrize("size", ["320x", "x640", "320x640x3", "-1", "0x32", "320*640", "32.5"])
def test_what_is_no_size(made: Any, size: str) -> None:
    with pytest.raises(SystemExit) as stopped:
        made.new("anything/own", of("pooled"), f"--size={size}")
    assert stopped.value.code == 2


def test_a_library_that_says_a_square_is_not_given_a_rectangle(made: Any) -> None:
    pytest.importorskip("timm")
    said = made.refused("timm.mobilenetv3_small_050", "--size", "224x320")
    assert "takes pictures of 224 pixels a side, and --size asks for 224 x 320 pixels (height x width)" in said
