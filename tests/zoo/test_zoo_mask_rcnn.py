"""Mask R-CNN finds the objects, and the pixels of each, that torchvision's own network finds."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from PIL import Image

from utils.boxes import iou
from utils.datasets.folder import files_in
from utils.postprocess.pytorch.detection import Detections
from utils.postprocess.pytorch.instances import InstanceDecoder, Instances, Mask, pasted
from utils.preprocess.pytorch.scaled import Scaled
from zoo.catalogue import load
from zoo.running.padding import stacked
from zoo.running.reference import build, reference_runner
from zoo.weights import find_weights
from zoo_core.errors import DataError

FAMILY = load("segmentation/mask_rcnn")
RELATIVE = 1e-5


@pytest.mark.parametrize("count", [1, 2])
def test_what_is_found_is_what_the_library_finds(count: int) -> None:
    import torch
    from torchvision.transforms.functional import pil_to_tensor

    model = FAMILY.variant()
    network = build(model, find_weights(model, "random"), None)
    images = [Image.open(path).convert("RGB") for path in files_in(model.demo_folder())[:count]]
    ready = [model.task.preprocess(image) for image in images]
    with reference_runner(model, network) as runner:
        outputs = runner(stacked([arrays for arrays, _ in ready], model.task.padding or ()))
    found = model.task.postprocess(outputs, [meta for _, meta in ready])
    with torch.inference_mode():
        wanted = network([pil_to_tensor(image).float() / 255 for image in images])
    for mine, theirs in zip(found, wanted, strict=True):
        same(mine, {name: tensor.numpy() for name, tensor in theirs.items()}, model.task.decoder.classes)  # type: ignore[attr-defined]


def same(mine: Instances, theirs: dict[str, np.ndarray], classes: tuple[int, ...]) -> None:
    """Every object of one side is on the other, with all of its pixels but those at the threshold."""
    labels = np.array(classes)[theirs["labels"]]
    boxes = mine.found.boxes
    assert len(boxes) == len(labels) > 0
    near = iou(boxes.astype(np.float64), theirs["boxes"].astype(np.float64))
    best = (near * (mine.found.classes[:, None] == labels)).argmax(axis=1)
    assert sorted(best) == list(range(len(labels)))
    assert np.abs(mine.found.scores - theirs["scores"][best]).max() <= RELATIVE * theirs["scores"].max()
    for mask, place in zip(mine.masks, best, strict=True):
        probability = theirs["masks"][place, 0]
        clear = np.abs(probability - 0.5) > 1e-4
        assert np.array_equal(mask.whole(mine.found.size)[clear], (probability > 0.5)[clear])


def test_masks_are_pasted_as_the_library_pastes_them() -> None:
    import torch
    from torchvision.models.detection.roi_heads import paste_masks_in_image

    random = np.random.RandomState(0)
    masks = random.uniform(0, 1, (40, 28, 28)).astype(np.float32)
    corners = random.uniform(-20, 70, (40, 2, 2)).astype(np.float32)
    corners[:, 0], corners[:, 1] = np.minimum(corners[:, 0], 40), np.maximum(corners[:, 1], 5)
    boxes = np.concatenate([corners.min(axis=1), corners.max(axis=1)], axis=1)
    boxes[0] = (5, 5, 5, 5)
    wanted = paste_masks_in_image(torch.from_numpy(masks)[:, None], torch.from_numpy(boxes), (48, 60)).numpy()[:, 0]
    for mask, box, probability in zip(masks, boxes, wanted, strict=True):
        clear = np.abs(probability - 0.5) > 1e-5
        assert np.array_equal(pasted(mask, box, (60, 48)).whole((60, 48))[clear], (probability > 0.5)[clear])
    outside = pasted(masks[0], np.array([200, 200, 220, 230], np.float32), (60, 48))
    assert not outside.whole((60, 48)).any()


@pytest.mark.parametrize("variant", ["maskrcnn_resnet50_fpn", "maskrcnn_resnet50_fpn_v2"])
def test_published_figures_are_the_librarys(variant: str) -> None:
    from torchvision.models import get_model_weights

    metrics: Any = get_model_weights(variant)["COCO_V1"].meta["_metrics"]["COCO-val2017"]
    published = FAMILY.variant(variant).published
    assert published is not None
    assert published.value == pytest.approx(metrics["mask_map"] / 100)


def test_results_of_other_pictures_and_nan_are_said() -> None:
    decoder, meta = InstanceDecoder((-1, 0)), Scaled((20, 10), (10, 20))
    boxes, scores, classes = np.ones((1, 4), np.float32), np.ones(1, np.float32), np.ones(1, np.int64)
    masks = np.zeros((1, 28, 28), np.float32)
    with pytest.raises(DataError, match="2 pictures for 1 samples"):
        decoder([boxes, scores, classes, masks, np.array([1, 0])], [meta])
    with pytest.raises(DataError, match="NaN"):
        decoder([boxes, scores, classes, masks * np.nan, np.array([1])], [meta])


def test_the_best_objects_keep_their_masks() -> None:
    boxes = np.array([[0, 0, 4, 4], [4, 4, 8, 8]], np.float32)
    found = Detections(boxes, np.array([0.9, 0.2], np.float32), np.array([0, 1]), (10, 10))
    masks = (Mask(0, 0, np.ones((4, 4), bool)), Mask(4, 4, np.ones((4, 4), bool)))
    seen = Instances(found, masks).above(0.5)
    assert len(seen.masks) == len(seen.found.scores) == 1
    assert seen.masks[0].whole((10, 10)).sum() == 16
