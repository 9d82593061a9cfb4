"""How networks of segmentation and of enlarging are trained: what they are shown, what is held out, that they learn."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

from utils.datasets.samples.photo_pairs import CORNERS, SIDE, write_photo_pairs
from utils.datasets.samples.scenes_voc import LABELS
from utils.datasets.voc_segmentation import VOID
from utils.metrics.restoration import RestorationQuality
from utils.preprocess.image import load_rgb
from utils.preprocess.pytorch.segmentation import SegmentationTransform
from utils.training import enlarging, segmentation
from zoo.tasks.image_to_image import ImageToImage


def test_scenes_and_masks_lie_on_each_other() -> None:
    pictures, masks = segmentation.drawn(SegmentationTransform(64, 64, 16), 3)
    assert (pictures.shape, pictures.dtype, masks.shape) == ((3, 3, 64, 64), np.float16, (3, 64, 64))
    # outside the picture, where the input is black, nothing is asked for
    outside = masks == VOID
    assert outside.any()
    assert (pictures.transpose(1, 0, 2, 3)[:, outside] == -1).all()
    assert set(np.unique(masks)) <= {*range(len(LABELS)), VOID}


def test_scenes_are_turned_together_with_their_masks() -> None:
    masks = np.random.RandomState(0).randint(0, 5, (4, 8, 8)).astype(np.uint8)
    pictures = np.repeat(masks[:, None], 3, axis=1).astype(np.float16)
    inputs, truths = segmentation.turned(np.random.RandomState(1), pictures, masks, 3)
    assert (inputs.dtype, truths.dtype, inputs.shape, truths.shape) == (np.float32, np.int64, (3, 3, 8, 8), (3, 8, 8))
    assert (inputs == truths[:, None]).all()


def test_a_network_learns_the_scenes(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    monkeypatch.setattr(segmentation, "REPORTED", 10)
    torch.manual_seed(0)
    network = torch.nn.Conv2d(3, len(LABELS), 5, padding=2)
    segmentation.fit(network, SegmentationTransform(32, 32, 16), scenes=8, steps=60, batch=4, rate=3e-2)
    losses = [float(one) for one in re.findall(r"loss ([\d.]+)", capsys.readouterr().out)]
    assert len(losses) == 6
    assert losses[-1] < losses[0]


@pytest.mark.parametrize("scale", [2, 3, 4])
def test_patches_and_smaller_ones(scale: int) -> None:
    small, large = enlarging.patches(scale, 6)
    assert small.shape == (6, 1, enlarging.PATCH // scale, enlarging.PATCH // scale)
    assert large.shape == (6, 1, enlarging.PATCH, enlarging.PATCH)
    assert 16 / 255 <= large.min() < large.max() <= 236 / 255
    assert np.abs(small.mean((1, 2, 3)) - large.mean((1, 2, 3))).max() < 0.01


def test_no_patch_shows_what_is_held_out(monkeypatch: pytest.MonkeyPatch) -> None:
    from PIL import Image

    # a picture that is white where crops are held out, and black elsewhere
    picture = np.zeros((427, 640, 3), np.uint8)
    for left, top in CORNERS:
        picture[top : top + SIDE, left : left + SIDE] = 255
    monkeypatch.setattr(enlarging, "originals", lambda: {"china": Image.fromarray(picture)})
    monkeypatch.setattr(enlarging, "_THINGS", enlarging._THINGS / "none")
    _, large = enlarging.patches(2, 40)
    # bicubic scaling lets a few pixels beside a border look over it
    inner = large[:, :, 4:-4, 4:-4]
    assert inner.max() - 16 / 255 < 0.02


def test_a_network_learns_to_enlarge(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    monkeypatch.setattr(enlarging, "REPORTED", 20)
    torch.manual_seed(0)
    network = torch.nn.Sequential(torch.nn.Conv2d(1, 4, 3, padding=1), torch.nn.PixelShuffle(2))
    enlarging.fit(network, 2, count=12, steps=80, batch=4, rate=3e-2)
    losses = [float(one) for one in re.findall(r"loss ([\d.]+)", capsys.readouterr().out)]
    assert losses[-1] < losses[0] / 2


def test_what_bicubic_enlargement_gives(tmp_path: Any) -> None:
    write_photo_pairs(tmp_path / "pairs", scale=2)
    task = ImageToImage(scale=2, luma=True)
    figures = enlarging.enlarged_by_pillow(2, RestorationQuality(border=2), task.dataset(tmp_path / "pairs"), load_rgb)
    assert 20 < figures["psnr"] < 40
    assert 0.7 < figures["ssim"] < 1
