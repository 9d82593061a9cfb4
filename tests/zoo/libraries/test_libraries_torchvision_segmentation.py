"""torchvision's segmentation networks: what is said of them is what torchvision says, and they are its own."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from PIL import Image

from utils.datasets.voc_segmentation import LABELS
from utils.preprocess.pytorch.segmentation import SegmentationTransform, ShorterSide
from zoo import catalogue
from zoo.libraries import torchvision_segmentation as library
from zoo.libraries.names import IMAGENET_MEAN, IMAGENET_STD

models = pytest.importorskip("torchvision").models
VARIANTS = [name for name, said in library.FACTS.items() if said.published]


def test_every_network_of_torchvision_is_known() -> None:
    assert sorted(VARIANTS) == models.list_models(models.segmentation)


@pytest.mark.parametrize("variant", VARIANTS)
def test_facts_are_those_of_the_table(variant: str) -> None:
    (weights,) = models.get_model_weights(variant)
    said, preset = library.FACTS[variant], weights.transforms()
    assert said.published == round(weights.meta["_metrics"]["COCO-val2017-VOC-labels"]["miou"] / 100, 5)
    assert [said.shorter] == preset.resize_size
    assert (tuple(preset.mean), tuple(preset.std)) == (IMAGENET_MEAN, IMAGENET_STD)
    assert tuple(weights.meta["categories"][1:]) == LABELS[1:]
    file = library.pretrained(variant)
    assert file.url == weights.url
    assert file.sha256
    assert f"-{file.sha256}." in weights.url


@pytest.mark.parametrize("size", [(40, 30), (30, 40), (33, 33), (64, 47), (16, 77)])
def test_preprocessing_is_torchvisions_to_the_bit(size: tuple[int, int]) -> None:
    from torchvision.transforms._presets import SemanticSegmentation

    pixels = np.random.default_rng(0).integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)
    picture = Image.fromarray(pixels)
    (array,), fit = ShorterSide(48, IMAGENET_MEAN, IMAGENET_STD)(picture)
    expected = SemanticSegmentation(resize_size=48)(picture).numpy()
    np.testing.assert_array_equal(array, expected)
    assert (fit.original, fit.size) == (size, expected.shape[:0:-1])


def test_a_size_of_the_users_is_a_square_that_pictures_fit_into() -> None:
    resized = ShorterSide(48, IMAGENET_MEAN, IMAGENET_STD).resized(32)
    assert isinstance(resized, SegmentationTransform)
    assert resized.shape == (3, 32, 32)


def test_weights_with_the_auxiliary_head_that_torchvision_publishes_are_loaded() -> None:
    """The network of the weights' own builder has it, and the exported part leaves it out."""
    import torch

    variant = "deeplabv3_mobilenet_v3_large"
    theirs: Any = models.get_model(variant, weights=None, weights_backbone=None, num_classes=21, aux_loss=True).eval()
    ours = library.network(variant, theirs.state_dict()).eval()
    pixels = torch.rand(1, 3, 64, 64, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        np.testing.assert_array_equal(library.logits(ours)(pixels).numpy(), theirs(pixels)["out"].numpy())


def test_a_file_of_another_network_is_refused() -> None:
    state = models.get_model("lraspp_mobilenet_v3_large", weights=None, weights_backbone=None).state_dict()
    with pytest.raises(RuntimeError, match="Missing key"):
        library.network("deeplabv3_mobilenet_v3_large", state)


@pytest.mark.parametrize("model_id", ["segmentation/fcn", "segmentation/deeplabv3"])
def test_a_picture_of_any_size_gets_a_mask_of_its_size(model_id: str) -> None:
    task = catalogue.load(model_id).task
    picture = Image.new("RGB", (50, 70), (90, 120, 30))
    (array,), fit = task.preprocess(picture)
    (found,) = task.postprocess([np.zeros((1, len(LABELS), *array.shape[1:]), np.float32)], [fit])
    assert found.mask.shape == (70, 50)
