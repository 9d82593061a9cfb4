"""YOLOv4 is what its authors' cfg file says, and YOLOv5 as large as its authors say; what both give is decoded."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import torch
from torch.nn import functional

from utils.darknet_file import layers_of
from utils.postprocess.pytorch.darknet_maps import DarknetDecoder
from utils.postprocess.pytorch.decoded_rows import RowsDecoder
from utils.preprocess.fit import Fit
from utils.preprocess.pytorch.detection import Placed
from zoo.catalogue import load
from zoo.loading import beside

YOLOV4, YOLOV5 = load("detection/yolov4"), load("detection/yolov5")


def stage(filters: int, part: int, units: int) -> str:
    """A stage in the words of `CFG`; its last route looks back over the units, three layers each."""
    unit = f"m{filters // 2},1 m{part},3 s-3 " * units
    return f"m{filters},3,2 m{part},1 r-2 m{part},1 {unit}m{part},1 r-1,{-4 - 3 * units} m{filters},1 "


# Of the authors' file: convolutions (mish, leaky, linear) with filters, size and stride; shortcuts, routes, pools,
# doublings, and where a head ends.
FIVE = "l{0},1 l{1},3 l{0},1 l{1},3 l{0},1 "
CFG = (
    "m32,3 " + stage(64, 64, 1) + stage(128, 64, 2) + stage(256, 128, 8) + stage(512, 256, 8) + stage(1024, 512, 4)
    + "l512,1 l1024,3 l512,1 p5 r-2 p9 r-4 p13 r-1,-3,-5,-6 l512,1 l1024,3 l512,1 "
    + "l256,1 u r85 l256,1 r-1,-3 " + FIVE.format(256, 512)
    + "l128,1 u r54 l128,1 r-1,-3 " + FIVE.format(128, 256)
    + "l256,3 n y r-4 l256,3,2 r-1,-16 " + FIVE.format(256, 512)
    + "l512,3 n y r-4 l512,3,2 r-1,-37 " + FIVE.format(512, 1024) + "l1024,3 n y"
)  # fmt: skip


def as_darknet(cfg: str, network: Any, images: torch.Tensor) -> Iterator[torch.Tensor]:
    """What darknet's words make of pictures, with the network's convolutions in the order in which they are defined."""
    modules = dict(network.named_modules())
    done: list[torch.Tensor] = []
    convolutions = iter(layers_of(network))
    seen = images
    for word in cfg.split():
        kind, numbers = word[0], [int(one) for one in re.findall(r"-?\d+", word)]
        if kind in "mln":
            layer = next(convolutions)
            seen = modules[layer.name](seen)
            if kind != "n":
                assert layer.shape[2] == numbers[1]
                seen = modules[layer.norm](seen)
                seen = functional.mish(seen) if kind == "m" else functional.leaky_relu(seen, 0.1)
        elif kind == "r":
            seen = torch.cat([done[number] for number in numbers], 1)
        elif kind == "s":
            seen = seen + done[numbers[0]]
        elif kind == "p":
            seen = functional.max_pool2d(seen, numbers[0], 1, numbers[0] // 2)
        elif kind == "u":
            seen = seen.repeat_interleave(2, 2).repeat_interleave(2, 3)
        elif kind == "y":
            yield seen
        done.append(seen)


def test_yolov4_is_the_network_of_the_authors_cfg() -> None:
    """With an eighth of the channels: all of the layers, in the order of the weights."""
    torch.manual_seed(0)
    network = beside(str(YOLOV4.folder / "model.py"), "network")
    own = network.YOLOv4(network.Backbone(4), 2).eval()
    images = torch.rand(1, 3, 64, 64)
    with torch.inference_mode():
        found = list(as_darknet(CFG, own, images))
        coarse_first = own(images)
    assert len(layers_of(own)) == len(re.findall(r"\b[mln]", CFG)) == 110
    assert [list(one.shape[2:]) for one in coarse_first] == [[2, 2], [4, 4], [8, 8]]
    for one, other in zip(reversed(found), coarse_first, strict=True):
        assert torch.equal(one, other)


def test_yolov4_is_as_large_as_the_authors_file() -> None:
    """yolov4.weights has 257,717,640 bytes: 20 of a header, and four a number. Its filters are those of the cfg."""
    with torch.device("meta"):
        layers = layers_of(YOLOV4.variant("yolov4_cspdarknet53").build())
    numbers = sum(one.shape[0] * (4 if one.norm else 1) + math.prod(one.shape) for one in layers)
    assert 20 + 4 * numbers == 257_717_640
    filters = [int(one.partition(",")[0]) for one in re.findall(r"\b[ml](\S+)", CFG)]
    assert [one.shape[0] for one in layers if one.norm] == filters


@pytest.mark.parametrize(
    ("variant", "millions"),
    [("yolov5n", 1.9), ("yolov5s", 7.2), ("yolov5m", 21.2), ("yolov5l", 46.5), ("yolov5x", 86.7)],
)
def test_yolov5_is_as_large_as_its_authors_say(variant: str, millions: float) -> None:
    with torch.device("meta"):
        network = YOLOV5.variant(variant).build()
    count = sum(one.numel() for one in network.parameters())
    assert abs(count / 1e6 - millions) < 0.07


def maps() -> list[np.ndarray]:
    """Nothing anywhere, of an input of 64 pixels and two classes."""
    return [np.full((1, 21, 64 // stride, 64 // stride), -20, np.float32) for stride in (32, 16, 8)]


def sigmoid(value: float) -> float:
    return 1 / (1 + math.exp(-value))


def test_a_centre_of_yolov4_reaches_the_edges_of_its_cell() -> None:
    """b_x = s * sigmoid(t_x) - (s - 1) / 2 + c_x, where s is the map's own."""
    rows = RowsDecoder(2, objectness=True)
    outputs = maps()
    outputs[2][0, :7, 3, 5] = (4.0, -4.0, 0.1, 0.2, 9, 9, -20)
    (found,) = DarknetDecoder(rows, reach=(1.05, 1.1, 1.2))(outputs, [Fit((128, 64), (64, 64))])
    x, y = ((1.2 * sigmoid(sign * 4.0) - 0.1 + cell) * 8 for sign, cell in ((1, 5), (-1, 3)))
    width, height = 10 * math.exp(0.1), 13 * math.exp(0.2)
    # the picture was stretched: twice as wide as the input, and as high
    wanted = [2 * (x - width / 2), y - height / 2, 2 * (x + width / 2), y + height / 2]
    assert np.allclose(found.boxes, [wanted], atol=1e-4)
    assert found.boxes.dtype == np.float32
    assert found.size == (128, 64)


def test_a_box_of_yolov5_is_at_most_four_times_its_anchor() -> None:
    """b_x = 2 sigmoid(t_x) - 0.5 + c_x; b_w = p_w (2 sigmoid(t_w))²."""
    decoder = DarknetDecoder(RowsDecoder(2, objectness=True), reach=(2.0,) * 3, squared=True)
    outputs = maps()
    outputs[0][0, 7:14, 1, 0] = (-0.6, 0.8, 80.0, -0.5, 9, -20, 9)
    (found,) = decoder(outputs, [Placed(0.5, (128, 128), (64, 64))])
    x, y = (2 * sigmoid(-0.6) - 0.5) * 32, (2 * sigmoid(0.8) - 0.5 + 1) * 32
    width, height = 156 * 4, 198 * (2 * sigmoid(-0.5)) ** 2
    assert np.allclose(
        found.boxes, [[2 * (x - width / 2), 2 * (y - height / 2), 2 * (x + width / 2), 2 * (y + height / 2)]], rtol=1e-5
    )
    assert found.classes.tolist() == [1]
