"""Networks that detect text: names and sizes, files of other projects, and weights that find the texts of a scene."""

from __future__ import annotations

import numpy as np
import pytest

from utils.datasets.folder import files_in
from utils.datasets.samples.text_scenes import level, render_scene
from utils.metrics.text_detection import TextDetectionMetric
from utils.preprocess.pytorch.scaled import Scaled
from zoo.catalogue import load
from zoo.frameworks import pytorch
from zoo.running.reference import build, reference_runner
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


@pytest.fixture(scope="module")
def deeptext():
    model = load("ocr/deeptext").variant()
    return model, build(model, find_weights(model, "random"), None)


def test_deeptexts_two_graphs_find_what_torchvisions_own_network_finds(deeptext) -> None:
    from PIL import Image
    from torchvision.transforms.functional import pil_to_tensor

    model, network = deeptext
    paths = files_in(model.demo_folder(), (".jpg",))
    found = 0
    with reference_runner(model, network) as runner, torch.inference_mode():
        for path in paths:
            arrays, meta = model.task.preprocess(path)
            (texts,) = model.task.postprocess(runner([array[None] for array in arrays]), [meta])
            (own,) = network([pil_to_tensor(Image.open(path).convert("RGB")).float() / 255])
            boxes, scores = own["boxes"].numpy(), own["scores"].numpy()
            assert len(texts) == len(boxes)
            for text in texts:
                box = np.concatenate([text.polygon[0], text.polygon[2]])
                nearest = np.abs(boxes - box).max(axis=1).argmin()
                np.testing.assert_allclose(box, boxes[nearest], atol=0.01)
                assert text.score == pytest.approx(scores[nearest], abs=1e-4)
            found += len(texts)
    assert found > 0


def test_deeptext_has_the_papers_sizes(deeptext) -> None:
    network = load("ocr/deeptext").build("deeptext_vgg16")
    head = network.rpn.head
    assert head.cls_logits.weight.shape == (24, 640, 1, 1)
    assert head.bbox_pred.weight.shape == (96, 640, 1, 1)
    assert network.roi_heads.box_head.fc6.weight.shape == (4096, 512 * 49)
    part = load("ocr/deeptext").variant("deeptext_vgg16").parts[0]
    assert [spec.shape[1] for spec in part.outputs] == [512, 24, 96]


def test_a_text_of_deeptext_is_its_box_clockwise(deeptext) -> None:
    model, _ = deeptext
    logits, offsets = np.array([[0, 9]], np.float32), np.zeros((1, 8), np.float32)
    regions = np.array([[20, 40, 120, 80]], np.float32)
    outputs = [logits, offsets, regions, np.array([1], np.int64)]
    ((text,),) = model.task.postprocess(outputs, [Scaled((200, 100), (200, 400))])
    np.testing.assert_allclose(text.polygon, [[10, 20], [60, 20], [60, 40], [10, 40]], atol=1e-3)
    assert text.score > 0.99
    assert model.task.describe([text], 5) == "1 text (1.00)"


def test_ctpn_finds_level_texts_that_it_never_saw() -> None:
    assert found_in("ocr/ctpn", angles=level) > 0.85


def test_ctpn_reads_a_row_as_pytorchs_lstm_does_and_rows_do_not_touch() -> None:
    network = load("ocr/ctpn").variant().build().eval()
    x = torch.randn(2, network.rnn.input_size, 3, 7)
    with torch.inference_mode():
        read = network._along_rows(x)
        for picture in range(2):
            for row in range(3):
                own, _ = network.rnn(x[picture, :, row].T[None])
                torch.testing.assert_close(read[picture, :, row], own[0].T)


def test_ctpn_has_the_papers_sizes() -> None:
    network = load("ocr/ctpn").variant("ctpn_vgg16").build().eval()
    state = network.state_dict()
    assert state["window.0.weight"].shape == (512, 512, 3, 3)
    assert state["rnn.weight_hh_l0_reverse"].shape == (4 * 128, 128)
    assert state["full.0.weight"].shape == (512, 256, 1, 1)
    with torch.inference_mode():
        scores, heights, sides = network(torch.randn(1, 3, 64, 96))
    assert (scores.shape, heights.shape, sides.shape) == ((1, 10, 4, 6), (1, 20, 4, 6), (1, 10, 4, 6))
    decoders = [load("ocr/ctpn").variant(name).task.polygons for name in ("ctpn_vgg16", "ctpn_narrow")]
    assert [decoder.gap for decoder in decoders] == [50, 24]
