"""Networks that detect text: names and sizes, files of other projects, and weights that find the texts of a scene."""

from __future__ import annotations

import numpy as np
import pytest

from utils.datasets.samples.text_scenes import render_scene
from utils.metrics.text_detection import TextDetectionMetric
from zoo.catalogue import load
from zoo.frameworks import pytorch
from zoo.weights import find_weights

torch = pytest.importorskip("torch")


def found_in(name: str, **drawn) -> float:
    """The harmonic mean of the shipped weights over six scenes of a seed that nobody has."""
    model = load(name).variant()
    network = pytorch.load(model, find_weights(model, "sample"), [])
    metric, random = TextDetectionMetric(), np.random.RandomState(77_000)
    for _ in range(6):
        image, regions = render_scene((320, 320), random, **drawn)
        (array,), fit = model.task.preprocess(image)
        with torch.inference_mode():
            said = network(torch.from_numpy(array)[None])
        outputs = [one.numpy() for one in (said if isinstance(said, tuple) else (said,))]
        metric.update(model.task.postprocess(outputs, [fit]), [regions])
    return metric.compute()["hmean"]


def test_psenet_finds_texts_that_it_never_saw() -> None:
    assert found_in("ocr/psenet") > 0.85


def test_psenet_takes_a_file_of_mmocr(tmp_path) -> None:
    """The names of MMOCR 1.x as its sources give them, and its address with the beginning of the digest in the name."""
    model = load("ocr/psenet").variant("psenet_resnet50")
    source = model.published_weights()
    assert source.url.endswith(f"-{source.sha256}.pth")
    assert load("ocr/psenet").variant().published_weights() is None
    network = model.build()
    state = network.state_dict()
    necks = [f"neck.lateral_convs.{level}" for level in range(4)] + [f"neck.fpn_convs.{level}" for level in range(3)]
    for name in (*necks, "neck.output_convs"):
        assert {f"{name}.conv.weight", f"{name}.bn.running_var"} <= set(state)
        assert f"{name}.conv.bias" not in state
    assert tuple(state["neck.output_convs.conv.weight"].shape) == (256, 1024, 3, 3)
    assert tuple(state["det_head.out_conv.weight"].shape) == (7, 256, 1, 1)
    assert {name.partition(".")[0] for name in state} == {"backbone", "neck", "det_head"}
    torch.save({"meta": {"epoch": 600}, "state_dict": state}, tmp_path / "psenet.pth")
    read = pytorch.load(model, find_weights(model, str(tmp_path / "psenet.pth")), [])
    image = torch.randn(1, 3, 32, 32)
    with torch.inference_mode():
        assert torch.equal(read(image), network.eval()(image))


def test_psenet_has_the_names_of_torchvisions_resnet50_and_the_stride_of_the_first_one() -> None:
    import torchvision

    backbone = load("ocr/psenet").variant("psenet_resnet50").build().backbone
    theirs = torchvision.models.resnet50(weights=None)
    names = {name: one.shape for name, one in theirs.state_dict().items() if not name.startswith("fc.")}
    assert {name: one.shape for name, one in backbone.state_dict().items()} == names
    assert (backbone.layer2[0].conv1.stride, backbone.layer2[0].conv2.stride) == ((2, 2), (1, 1))
    features = backbone.eval()(torch.randn(1, 3, 64, 96))
    assert [tuple(x.shape[1:]) for x in features] == [(256, 16, 24), (512, 8, 12), (1024, 4, 6), (2048, 2, 3)]


def test_psenets_maps_are_as_large_as_the_picture() -> None:
    network = load("ocr/psenet").variant().build().eval()
    with torch.inference_mode():
        maps = network(torch.randn(2, 3, 64, 96))
    assert maps.shape == (2, 7, 64, 96)
    assert 0 <= maps.min() <= maps.max() <= 1


def test_advanced_east_finds_texts_that_it_never_saw() -> None:
    assert found_in("ocr/advanced_east") > 0.85


def test_advanced_easts_full_backbone_is_torchvisions_vgg16() -> None:
    import torchvision

    network = load("ocr/advanced_east").variant("advanced_east_vgg16").build().eval()
    theirs = torchvision.models.vgg16(weights=None).features.eval()
    assert network.backbone.state_dict().keys() == theirs.state_dict().keys()
    network.backbone.load_state_dict(theirs.state_dict())
    image = torch.randn(1, 3, 64, 96)
    with torch.inference_mode():
        torch.testing.assert_close(network.backbone(image), theirs(image))
        codes, corners = network(image)
    assert (codes.shape, corners.shape) == ((1, 3, 16, 24), (1, 4, 16, 24))
    assert 0 <= codes.min() <= codes.max() <= 1
