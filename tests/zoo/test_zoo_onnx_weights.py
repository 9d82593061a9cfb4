"""Weights of a published ONNX file in a PyTorch network: folded norms, norms as they are, and files that do not fit."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from zoo import catalogue
from zoo.errors import ZooError
from zoo.frameworks.onnx_weights import state_from_onnx

MIRROR = os.environ.get("TECO_ZOO_MIRROR") or next(
    (str(one / "shared/real") for one in Path(__file__).resolve().parents if (one / "shared/real").is_dir()), ""
)


def network(width: int = 4, extra: bool = False, epsilon: float = 1e-5) -> Any:
    """Two convolutions with norms, the second one transposed, a norm by itself before both, and a plain one."""
    import torch
    from torch import nn

    layers = [
        nn.Conv2d(3, width, 3, padding=1, bias=False),
        nn.BatchNorm2d(width),
        nn.ReLU(),
        nn.ConvTranspose2d(width, 5, 2, stride=2, bias=False),
        nn.BatchNorm2d(5, eps=epsilon),
        nn.ReLU(),
        nn.Conv2d(5, 2, 1),
        *([nn.Conv2d(2, 2, 1)] if extra else []),
    ]
    made = nn.Sequential(*layers)
    with torch.no_grad():
        for name, value in made.state_dict().items():
            if value.is_floating_point():
                value.copy_(torch.rand(value.shape) + (0.5 if name.endswith("var") else -0.3))
    return made.eval()


@pytest.fixture(params=[True, False], ids=["folded", "as they are"])
def published(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Path, Any]:
    """An ONNX file, and the network that it was written from."""
    import torch

    torch.manual_seed(0)
    made = network(epsilon=0.1)
    training = torch.onnx.TrainingMode.EVAL if request.param else torch.onnx.TrainingMode.PRESERVE
    torch.onnx.export(
        made, torch.zeros(1, 3, 8, 8), tmp_path / "a.onnx", dynamo=False, training=training, do_constant_folding=True
    )
    return tmp_path / "a.onnx", made


def test_the_network_says_the_same(published: tuple[Path, Any]) -> None:
    import torch

    path, source = published
    own = network()
    state = state_from_onnx(path, network, (1, 3, 8, 8))
    assert {*state} == {name for name in own.state_dict() if not name.endswith("tracked")}
    own.load_state_dict({name: torch.as_tensor(value) for name, value in state.items()}, strict=False)
    picture = torch.rand(2, 3, 16, 16)
    with torch.inference_mode():
        np.testing.assert_allclose(own.eval()(picture), source(picture), rtol=1e-5, atol=1e-6)


def test_another_network_is_a_sentence(published: tuple[Path, Any]) -> None:
    path, _ = published
    with pytest.raises(ZooError, match=r"0 has a weight of \[6, 3, 3, 3\], the file's layer there one of \[4, 3, 3"):
        state_from_onnx(path, lambda: network(6), (1, 3, 8, 8))
    with pytest.raises(ZooError, match="7 is a Conv2d, and the file has no more"):
        state_from_onnx(path, lambda: network(extra=True), (1, 3, 8, 8))
    with pytest.raises(ZooError, match="layers more than the network"):
        state_from_onnx(path, lambda: network()[:3], (1, 3, 8, 8))
    with pytest.raises(ZooError, match="no batch norm for 0, nor a convolution"):
        state_from_onnx(path, _norm_first, (1, 3, 8, 8))


def _norm_first() -> Any:
    from torch import nn

    return nn.Sequential(nn.BatchNorm2d(3), *network())


def test_a_file_that_is_none(tmp_path: Path) -> None:
    (tmp_path / "a.onnx").write_bytes(b"<html>not found</html>")
    with pytest.raises(ZooError, match="is neither an ONNX file"):
        state_from_onnx(tmp_path / "a.onnx", network)


def test_a_weight_that_is_computed_is_a_sentence(tmp_path: Path) -> None:
    import onnx
    from onnx import TensorProto, helper

    node = helper.make_node("Conv", ["x", "w"], ["y"])
    sizes = {"x": (1, 3, 8, 8), "w": (4, 3, 3, 3), "y": (1, 4, 6, 6)}
    values = [helper.make_tensor_value_info(name, TensorProto.FLOAT, size) for name, size in sizes.items()]
    onnx.save(helper.make_model(helper.make_graph([node], "a", values[:2], values[2:])), tmp_path / "a.onnx")
    with pytest.raises(ZooError, match="Conv takes w, which is no weight"):
        state_from_onnx(tmp_path / "a.onnx", network)


@pytest.mark.skipif(not MIRROR, reason="neither a folder shared/real nor TECO_ZOO_MIRROR has the published files")
@pytest.mark.parametrize("asked", ["yolox_nano", "face/centerface/centerface"])
def test_the_published_file_says_the_same(asked: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The zoo's network with the published weights against the published graph itself."""
    import onnxruntime
    import torch

    from zoo.frameworks import pytorch
    from zoo.frameworks.onnx import read_graph, with_shapes
    from zoo.weights import find_weights

    monkeypatch.setenv("TECO_ZOO_MIRROR", MIRROR)
    monkeypatch.setenv("TECO_ZOO_HOME", str(tmp_path))
    family, name = catalogue.find(asked)
    model = family.variant(name)
    weights = find_weights(model, "pretrained")
    (shape,) = model.part.shapes(1, {"height": 416, "width": 416})
    picture = np.random.default_rng(0).uniform(0, 255, shape).astype(np.float32)
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    graph = with_shapes(read_graph(weights.path), [["batch", 3, "height", "width"]])
    session = onnxruntime.InferenceSession(graph.SerializeToString(), options)
    want = session.run(None, {session.get_inputs()[0].name: picture})
    with torch.inference_mode():
        got = pytorch.load(model, weights, [])(torch.from_numpy(picture))
    for one, other in zip(got if isinstance(got, tuple) else [got], want, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-4)


@pytest.mark.skipif(not MIRROR, reason="neither a folder shared/real nor TECO_ZOO_MIRROR has the published files")
def test_yunet_says_what_the_published_file_says_for_each_stride(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import onnxruntime
    import torch

    from zoo.frameworks import pytorch
    from zoo.weights import find_weights

    monkeypatch.setenv("TECO_ZOO_MIRROR", MIRROR)
    monkeypatch.setenv("TECO_ZOO_HOME", str(tmp_path))
    model = catalogue.load("face/yunet").variant()
    weights = find_weights(model, "pretrained")
    picture = np.random.default_rng(0).uniform(0, 255, (1, 3, 64, 96)).astype(np.float32)
    session = onnxruntime.InferenceSession(str(weights.path))
    names = [output.name for output in session.get_outputs()]
    want = dict(zip(names, session.run(None, {"input": picture}), strict=True))
    with torch.inference_mode():
        got = pytorch.load(model, weights, [])(torch.from_numpy(picture))
    for kind, one in zip(("cls", "obj", "bbox", "kps"), got, strict=True):
        other = np.concatenate([want[f"{kind}_{stride}"] for stride in (8, 16, 32)], axis=1)
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-5)
