"""RetinaNet and SSD find what torchvision's own networks find."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from PIL import Image

from utils.boxes import iou
from utils.datasets.folder import files_in
from utils.postprocess.pytorch.detection import Detections
from utils.postprocess.pytorch.one_stage import DefaultBoxDecoder, PyramidDecoder
from utils.preprocess.pytorch.rcnn import StretchTransform
from utils.preprocess.pytorch.scaled import Scaled
from zoo.catalogue import load
from zoo.model import Model
from zoo.running.padding import stacked
from zoo.running.reference import build, reference_runner
from zoo.weights import find_weights
from zoo_core.errors import DataError

RELATIVE = 1e-5
RETINANET, SSD = load("detection/retinanet"), load("detection/ssd")
VARIANTS = [
    *((RETINANET, name) for name in RETINANET.variants if name != RETINANET.default_variant),
    *((SSD, name) for name in SSD.variants),
]


def pictures(model: Model) -> list[Image.Image]:
    return [Image.open(path).convert("RGB") for path in files_in(model.demo_folder(), model.task.suffixes)[:3]]


def own(network: Any, images: list[Image.Image]) -> list[dict[str, np.ndarray]]:
    import torch
    from torchvision.transforms.functional import pil_to_tensor

    with torch.inference_mode():
        found = network([pil_to_tensor(image).float() / 255 for image in images])
    return [{name: tensor.numpy() for name, tensor in one.items()} for one in found]


def assert_same(found: Detections, wanted: dict[str, np.ndarray], classes: tuple[int, ...]) -> None:
    """Every object of one side is on the other, whatever the order of those with equal scores."""
    known = np.array(classes)[wanted["labels"]]
    boxes, scores, known = wanted["boxes"][known >= 0], wanted["scores"][known >= 0], known[known >= 0]
    assert len(found.scores) == len(scores) > 3
    near = iou(found.boxes.astype(np.float64), boxes.astype(np.float64)) * (found.classes[:, None] == known)
    apart = np.abs(found.scores[:, None] - scores[None])
    best = (near - apart).argmax(axis=1)
    assert sorted(best) == list(range(len(scores)))
    assert np.abs(found.scores - scores[best]).max() <= RELATIVE * scores.max()
    assert np.abs(found.boxes - boxes[best]).max() <= RELATIVE * boxes.max() * 3


@pytest.mark.parametrize(
    ("family", "variant", "count"),
    [
        (RETINANET, None, 1),
        (RETINANET, None, 3),
        (SSD, "ssdlite320_mobilenet_v3_large", 2),
        (SSD, "ssd_mobilenet_v2_fpnlite", 1),
    ],
)
def test_what_is_found_is_what_the_library_finds(family: Any, variant: str | None, count: int) -> None:
    model = family.variant(variant)
    network = build(model, find_weights(model, "random"), None)
    images = pictures(model)[:count]
    ready = [model.task.preprocess(image) for image in images]
    arrays = stacked([arrays for arrays, _ in ready], model.task.padding or (0.0,))
    with reference_runner(model, network) as runner:
        outputs = model.task.run({"": runner}, list(arrays)) if family is RETINANET else runner(arrays)
    found = model.task.postprocess(outputs, [meta for _, meta in ready])
    for mine, wanted in zip(found, own(network, images), strict=True):
        assert_same(mine, wanted, model.task.decoder.classes)


def test_pictures_are_stretched_as_the_library_stretches_them() -> None:
    import torch
    from torchvision.transforms.functional import pil_to_tensor

    model = SSD.variant("ssdlite320_mobilenet_v3_large")
    network = model.build().eval()
    for image in [*pictures(model), Image.new("RGB", (900, 40), (200, 10, 90)), Image.new("L", (33, 57))]:
        (array,), meta = model.task.preprocess(image)
        batch, _ = network.transform([pil_to_tensor(image.convert("RGB")).float() / 255])
        assert batch.image_sizes == [meta.input]
        assert torch.allclose(batch.tensors[0], torch.from_numpy(array), rtol=0, atol=2e-6)


@pytest.mark.parametrize(("family", "variant"), VARIANTS, ids=[name for _, name in VARIANTS])
def test_a_variant_is_described_as_the_library_builds_it(family: Any, variant: str) -> None:
    import torch
    from torchvision.models import get_model_weights
    from torchvision.models.detection.image_list import ImageList

    model = family.variant(variant)
    network, decoder, transform = model.build().eval(), model.task.decoder, model.task.transform
    assert (decoder.score, decoder.nms_iou) == (network.score_thresh, network.nms_thresh)
    assert (decoder.candidates, decoder.most) == (network.topk_candidates, network.detections_per_img)
    if model.published is not None:
        weights = get_model_weights(variant).COCO_V1
        parameters = sum(parameter.numel() for parameter in network.parameters())
        assert parameters == pytest.approx(weights.meta["num_params"], rel=0.002)
    if isinstance(decoder, PyramidDecoder):
        assert decoder.sizes == network.anchor_generator.sizes
        assert set(network.anchor_generator.aspect_ratios) == {decoder.ratios}
        assert (transform.shorter, transform.longer) == (network.transform.min_size[0], network.transform.max_size)
        return
    side = transform.side
    assert (side, side) == network.transform.fixed_size
    assert list(transform.mean) == pytest.approx(network.transform.image_mean)
    assert list(transform.std) == pytest.approx(network.transform.image_std)
    assert decoder.weights == network.box_coder.weights
    with torch.inference_mode():
        maps = list(network.backbone(torch.zeros(1, 3, side, side)).values())
    (wanted,) = network.anchor_generator(ImageList(torch.zeros(1, 3, side, side), [(side, side)]), maps)
    assert np.allclose(decoder.boxes.in_pixels(), wanted.numpy(), rtol=0, atol=1e-4)


LINE = PyramidDecoder((0, 1), ((16,),), ratios=(1.0,))
LITE = SSD.variant("ssdlite320_mobilenet_v3_large").task.decoder


@pytest.mark.parametrize(
    ("decoder", "outputs", "words"),
    [
        (LINE, [np.zeros((1, 3, 4, 4), np.float32), np.zeros((1, 4, 4, 4), np.float32)], "another variant"),
        (LINE, [np.zeros((1, 2, 4, 4), np.float32)], "expected 2 for 1"),
        (LINE, [np.zeros((2, 2, 4, 4), np.float32), np.zeros((2, 4, 4, 4), np.float32)], "expected 2 for 1"),
        (LINE, [np.full((1, 2, 4, 4), np.nan, np.float32), np.zeros((1, 4, 4, 4), np.float32)], "NaN"),
        (LITE, [np.zeros((1, 7, 91), np.float32), np.zeros((1, 7, 4), np.float32)], "another variant"),
        (LITE, [np.full((1, 3234, 91), np.inf, np.float32), np.zeros((1, 3234, 4), np.float32)], "infinity"),
    ],
)
def test_outputs_that_do_not_fit_are_said(
    decoder: PyramidDecoder | DefaultBoxDecoder, outputs: list[np.ndarray], words: str
) -> None:
    with pytest.raises(DataError, match=words):
        decoder(outputs, [Scaled((10, 20), (32, 32))])


def test_a_picture_without_candidates_has_no_objects() -> None:
    outputs = [np.full((1, 2, 4, 4), -9, np.float32), np.zeros((1, 4, 4, 4), np.float32)]
    (found,) = LINE(outputs, [Scaled((10, 20), (32, 32))])
    assert len(found.scores) == 0
    assert found.size == (10, 20)


def test_a_size_that_the_boxes_are_not_made_for_is_said() -> None:
    assert StretchTransform(300).resized(300).side == 300
    with pytest.raises(DataError, match="takes 300"):
        StretchTransform(300).resized(320)
