"""Convolutions of target `cpu`, which computes them in tiles: against ONNX Runtime, and TVM's own definition."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import helper, numpy_helper

from engine import backends
from engine.backends.compiling.convolutions import tile
from engine.base import Engine


@pytest.fixture
def usable() -> None:
    state = backends.targets()["cpu"].availability()
    if not state.usable:
        pytest.skip(f"cpu: {state.detail}")


@dataclass(frozen=True)
class Case:
    """A convolution. `weights`: (outputs, channels of a group, height, width)."""

    picture: tuple[int, int, int]
    weights: tuple[int, int, int, int]
    groups: int = 1
    strides: tuple[int, int] = (1, 1)
    dilations: tuple[int, int] = (1, 1)
    pads: tuple[int, int, int, int] = (0, 0, 0, 0)

    def saved(self, path: Path, given_weights: bool = False, dtype: type = np.float32) -> Path:
        """The convolution, and what networks put behind one: a bias, x · sigmoid(x), and an addition of x itself."""
        random = np.random.default_rng(0)
        number = helper.np_dtype_to_tensor_dtype(np.dtype(dtype))
        weights = {
            "w": random.normal(size=self.weights).astype(dtype),
            "b": random.normal(size=self.weights[0]).astype(dtype),
        }
        said = {name: list(getattr(self, name)) for name in ("strides", "dilations", "pads")}
        nodes = [
            helper.make_node("Conv", ["x", "w", "b"], ["c"], group=self.groups, **said),
            helper.make_node("Sigmoid", ["c"], ["s"]),
            helper.make_node("Mul", ["c", "s"], ["m"]),
            helper.make_node("Add", ["m", "c"], ["y"]),
        ]
        inputs = [helper.make_tensor_value_info("x", number, ["batch", *self.picture])]
        if given_weights:
            inputs.append(helper.make_tensor_value_info("w", number, self.weights))
            del weights["w"]
        outputs = [helper.make_tensor_value_info("y", number, ["batch", self.weights[0], "height", "width"])]
        tensors = [numpy_helper.from_array(array, name) for name, array in weights.items()]
        graph = helper.make_graph(nodes, "net", inputs, outputs, tensors)
        onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path)
        return path

    def rows(self, count: int) -> np.ndarray:
        return np.random.default_rng(1).normal(size=(count, *self.picture)).astype(np.float32)


CASES = {
    "one_pixel": Case((5, 9, 7), (6, 5, 1, 1)),
    "padded": Case((4, 8, 8), (16, 4, 3, 3), pads=(1, 1, 1, 1)),
    "odd_channels": Case((3, 11, 13), (17, 3, 3, 3), pads=(1, 1, 1, 1)),
    "strides": Case((6, 15, 14), (10, 6, 3, 3), strides=(2, 2), pads=(1, 1, 1, 1)),
    "strides_of_one_pixel": Case((6, 9, 9), (10, 6, 1, 1), strides=(2, 2)),
    "two_strides": Case((3, 17, 20), (5, 3, 5, 4), strides=(3, 2), pads=(2, 1, 1, 2)),
    "wide_strides": Case((3, 17, 20), (5, 3, 2, 2), strides=(4, 3)),
    "wide_strides_and_dilation": Case((3, 17, 20), (5, 3, 2, 3), strides=(3, 4), dilations=(2, 3)),
    "dilation": Case((4, 16, 16), (8, 4, 3, 3), dilations=(2, 3), pads=(2, 3, 2, 3)),
    "dilation_and_strides": Case((4, 16, 19), (8, 4, 3, 3), strides=(2, 3), dilations=(3, 2), pads=(3, 2, 3, 2)),
    "groups": Case((12, 10, 10), (18, 4, 3, 3), groups=3, pads=(1, 1, 1, 1)),
    "depthwise": Case((24, 14, 14), (24, 1, 5, 5), groups=24, pads=(2, 2, 2, 2)),
    "depthwise_strides": Case((13, 15, 15), (13, 1, 3, 3), groups=13, strides=(2, 2), pads=(1, 1, 1, 1)),
    "depthwise_twice": Case((5, 9, 9), (10, 1, 3, 3), groups=5, pads=(1, 1, 1, 1)),
    "one_number": Case((40, 1, 1), (10, 40, 1, 1)),
    "unequal_pads": Case((3, 12, 9), (4, 3, 3, 2), pads=(0, 2, 3, 1)),
    "mostly_pads": Case((2, 2, 3), (3, 2, 5, 5), pads=(4, 4, 4, 4)),
    "large_kernel": Case((3, 24, 24), (8, 3, 7, 7), strides=(2, 2), pads=(3, 3, 3, 3)),
    "over_the_cores": Case((64, 32, 32), (64, 64, 3, 3), pads=(1, 1, 1, 1)),
    "line": Case((8, 1, 50), (12, 8, 1, 9), pads=(0, 4, 0, 4)),
}


@pytest.mark.usefixtures("usable")
@pytest.mark.parametrize("name", CASES)
def test_each_gives_what_onnxruntime_gives(tmp_path: Path, name: str) -> None:
    """Seven rows through a network that is compiled for three."""
    case = CASES[name]
    path, rows = case.saved(tmp_path / "m.onnx"), case.rows(7)
    with Engine(path) as reference, Engine(path, target="cpu", batch_size=3) as engine:
        np.testing.assert_allclose(engine(rows), reference(rows), atol=1e-4, rtol=1e-5)


@pytest.mark.usefixtures("usable")
@pytest.mark.parametrize("name", ["strides", "depthwise"])
def test_level_0_leaves_tvms_loops_as_they_are(tmp_path: Path, name: str) -> None:
    case = CASES[name]
    path, rows = case.saved(tmp_path / "m.onnx"), case.rows(2)
    with (
        Engine(path, target="cpu", batch_size=2) as tiles,
        Engine(path, target="cpu", batch_size=2, options={"opt_level": 0}) as loops,
    ):
        np.testing.assert_allclose(tiles(rows), loops(rows), atol=2e-5, rtol=1e-5)


@pytest.mark.usefixtures("usable")
def test_weights_that_are_given_are_no_constants(tmp_path: Path) -> None:
    case = CASES["padded"]
    path, rows = case.saved(tmp_path / "m.onnx", given_weights=True), case.rows(2)
    weights = np.random.default_rng(2).normal(size=case.weights).astype(np.float32)
    sizes = [list(rows.shape), list(weights.shape)]
    with Engine(path) as reference, Engine(path, target="cpu", batch_size=2, input_size=sizes) as engine:
        np.testing.assert_allclose(engine([rows, weights]), reference([rows, weights]), atol=2e-5, rtol=1e-5)


@pytest.mark.usefixtures("usable")
def test_float16_adds_up_in_float32(tmp_path: Path) -> None:
    case = CASES["padded"]
    path, rows = case.saved(tmp_path / "m.onnx", dtype=np.float16), case.rows(2).astype(np.float16)
    with Engine(path) as reference, Engine(path, target="cpu", batch_size=2) as engine:
        np.testing.assert_allclose(engine(rows), reference(rows), atol=0.02, rtol=0.01)


@pytest.mark.parametrize("lanes", [4, 8, 16])
@pytest.mark.parametrize(("channels", "pixels"), [(1, 1), (1, 3000), (8, 6500), (64, 3300), (512, 63), (1000, 1)])
def test_a_tile_fits_into_the_registers(lanes: int, channels: int, pixels: int) -> None:
    size = tile(channels, pixels, lanes)
    assert size.channels * size.vectors <= (24 if lanes == 16 else 12)
    assert size.channels * size.pixels * 4 < 1024  # else TVM allocates it
    assert size.channels <= channels
    assert size.pixels < pixels + lanes
