"""What detectors are trained with: scenes as they lie in the input, and losses that are least where all is right."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from utils.datasets.samples.scenes import sized_scene
from utils.postprocess.pytorch.darknet_maps import DarknetDecoder
from utils.postprocess.pytorch.decoded_rows import RowsDecoder
from utils.preprocess.pytorch.centred_letterbox import CentredLetterbox
from utils.preprocess.pytorch.detection import Letterbox, Placed
from utils.preprocess.pytorch.stretch import Stretch
from utils.training.anchors import anchor_loss
from utils.training.boxes import pair_iou
from utils.training.centres import focal
from utils.training.scenes import MOST, prepared

torch = pytest.importorskip("torch")


@pytest.mark.parametrize("transform", [Letterbox(96), CentredLetterbox(96), Stretch(96, 96)])
def test_scenes_lie_in_the_input_as_their_pictures_do(transform: Letterbox | Stretch) -> None:
    scenes = [sized_scene(3), sized_scene(4)]
    images, targets = prepared(transform, scenes)
    assert images.shape == (2, 3, 96, 96)
    assert targets.shape == (2, MOST, 5)
    for scene, rows in zip(scenes, targets.numpy(), strict=True):
        assert (rows[:, 0] >= 0).sum() == len(scene.objects)
        _, placed = transform(Image.fromarray(scene.image))
        for thing, row in zip(scene.objects, rows, strict=False):
            assert row[0] == thing.label
            corners = np.stack([row[1:3] - row[3:] / 2, row[1:3] + row[3:] / 2])
            assert np.allclose(placed.to_original(corners).ravel(), thing.box, atol=1e-3)


def test_overlap_of_boxes_by_their_centres() -> None:
    one = torch.tensor([[5.0, 5.0, 10.0, 10.0], [0.0, 0.0, 2.0, 2.0]])
    assert pair_iou(one[0], one[0]).item() == pytest.approx(1)
    assert pair_iou(one[0], torch.tensor([10.0, 5.0, 10.0, 10.0])).item() == pytest.approx(1 / 3)
    assert pair_iou(*one).item() == pytest.approx(1 / 103)


SHAPES = ((8, 8), (10, 10), (12, 12), (16, 16), (18, 18), (20, 20), (24, 24), (28, 28), (32, 32))


@pytest.mark.parametrize(
    ("reach", "squared", "cells"), [((1.0,) * 3, False, 1), ((2.0,) * 3, True, 3)], ids=["YOLOv3", "YOLOv5"]
)
def test_training_towards_a_box_makes_the_decoder_find_it(reach: tuple[float, ...], squared: bool, cells: int) -> None:
    """The maps themselves are trained: what they say then is decoded to the object, by the cells that may stand for
    it."""
    decoder = DarknetDecoder(
        RowsDecoder(2, objectness=True, score=0.5, nms_iou=0.6), SHAPES, reach=reach, squared=squared
    )
    maps = [torch.zeros(1, 21, 64 // one, 64 // one, requires_grad=True) for one in decoder.strides]
    truth = torch.tensor([[[1.0, 30.5, 35.0, 21.0, 18.0], [-1.0, 0, 0, 0, 0]]])
    optimiser = torch.optim.Adam(maps, lr=0.3)
    fall = torch.optim.lr_scheduler.ExponentialLR(optimiser, 0.97)
    for _ in range(150):
        optimiser.zero_grad()
        anchor_loss(decoder, maps, truth).backward()
        optimiser.step()
        fall.step()
    assert anchor_loss(decoder, maps, truth) < 0.5
    outputs = [one.detach().numpy() for one in maps]
    sure = sum(int((one.reshape(1, 3, 7, -1)[:, :, 4] > 0).sum()) for one in outputs)
    assert sure == cells * 8  # anchors with sides of 10 to 32; 8 is too small
    (found,) = decoder(outputs, [Placed(1.0, (64, 64), (64, 64))])
    assert found.classes.tolist() == [1]
    assert np.allclose(found.boxes, [[20, 26, 41, 44]], atol=0.2)


def test_scenes_without_an_object_are_trained_on_too() -> None:
    decoder = DarknetDecoder(RowsDecoder(2, objectness=True), SHAPES)
    maps = [torch.zeros(1, 21, 64 // one, 64 // one, requires_grad=True) for one in decoder.strides]
    loss = anchor_loss(decoder, maps, torch.full((1, 2, 5), -1.0))
    loss.backward()
    assert torch.isfinite(loss)
    assert all((one.grad.reshape(1, 3, 7, -1)[:, :, 4] > 0).all() for one in maps if one.grad is not None)


def test_the_focal_loss_is_least_where_the_heat_is() -> None:
    truth = torch.zeros(1, 1, 5, 5)
    truth[0, 0, 2, 2], truth[0, 0, 2, 3] = 1, 0.9
    right, off = torch.full_like(truth, -9), torch.full_like(truth, -9)
    right[0, 0, 2, 2], off[0, 0, 0, 0] = 9, 9
    assert focal(right, truth) < 1e-3 < 1 < focal(off, truth)
    beside = right.clone()
    beside[0, 0, 2, 3] = 9  # near a centre little is said against it
    assert focal(beside, truth) < 0.01
    nothing = torch.ones_like(truth)
    nothing[0, 0, 0, 0] = 0
    worse = right.clone()
    worse[0, 0, 0, 0] = 9
    assert focal(worse, truth, nothing) < 1e-3 < focal(worse, truth)
