"""YOLOX: the published shapes and names, cells in the order of the decoder, and the authors' files are taken."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from utils.postprocess.pytorch.detection import grid
from zoo.catalogue import load
from zoo.errors import ZooError
from zoo.family import Family
from zoo.frameworks import pytorch
from zoo.model import Pretrained
from zoo.weights import find_weights
from zoo_core.errors import DataError

# The authors' table: millions of parameters.
PARAMETERS = {"yolox_nano": 0.91, "yolox_tiny": 5.06, "yolox_s": 9.0}
# Names in the published files; a 3 x 3 block of nano is two.
NAMES = {
    "yolox_nano": ("backbone.backbone.dark2.0.dconv.conv.weight", "head.reg_convs.2.1.pconv.bn.running_mean"),
    "yolox_s": ("backbone.backbone.dark2.0.conv.weight", "head.reg_convs.2.1.bn.running_mean"),
}
COMMON = (
    "backbone.backbone.stem.conv.conv.weight",
    "backbone.backbone.dark3.1.conv3.bn.weight",
    "backbone.backbone.dark4.1.m.2.conv1.conv.weight",
    "backbone.backbone.dark5.1.conv2.conv.weight",
    "backbone.lateral_conv0.conv.weight",
    "backbone.C3_p4.m.0.conv1.bn.bias",
    "backbone.reduce_conv1.bn.num_batches_tracked",
    "backbone.C3_n4.conv1.conv.weight",
    "head.stems.0.conv.weight",
    "head.cls_preds.2.bias",
    "head.obj_preds.1.weight",
)


@pytest.fixture(scope="module")
def yolox() -> Family:
    return load("detection/yolox")


@pytest.mark.parametrize("variant", PARAMETERS)
def test_as_many_parameters_as_published(yolox: Family, variant: str) -> None:
    millions = sum(parameter.numel() for parameter in yolox.variant(variant).build().parameters()) / 1e6
    assert round(millions, 1 if variant == "yolox_s" else 2) == PARAMETERS[variant]


@pytest.mark.parametrize("variant", NAMES)
def test_the_published_names(yolox: Family, variant: str) -> None:
    state = yolox.variant(variant).build().state_dict()
    assert {*COMMON, *NAMES[variant]} <= set(state)
    assert state["head.cls_preds.0.weight"].shape[0] == 80
    assert {name.partition(".")[0] for name in state} == {"backbone", "head"}


def test_a_file_as_the_authors_write_it_is_taken(yolox: Family, tmp_path: Path) -> None:
    import torch

    nano = yolox.variant("yolox_nano")
    network = nano.build().eval()
    content = {"start_epoch": 300, "model": network.state_dict(), "optimizer": {"state": {}, "param_groups": []}}
    torch.save(content, tmp_path / "yolox_nano.pth")
    weights = find_weights(nano, str(tmp_path / "yolox_nano.pth"))
    read = pytorch.load(nano, weights, [])
    picture = torch.full((1, 3, 64, 64), 114.0)
    with torch.inference_mode():
        assert torch.equal(read(picture), network(picture))
    with pytest.raises(ZooError, match="does not fit the network"):
        pytorch.load(yolox.variant("yolox_sample"), weights, [])


def test_rows_are_in_the_order_of_the_decoders_cells(yolox: Family) -> None:
    """On an input that is not square; a probability is where the decoder looks for it."""
    import torch

    network = yolox.variant("yolox_sample").build().eval()
    seen: dict[str, Any] = {}
    for kind in ("reg_preds", "obj_preds", "cls_preds"):
        for level, layer in enumerate(getattr(network.head, kind)):
            layer.register_forward_hook(lambda _, __, made, key=(kind, level): seen.update({key: made}))
    with torch.inference_mode():
        rows = network(torch.rand(2, 3, 64, 96) * 255)[1].numpy()
    corners, strides = grid(64, 96)
    assert len(rows) == len(corners)
    for row, (column, line), stride in zip(rows, corners.astype(int), strides[:, 0], strict=True):
        level = {8: 0, 16: 1, 32: 2}[int(stride)]
        here = [seen[kind, level][1, :, line, column] for kind in ("reg_preds", "obj_preds", "cls_preds")]
        want = torch.cat([here[0], here[1].sigmoid(), here[2].sigmoid()])
        np.testing.assert_allclose(row, want.numpy(), rtol=1e-6)


def test_variants_have_their_own_classes_and_sizes(yolox: Family) -> None:
    sample, nano, small = (yolox.variant(name) for name in ("yolox_sample", "yolox_nano", "yolox_s"))
    assert len(sample.task.labels) == 4
    assert len(nano.task.labels) == 80
    assert [model.part.outputs[0].shape[-1] for model in (sample, nano, small)] == [9, 85, 85]
    assert [model.part.shapes(2)[0] for model in (nano, small)] == [[2, 3, 416, 416], [2, 3, 640, 640]]
    for model in (sample, nano, small):
        assert model.task.transform.size == model.part.size["height"] == model.part.size["width"]


def test_where_the_published_weights_are(yolox: Family) -> None:
    for variant in PARAMETERS:
        source = yolox.variant(variant).published_weights()
        assert isinstance(source, Pretrained)
        assert len(source.sha256 or "") == 64
        if variant == "yolox_nano":  # the ONNX file of the same weights, at an address that states a commit
            continue
        assert source.url == f"https://github.com/Megvii-BaseDetection/YOLOX/releases/download/0.1.1rc0/{variant}.pth"
    with pytest.raises(ZooError, match=r"variant yolox_sample of detection/yolox has no published .* --weights sample"):
        find_weights(yolox.variant("yolox_sample"), "pretrained")
    with pytest.raises(ZooError, match="use --weights pretrained, random or a file"):
        find_weights(yolox.variant("yolox_s"), "sample")


def test_what_a_person_sees(yolox: Family) -> None:
    from utils.postprocess.pytorch.detection import Detections

    task = yolox.variant("yolox_sample").task
    boxes = np.array([[1, 2, 30, 40.6], [5, 5, 20, 20], [5, 5, 20, 13], [7, 7, 9, 9]], np.float32)
    found = Detections(boxes, np.array([0.91, 0.5, 0.4, 0.1], np.float32), np.array([0, 3, 3, 1]), (64, 48))
    assert task.describe(found, 1) == "1 disc, 1 cross: disc 0.910 [1 2 30 41], cross 0.500 [5 5 20 20]"
    said = task.to_json(found)
    assert said["size"] == [64, 48]
    assert [entry["label"] for entry in said["objects"]] == ["disc", "cross"]
    assert said["objects"][0]["box"] == pytest.approx([1, 2, 30, 40.6])
    nothing = Detections(boxes[:0], np.zeros(0, np.float32), np.zeros(0, int), (64, 48))
    assert task.describe(nothing, 1) == "nothing with a score of 0.3 or more"
    with pytest.raises(DataError, match="multiples of 32"):
        task.adapted(100, 1)
