"""Faster R-CNN in two graphs finds what torchvision's own network finds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from utils.anchors import cell_anchors, grid_anchors
from utils.boxes import iou
from utils.datasets.folder import files_in
from utils.postprocess.pytorch.detection import Detections
from utils.postprocess.pytorch.two_stage import RegionDecoder
from utils.preprocess.pytorch.rcnn import RcnnTransform
from utils.preprocess.pytorch.scaled import Scaled
from utils.roi_align import roi_align
from zoo.catalogue import load
from zoo.model import Model
from zoo.running.padding import stacked
from zoo.running.reference import build, reference_runner
from zoo.weights import find_weights
from zoo_core.errors import DataError

FAMILY = load("detection/faster_rcnn")
PUBLISHED = [name for name in FAMILY.variants if FAMILY.variant(name).published]
RELATIVE = 1e-5


@pytest.fixture(scope="module")
def model() -> Model:
    return FAMILY.variant()


@pytest.fixture(scope="module")
def network(model: Model) -> Any:
    return build(model, find_weights(model, "random"), None)


def pictures(model: Model) -> list[Image.Image]:
    return [Image.open(path).convert("RGB") for path in files_in(model.demo_folder())[:3]]


def own(network: Any, images: list[Image.Image]) -> list[dict[str, np.ndarray]]:
    import torch
    from torchvision.transforms.functional import pil_to_tensor

    with torch.inference_mode():
        found = network([pil_to_tensor(image).float() / 255 for image in images])
    return [{name: tensor.numpy() for name, tensor in one.items()} for one in found]


def matched(found: Detections, wanted: dict[str, np.ndarray], classes: tuple[int, ...]) -> None:
    """Every object of one side is on the other, whatever the order."""
    known = np.array(classes)[wanted["labels"]]
    boxes, scores = wanted["boxes"][known >= 0], wanted["scores"][known >= 0]
    assert len(found.scores) == len(scores) > 0
    near = iou(found.boxes.astype(np.float64), boxes.astype(np.float64)) * (found.classes[:, None] == known[known >= 0])
    best = near.argmax(axis=1)
    assert sorted(best) == list(range(len(scores)))
    assert np.abs(found.scores - scores[best]).max() <= RELATIVE * scores.max()
    assert np.abs(found.boxes - boxes[best]).max() <= RELATIVE * boxes.max()


@pytest.mark.parametrize("count", [1, 3])
def test_what_is_found_is_what_the_library_finds(model: Model, network: Any, count: int) -> None:
    images = pictures(model)[:count]
    ready = [model.task.preprocess(image) for image in images]
    arrays = stacked([arrays for arrays, _ in ready], model.task.padding or ())
    with reference_runner(model, network) as runner:
        found = model.task.postprocess(runner(arrays), [meta for _, meta in ready])
    for mine, wanted in zip(found, own(network, images), strict=True):
        matched(mine, wanted, model.task.decoder.classes)  # type: ignore[attr-defined]


def test_pictures_are_scaled_as_the_library_scales_them(model: Model, network: Any) -> None:
    import torch
    from torchvision.transforms.functional import pil_to_tensor

    images = [*pictures(model), Image.new("RGB", (900, 40), (200, 10, 90)), Image.new("L", (33, 57))]
    for image in images:
        (array, size), meta = model.task.preprocess(image)
        batch, _ = network.transform([pil_to_tensor(image.convert("RGB")).float() / 255])
        assert batch.image_sizes == [tuple(size.tolist())] == [meta.input]
        assert torch.allclose(batch.tensors[0], torch.from_numpy(array), rtol=0, atol=2e-6)


def test_regions_are_pooled_as_the_library_pools_them() -> None:
    import torch
    from torchvision.ops import roi_align as library

    random = np.random.RandomState(0)
    features = random.randn(5, 13, 17).astype(np.float32)
    corners = random.uniform(-3, 18, (40, 2, 2)).astype(np.float32)
    boxes = np.concatenate([corners.min(axis=1), corners.max(axis=1)], axis=1)
    boxes[0] = (2, 2, 2, 2)
    boxes[1] = (30, 30, 40, 40)
    wanted = library(torch.from_numpy(features)[None], [torch.from_numpy(boxes)], 7, 1.0, 2).numpy()
    assert np.abs(roi_align(features, boxes, 7, 2) - wanted).max() <= RELATIVE * np.abs(wanted).max()


def test_anchors_are_the_libraries() -> None:
    import torch
    from torchvision.models.detection.anchor_utils import AnchorGenerator
    from torchvision.models.detection.image_list import ImageList

    generator = AnchorGenerator(((32, 64), (128, 256)), ((0.5, 1.0, 2.0),) * 2)
    maps = [torch.zeros(1, 1, 8, 6), torch.zeros(1, 1, 4, 3)]
    wanted = generator(ImageList(torch.zeros(1, 3, 64, 48), [(64, 48)]), maps)[0].numpy()
    ratios = (0.5, 1.0, 2.0)
    mine = [
        grid_anchors(cell_anchors(sizes, ratios), *one.shape[2:], (64 // one.shape[2], 48 // one.shape[3]))
        for sizes, one in zip(((32, 64), (128, 256)), maps, strict=True)
    ]
    assert np.array_equal(np.concatenate(mine), wanted)


@pytest.mark.parametrize("variant", PUBLISHED)
def test_a_variant_is_described_as_the_library_builds_it(variant: str) -> None:
    from torchvision.models import get_model_weights
    from torchvision.ops import FrozenBatchNorm2d

    model = FAMILY.variant(variant)
    network, task = model.build().eval(), model.task
    rpn, roi = network.rpn, network.roi_heads
    proposer, decoder, transform = task.proposer, task.decoder, task.transform  # type: ignore[attr-defined]
    assert proposer.sizes == rpn.anchor_generator.sizes
    assert set(rpn.anchor_generator.aspect_ratios) == {proposer.ratios}
    assert (proposer.before, proposer.after) == (rpn.pre_nms_top_n(), rpn.post_nms_top_n())
    assert (proposer.score, proposer.nms_iou) == (rpn.score_thresh, rpn.nms_thresh)
    assert proposer.least_side == rpn.min_size
    assert (decoder.score, decoder.nms_iou, decoder.most) == (
        roi.score_thresh,
        roi.nms_thresh,
        roi.detections_per_img,
    )
    assert decoder.weights == roi.box_coder.weights
    assert (transform.shorter, transform.longer) == (network.transform.min_size[0], network.transform.max_size)
    assert (roi.box_roi_pool.output_size, roi.box_roi_pool.sampling_ratio) == ((7, 7), 2)
    categories = get_model_weights(variant).COCO_V1.meta["categories"]
    names = [task.labels[index] if index >= 0 else None for index in decoder.classes]  # type: ignore[attr-defined]
    assert [
        name for name, own_name in zip(names, categories, strict=True) if name is not None and name != own_name
    ] == []
    assert {own_name for name, own_name in zip(names, categories, strict=True) if name is None} == {
        "__background__",
        "N/A",
    }
    frozen = {norm.eps for norm in network.modules() if isinstance(norm, FrozenBatchNorm2d)}
    assert frozen == {
        "fasterrcnn_resnet50_fpn": {0.0},
        "fasterrcnn_resnet50_fpn_v2": set(),
    }.get(variant, {1e-5})
    assert sum(parameter.numel() for parameter in network.parameters()) == pytest.approx(
        get_model_weights(variant).COCO_V1.meta["num_params"], rel=0.002
    )


def test_a_picture_without_proposals_has_no_objects() -> None:
    classes = (-1, 0, 1)
    empty = [
        np.empty((0, 3), np.float32),
        np.empty((0, 12), np.float32),
        np.empty((0, 4), np.float32),
        np.array([0], np.int64),
    ]
    (found,) = RegionDecoder(classes)(empty, [Scaled((10, 20), (64, 32))])
    assert len(found.scores) == 0
    assert found.size == (10, 20)


@pytest.mark.parametrize(
    ("logits", "deltas", "words"),
    [
        (np.zeros((2, 4), np.float32), np.zeros((2, 16), np.float32), "another variant"),
        (np.full((2, 3), np.nan, np.float32), np.zeros((2, 12), np.float32), "NaN"),
    ],
)
def test_outputs_that_do_not_fit_are_said(logits: np.ndarray, deltas: np.ndarray, words: str) -> None:
    regions = np.array([[0, 0, 8, 8], [4, 4, 9, 9]], np.float32)
    with pytest.raises(DataError, match=words):
        RegionDecoder((-1, 0, 1))([logits, deltas, regions, np.array([2])], [Scaled((10, 20), (64, 32))])


def test_a_picture_that_is_too_narrow_is_said(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="too narrow"):
        RcnnTransform(160, 224)(Image.new("RGB", (4000, 2)))
    with pytest.raises(DataError, match="multiples of 32"):
        RcnnTransform(160, 224).resized(100)
