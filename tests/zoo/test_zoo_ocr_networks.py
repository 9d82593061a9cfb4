"""The networks of the text models: names of their parameters, sizes, and results that no neighbour changes."""

from __future__ import annotations

import numpy as np
import pytest

from zoo.catalogue import load
from zoo.frameworks import pytorch
from zoo.weights import find_weights


@pytest.fixture(scope="module")
def crnn():
    return load("ocr/crnn")


@pytest.fixture(scope="module")
def dbnet():
    return load("ocr/dbnet")


def lively(network):
    """The network with norms and biases that do something."""
    import torch

    for module in network.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.running_mean.normal_()
            torch.nn.init.normal_(module.bias)
        elif isinstance(module, torch.nn.Conv2d) and module.bias is not None:
            torch.nn.init.normal_(module.bias)
    return network.eval()


@pytest.mark.parametrize("variant", ["crnn_narrow", "crnn", "english_g2"])
def test_a_word_alone_and_in_a_wider_batch(crnn, variant: str) -> None:
    import torch

    torch.manual_seed(0)
    task = crnn.variant(variant).task
    height, classes = task.transform.height, 1 + len(task.alphabet)
    network = lively(crnn.variant(variant).build())
    with torch.inference_mode():
        for width in (8, 9, 10, 11, 33, 100):
            word = torch.rand(1, 1, height, width) * 2 - 1
            alone = network(word)
            batch = torch.full((3, 1, height, 130), task.padding[0])
            batch[0] = torch.rand(1, height, 130)
            batch[1, :, :, :width] = word[0]
            together = network(batch)
            assert alone.shape == (1, width // task.stride + task.more, classes)
            np.testing.assert_allclose(together[1:2, : alone.shape[1]], alone, atol=1e-5)


def test_the_lstm_is_pytorchs_own(crnn) -> None:
    """Without filling, reading each direction by itself is nn.LSTM(bidirectional=True)."""
    import torch

    torch.manual_seed(1)
    layer = lively(crnn.variant("crnn_narrow").build()).rnn[0]
    x = torch.randn(2, 13, layer.rnn.input_size)
    with torch.inference_mode():
        np.testing.assert_allclose(
            layer(x, torch.ones(2, 13, dtype=torch.bool)), layer.embedding(layer.rnn(x)[0]), atol=1e-6
        )
        own = torch.arange(13) < torch.tensor([[13], [7]])
        packed = torch.nn.utils.rnn.pack_padded_sequence(x, [13, 7], batch_first=True)
        read, _ = torch.nn.utils.rnn.pad_packed_sequence(layer.rnn(packed)[0], batch_first=True)
        np.testing.assert_allclose(layer(x, own)[own], layer.embedding(read)[own], atol=1e-6)


def test_crnn_has_the_papers_size_and_the_usual_names(crnn) -> None:
    network = crnn.variant("crnn").build()
    assert sum(parameter.numel() for parameter in network.parameters()) == 8_331_301
    names = set(network.state_dict())
    assert {"cnn.conv0.weight", "cnn.batchnorm6.running_var", "rnn.0.rnn.weight_ih_l0_reverse"} <= names
    assert {"rnn.1.rnn.bias_hh_l0", "rnn.1.embedding.weight"} <= names
    assert len(names) == 49


def test_english_g2_has_the_size_and_the_names_of_easyocrs_file(crnn) -> None:
    state = crnn.variant("english_g2").build().state_dict()
    learned = [tensor.numel() for name, tensor in state.items() if "running" not in name and "num_batches" not in name]
    assert sum(learned) == 3_781_345
    assert {"FeatureExtraction.ConvNet.12.running_var", "FeatureExtraction.ConvNet.18.bias"} <= set(state)
    assert {"SequenceModeling.1.rnn.weight_hh_l0_reverse", "SequenceModeling.1.linear.bias"} <= set(state)
    assert tuple(state["Prediction.weight"].shape) == (97, 256)
    assert len(state) == 44


def test_a_word_of_any_shape_has_steps_of_its_own(crnn) -> None:
    from PIL import Image

    for size in ((1, 90), (40, 40), (3000, 20)):
        (array,), steps = crnn.variant("crnn_narrow").task.preprocess(Image.new("RGB", size))
        assert array.shape[2] == crnn.variant("crnn_narrow").task.length(Image.new("RGB", size)) <= 320
        assert steps == array.shape[2] // 4 + 1
    narrow = crnn.variant("crnn_narrow").task.adapted(64, 1)
    assert narrow.preprocess(Image.new("RGB", (3000, 20)))[0][0].shape == (1, 32, 64)


def test_dbnet_is_torchvisions_resnet18_below_the_pyramid(dbnet) -> None:
    import torch
    import torchvision

    torch.manual_seed(0)
    network = lively(dbnet.variant("dbnet_resnet18").build())
    theirs = lively(torchvision.models.resnet18(weights=None))
    own = network.backbone.state_dict()
    state = {name: tensor for name, tensor in theirs.state_dict().items() if not name.startswith("fc.")}
    assert own.keys() == state.keys()
    network.backbone.load_state_dict(state)
    image = torch.randn(1, 3, 64, 96)
    with torch.inference_mode():
        features = network.backbone(image)
        assert [tuple(x.shape[1:]) for x in features] == [(64, 16, 24), (128, 8, 12), (256, 4, 6), (512, 2, 3)]
        x = theirs.maxpool(theirs.relu(theirs.bn1(theirs.conv1(image))))
        x = theirs.layer4(theirs.layer3(theirs.layer2(theirs.layer1(x))))
        np.testing.assert_allclose(features[3], x, rtol=1e-4, atol=1e-4)
        probability = network(image)
    assert probability.shape == (1, 1, 64, 96)
    assert 0 <= probability.min() <= probability.max() <= 1
    assert "neck.lateral_convs.0.conv.weight" in network.state_dict()
    assert "det_head.binarize.0.weight" in network.state_dict()


def test_dbnet_takes_a_file_of_mmocr(dbnet, tmp_path) -> None:
    """The names of MMOCR 1.x as its sources give them, and its address with the beginning of the digest in the name."""
    import torch

    model = dbnet.variant("dbnet_resnet18")
    source = model.published_weights()
    assert source.url.endswith(f"-{source.sha256}.pth")
    assert dbnet.variant("dbnet_resnet18_narrow").published_weights() is None
    network = dbnet.variant("dbnet_resnet18").build()
    state = network.state_dict()
    heads = [f"det_head.{head}.{layer}" for head in ("binarize", "threshold") for layer in (0, 1, 3, 4, 6)]
    necks = [f"neck.{kind}_convs.{level}.conv" for kind in ("lateral", "smooth") for level in range(4)]
    assert {f"{name}.weight" for name in heads + necks} <= set(state)
    assert {name.partition(".")[0] for name in state} == {"backbone", "neck", "det_head"}
    assert not {f"{name}.bias" for name in (*necks, heads[0], heads[5])} & set(state)
    torch.save({"meta": {"epoch": 1200}, "state_dict": state}, tmp_path / "dbnet.pth")
    weights = find_weights(model, str(tmp_path / "dbnet.pth"))
    read = pytorch.load(model, weights, [])
    image = torch.randn(1, 3, 32, 32)
    with torch.inference_mode():
        assert torch.equal(read(image), network.eval()(image))


def test_where_training_has_ended_the_steps_are_sharp(dbnet) -> None:
    """The differentiable step is the paper's: 1 / (1 + exp(-50 (P - T)))."""
    import torch

    torch.manual_seed(0)
    network = dbnet.variant("dbnet_resnet18_narrow").build().eval()
    with torch.inference_mode():
        logits, threshold, binary = network.maps(torch.randn(1, 3, 32, 32))
    expected = 1 / (1 + (-50 * (logits.sigmoid() - threshold)).exp())
    np.testing.assert_allclose(binary, expected, atol=1e-6)
