"""LPRNet: its shapes and names, plates that no neighbour changes, and the reading of its last class as the blank."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from PIL import Image

from utils.datasets.ocr_words import read_words
from zoo.catalogue import load
from zoo_core.errors import DataError


@pytest.fixture(scope="module")
def model():
    return load("ocr/lprnet").variant()


def test_size_names_and_shape(model) -> None:
    import torch

    network = model.build().eval()
    assert sum(parameter.numel() for parameter in network.parameters()) == 446_976
    names = set(network.state_dict())
    assert {"backbone.4.block.6.weight", "backbone.11.block.2.bias", "backbone.21.running_var"} <= names
    assert tuple(network.state_dict()["container.0.weight"].shape) == (68, 516, 1, 1)
    assert network(torch.zeros(2, 3, 24, 94)).shape == (2, 18, 68)


def test_a_plate_alone_and_beside_others(model) -> None:
    """The authors take the mean of squares over the whole batch; a plate of its own is read as in a batch of one."""
    import torch

    torch.manual_seed(0)
    network = model.build().eval()
    plates = torch.rand(3, 3, 24, 94) * torch.tensor([0.1, 1.0, 2.0]).reshape(3, 1, 1, 1)
    with torch.inference_mode():
        together = network(plates)
        for number in range(3):
            torch.testing.assert_close(network(plates[number : number + 1])[0], together[number])


def test_the_last_class_is_the_blank(model) -> None:
    task = model.task
    assert len(task.alphabet) == 67 == len(set(task.alphabet))
    assert not task.one_by_one
    scores = np.zeros((1, 18, 68), np.float32)
    path = [67, task.alphabet.index("京"), 67, task.alphabet.index("A"), task.alphabet.index("A"), 67]
    scores[0, range(18), path + [67] * 12] = 9
    (word,) = task.postprocess([scores], [None])
    assert word.text == "京A"
    metric = task.metric()
    metric.update([word], ["京A"])
    assert metric.compute()["word_accuracy"] == 1


def test_a_picture_is_squeezed_blue_first(model) -> None:
    pixels = np.random.RandomState(0).randint(0, 256, (40, 120, 3), dtype=np.uint8)
    (array,), steps = model.task.preprocess(Image.fromarray(pixels))
    expected = (cv2.resize(pixels[:, :, ::-1], (94, 24)).astype(np.float32) - 127.5) * 0.0078125
    np.testing.assert_array_equal(array, expected.transpose(2, 0, 1))
    assert steps is None
    with pytest.raises(DataError, match="24 x 94 pixels only"):
        model.task.adapted(64, 1)


def test_the_sample_plates_can_be_said(model) -> None:
    plates = read_words(model.data("sample"))
    assert len(plates) == 60
    assert all(len(one.truth) == 6 and set(one.truth) <= set(model.task.alphabet) for one in plates)
