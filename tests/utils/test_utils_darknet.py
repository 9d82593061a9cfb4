"""YOLOv3: boxes as the paper defines them, and darknet's weight files."""

from __future__ import annotations

import math
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from utils.darknet_file import Layer, layers_of, read_darknet, state_from_darknet
from utils.postprocess.pytorch.darknet_maps import YOLOV3_ANCHORS, DarknetDecoder
from utils.postprocess.pytorch.decoded_rows import RowsDecoder
from utils.preprocess.pytorch.detection import Placed
from zoo.catalogue import load
from zoo_core.errors import DataError

YOLOV3 = load("detection/yolov3")
LAYERS = [Layer("one.conv", (4, 3, 3, 3), "one.norm"), Layer("two", (2, 4, 1, 1))]


DECODER = DarknetDecoder(RowsDecoder(2, objectness=True, score=0.005, nms_iou=0.45))
WHOLE = Placed(1.0, (64, 64), (64, 64))


def maps(classes: int = 2, side: int = 64) -> list[np.ndarray]:
    """Nothing anywhere."""
    return [np.full((1, 3 * (5 + classes), side // one, side // one), -20, np.float32) for one in (32, 16, 8)]


def test_a_box_is_where_the_paper_puts_it() -> None:
    """b_x = sigmoid(t_x) + c_x in cells, b_w = p_w exp(t_w): of the middle map, its second anchor."""
    outputs, logits = maps(), (0.4, -0.7, 0.3, -0.2, 3.0, -20.0, 2.0)
    outputs[1][0, 7:14, 2, 1] = logits
    (found,) = DECODER(outputs, [Placed(0.5, (128, 32), (64, 64), (0, 24))])
    x, y = (1 + 1 / (1 + math.exp(-0.4))) * 16, (2 + 1 / (1 + math.exp(0.7))) * 16
    width, height = 62 * math.exp(0.3), 45 * math.exp(-0.2)
    wanted = np.array([x - width / 2, y - height / 2 - 24, x + width / 2, y + height / 2 - 24]) * 2
    assert YOLOV3_ANCHORS[4] == (62, 45)
    assert np.allclose(found.boxes, [wanted], atol=1e-3)
    assert found.classes.tolist() == [1]
    assert found.scores[0] == pytest.approx(1 / (1 + math.exp(-3)) / (1 + math.exp(-2)))


def test_each_class_of_a_box_is_a_candidate_and_only_its_own_suppresses_it() -> None:
    """Two boxes that nearly cover each other, one of which means both classes."""
    outputs = maps()
    outputs[2][0, :7, 3, 3] = (0, 0, 1.0, 1.0, 5, 1, 2)
    outputs[2][0, 7:14, 3, 3] = (0, 0, math.log(1.7), math.log(1.2), 4, 0.5, -20)
    (found,) = DECODER(outputs, [WHOLE])
    assert found.classes.tolist() == [1, 0]
    assert np.array_equal(found.boxes[0], found.boxes[1])


@pytest.mark.parametrize(
    "wrong", [lambda one: one[:2], lambda one: [x[:, 1:] for x in one], lambda one: [x[0] for x in one]]
)
def test_maps_that_do_not_fit_are_refused(wrong: Any) -> None:
    with pytest.raises(DataError, match="another variant"):
        DECODER(wrong(maps()), [WHOLE])


def test_maps_with_nan_are_refused() -> None:
    outputs = maps()
    outputs[0][0, 0, 0, 0] = np.nan
    with pytest.raises(DataError, match="NaN"):
        DECODER(outputs, [WHOLE])


def written(path: Path, values: np.ndarray, minor: int = 2) -> Path:
    seen = struct.pack("<q", 32_013_312) if minor >= 2 else struct.pack("<i", 32_013)
    path.write_bytes(struct.pack("<3i", 0, minor, 5) + seen + values.astype("<f4").tobytes())
    return path


@pytest.mark.parametrize("minor", [1, 2])
def test_numbers_lie_layer_after_layer(tmp_path: Path, minor: int) -> None:
    """Of a norm: bias, weight, mean, variance; then the kernels. Without one: the bias, then the kernels."""
    values = np.arange(4 * 4 + 4 * 27 + 2 + 8, dtype=np.float32)
    found = read_darknet(written(tmp_path / "one.weights", values, minor), LAYERS)
    assert found["one.norm.bias"].tolist() == [0, 1, 2, 3]
    assert found["one.norm.weight"].tolist() == [4, 5, 6, 7]
    assert found["one.norm.running_mean"].tolist() == [8, 9, 10, 11]
    assert found["one.norm.running_var"].tolist() == [12, 13, 14, 15]
    assert found["one.conv.weight"].ravel().tolist() == list(range(16, 124))
    assert found["two.bias"].tolist() == [124, 125]
    assert found["two.weight"].tolist() == [[[[126]], [[127]], [[128]], [[129]]], [[[130]], [[131]], [[132]], [[133]]]]


def test_files_of_something_else_are_told(tmp_path: Path) -> None:
    right = np.zeros(134, np.float32)
    for values in (right[:-1], np.zeros(135, np.float32)):
        with pytest.raises(DataError, match="the network has 134"):
            read_darknet(written(tmp_path / "one.weights", values), LAYERS)
    with pytest.raises(DataError, match="NaN"):
        read_darknet(written(tmp_path / "one.weights", right * np.float32(np.nan)), LAYERS)
    (tmp_path / "pickle.weights").write_bytes(b"\x80\x04 something else" * 9)
    with pytest.raises(DataError, match="no weight file of darknet"):
        read_darknet(tmp_path / "pickle.weights", LAYERS)
    (tmp_path / "short.weights").write_bytes(b"\0\0")
    with pytest.raises(DataError, match="too few"):
        read_darknet(tmp_path / "short.weights", LAYERS)
    with pytest.raises(DataError, match="No such file"):
        read_darknet(tmp_path / "none.weights", LAYERS)


def test_the_whole_network_is_as_large_as_the_authors_file() -> None:
    """yolov3.weights has 248,007,048 bytes: 20 of a header, and four a number."""
    import torch

    with torch.device("meta"):
        layers = layers_of(YOLOV3.build("yolov3_darknet53"))
    numbers = sum(one.shape[0] * (4 if one.norm else 1) + math.prod(one.shape) for one in layers)
    assert len(layers) == 75
    assert 20 + 4 * numbers == 248_007_048


def test_a_file_of_darknet_loads_into_the_network(tmp_path: Path) -> None:
    import torch

    own, other = YOLOV3.build("yolov3_sample"), YOLOV3.build("yolov3_sample")
    state, numbers = own.state_dict(), []
    for one in layers_of(own):
        kinds = [f"{one.norm}.{kind}" for kind in ("bias", "weight", "running_mean", "running_var")]
        names = kinds if one.norm else [f"{one.name}.bias"]
        numbers += [state[name].numpy().ravel() for name in (*names, f"{one.name}.weight")]
    read = state_from_darknet(written(tmp_path / "sample.weights", np.concatenate(numbers)), other)
    missing, unexpected = other.load_state_dict(
        {name: torch.from_numpy(one) for name, one in read.items()}, strict=False
    )
    assert unexpected == []
    assert all(name.endswith("num_batches_tracked") for name in missing)
    with torch.inference_mode():
        picture = torch.rand(1, 3, 64, 64)
        assert all(torch.equal(*pair) for pair in zip(own.eval()(picture), other.eval()(picture), strict=True))
