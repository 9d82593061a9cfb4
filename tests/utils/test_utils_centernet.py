"""CenterNet: peaks of the heatmaps are objects, where the maps say that they are."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from utils.postprocess.pytorch.center_points import CenterNetDecoder, highest_around
from utils.preprocess.pytorch.centred_letterbox import CentredLetterbox
from utils.preprocess.pytorch.detection import Placed
from zoo.catalogue import load
from zoo_core.errors import DataError

WHOLE = Placed(1.0, (64, 48), (48, 64))


def maps() -> list[np.ndarray]:
    """Heat that falls off from the upper left corner, and objects of no size."""
    down, across = np.mgrid[:12, :16]
    heat = np.broadcast_to(0.01 - 1e-5 * (down * 16 + across), (1, 3, 12, 16))
    return [heat.astype(np.float32).copy(), np.zeros((1, 2, 12, 16), np.float32), np.zeros((1, 2, 12, 16), np.float32)]


def test_a_peak_is_an_object_and_what_lies_beside_it_is_none() -> None:
    outputs = maps()
    heat, sizes, offsets = outputs
    heat[0, 2, 5, 7], heat[0, 2, 5, 8], heat[0, 1, 5, 8], heat[0, 2, 5, 10] = 0.9, 0.8, 0.7, 0.6
    sizes[0, :, 5, 7], offsets[0, :, 5, 7] = (4, 2), (0.25, 0.75)
    (found,) = CenterNetDecoder(3)(outputs, [Placed(0.5, (104, 88), (48, 64), (6, 2))])
    # of class 2, (5, 8) lies beside the peak; (5, 10) is one, and another class's is another object
    assert found.classes.tolist()[:3] == [2, 1, 2]
    assert found.scores[:3] == pytest.approx([0.9, 0.7, 0.6])
    x, y = 7.25 * 4, 5.75 * 4
    assert np.allclose(found.boxes[0], [(x - 8 - 6) * 2, (y - 4 - 2) * 2, (x + 8 - 6) * 2, (y + 4 - 2) * 2])
    assert found.boxes.dtype == np.float32
    assert found.size == (104, 88)


def test_peaks_are_those_of_a_max_pool() -> None:
    torch = pytest.importorskip("torch")
    heat = np.random.RandomState(0).rand(3, 9, 11).astype(np.float32)
    pooled = torch.nn.functional.max_pool2d(torch.from_numpy(heat), 3, 1, 1).numpy()
    assert np.array_equal(highest_around(heat), pooled)
    assert np.array_equal(highest_around(heat[:, :1, :1]), heat[:, :1, :1])


def test_so_many_objects_are_kept_and_sizes_below_0_are_none() -> None:
    outputs = maps()
    outputs[0][0, 0, ::3, ::3] = 0.5
    outputs[1][...] = -3
    (found,) = CenterNetDecoder(3, most=7)(outputs, [WHOLE])
    assert len(found.scores) == 7
    assert np.array_equal(found.boxes[:, :2], found.boxes[:, 2:])


@pytest.mark.parametrize(
    "wrong",
    [
        lambda one: one[:2],
        lambda one: [],
        lambda one: [one[0][:, :2], *one[1:]],
        lambda one: [one[0], one[1][:, :, :5], one[2]],
        lambda one: [x[0] for x in one],
        lambda one: [np.concatenate([x, x]) for x in one],
    ],
)
def test_maps_that_do_not_fit_are_refused(wrong: Callable[[list[np.ndarray]], list[np.ndarray]]) -> None:
    with pytest.raises(DataError, match=r"expected \[1, 3, H, W\]"):
        CenterNetDecoder(3)(wrong(maps()), [WHOLE])


@pytest.mark.parametrize("which", [0, 1, 2])
def test_maps_with_nan_are_refused(which: int) -> None:
    outputs = maps()
    outputs[which][0, 0, 0, 0] = np.nan
    with pytest.raises(DataError, match="NaN"):
        CenterNetDecoder(3)(outputs, [WHOLE])


def test_the_rest_of_the_square_is_black_and_all_is_normalised() -> None:
    from PIL import Image

    transform = CentredLetterbox(64, grey=0, mean=(0.5, 0.25, 0.0), deviation=(0.5, 0.25, 2.0))
    (array,), placed = transform(Image.new("RGB", (64, 32), (255, 0, 51)))
    assert placed.offset == (0, 16)
    assert np.allclose(array[:, 32, 5], [1, -1, 0.1])
    assert np.allclose(array[:, 0, 5], [-1, -1, 0])
    assert transform.resized(96) == CentredLetterbox(96, grey=0, mean=(0.5, 0.25, 0.0), deviation=(0.5, 0.25, 2.0))


def test_the_network_has_the_names_of_mmdetection_and_the_size_of_its_file() -> None:
    """The file has 56,960,639 bytes; what lies around the tensors in it takes some ten thousands."""
    torch = pytest.importorskip("torch")
    with torch.device("meta"):
        state = load("detection/centernet").variant("centernet_resnet18").build().state_dict()
    assert 0 < 56_960_639 - sum(one.numel() * one.element_size() for one in state.values()) < 60_000
    for name in ("backbone.layer2.0.downsample.1.running_var", "neck.deconv_layers.0.conv.weight"):
        assert name in state
    for name in ("neck.deconv_layers.5.bn.weight", "bbox_head.heatmap_head.2.bias", "bbox_head.wh_head.0.weight"):
        assert name in state
