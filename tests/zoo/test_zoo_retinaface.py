"""RetinaFace has the names and the size of its published weights, and a new one calls nothing a face."""

from __future__ import annotations

import numpy as np
import pytest

from zoo.catalogue import load


def test_weights_have_the_published_names() -> None:
    network = load("face/retinaface").variant("retinaface_mobilenet025").build()
    names = network.state_dict()
    for name, shape in (
        ("body.stage1.0.0.weight", (8, 3, 3, 3)),
        ("body.stage2.0.3.weight", (128, 64, 1, 1)),
        ("fpn.output3.0.weight", (64, 256, 1, 1)),
        ("ssh1.conv7x7_3.1.running_mean", (16,)),
        ("ClassHead.2.conv1x1.weight", (4, 64, 1, 1)),
        ("LandmarkHead.0.conv1x1.bias", (20,)),
    ):
        assert tuple(names[name].shape) == shape
    assert sum(one.numel() for one in network.parameters()) == 426_608


@pytest.mark.parametrize("variant", ["retinaface_mobilenet025", "retinaface_resnet50"])
def test_a_new_network_gives_a_row_for_each_box(variant: str) -> None:
    import torch

    model = load("face/retinaface").variant(variant)
    with torch.inference_mode():
        boxes, scores, landmarks = model.build().eval()(torch.zeros(1, 3, 64, 96))
    count = 2 * (8 * 12 + 4 * 6 + 2 * 3)
    assert (boxes.shape, scores.shape, landmarks.shape) == ((1, count, 4), (1, count, 2), (1, count, 10))
    assert scores.sum(-1).numpy() == pytest.approx(np.ones((1, count)), abs=1e-6)
    assert float(scores[..., 1].max()) < 0.5
