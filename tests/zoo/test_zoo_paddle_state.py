"""Networks defined in Paddle that share their weights with those of PyTorch: both, and the ONNX file, say the same."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.base import Engine
from zoo import catalogue, frameworks
from zoo.difference import outputs_difference
from zoo.errors import ZooError
from zoo.exporting.export import ExportOptions, export
from zoo.frameworks.paddle_state import paddle_state
from zoo.weights import find_weights
from zoo_core.hashing import sha256

paddle = pytest.importorskip("paddle")
torch = pytest.importorskip("torch")


def pictures(rows: int) -> np.ndarray:
    return np.random.RandomState(rows).rand(rows, 3, 96, 64).astype(np.float32)


def reviews(rows: int) -> np.ndarray:
    ids = np.random.RandomState(rows).randint(1, 60, (rows, 17)).astype(np.int64)
    ids[-1, 9:] = 0  # filled up
    return ids


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("segmentation/unet", pictures),
        ("detection/yolox", lambda rows: 255 * pictures(rows)),
        ("nlp/textcnn", reviews),
    ],
)
def test_paddle_pytorch_and_onnx_agree(name: str, given: Any, tmp_path: Path) -> None:
    pytest.importorskip("paddle2onnx")
    ours = catalogue.load(f"{name}_paddle").variant()
    theirs = catalogue.load(name).variant(ours.variant)
    assert sha256(ours.sample_weights) == sha256(theirs.sample_weights)
    assert ours.task.source_identity == theirs.task.source_identity  # the vocabulary too
    engines = [
        frameworks.of(one).engine(one.part, frameworks.of(one).load(one, find_weights(one, "sample"), []))
        for one in (theirs, ours)
    ]
    engines.append(Engine(export(ours, tmp_path, ExportOptions()).dynamic))
    for rows in (1, 3):
        expected, *others = (engine(given(rows)) for engine in engines)
        for found in others:
            assert outputs_difference([expected], [found]).relative < 1e-5, rows
    for engine in engines:
        engine.release()


def network() -> Any:
    return paddle.nn.Sequential(
        paddle.nn.Conv2D(3, 4, 3),
        paddle.nn.BatchNorm2D(4),
        paddle.nn.Conv2DTranspose(4, 6, 2, stride=2),
        paddle.nn.AdaptiveAvgPool2D(1),
        paddle.nn.Flatten(),
        paddle.nn.Linear(6, 6),  # square, so that no shape tells which way round it is
        paddle.nn.LayerNorm(6),
    )


def other() -> Any:
    nn = torch.nn
    made = nn.Sequential(
        nn.Conv2d(3, 4, 3),
        nn.BatchNorm2d(4),
        nn.ConvTranspose2d(4, 6, 2, stride=2),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(6, 6),
        nn.LayerNorm(6),
    )
    made(torch.randn(8, 3, 16, 16))  # its batch norm has seen something
    return made.eval()


@pytest.mark.parametrize("suffix", [".pth", ".safetensors"])
def test_each_kind_of_layer_says_the_same(suffix: str, tmp_path: Path) -> None:
    from safetensors.torch import save_file

    torch.manual_seed(0)
    theirs, path = other(), tmp_path / f"net{suffix}"
    if suffix == ".pth":
        torch.save({"model": theirs.state_dict()}, path)
    else:
        save_file(theirs.state_dict(), str(path))
    ours = network()
    state = paddle_state(path, network)
    assert set(state) == set(ours.state_dict())
    ours.set_state_dict({name: paddle.to_tensor(array) for name, array in state.items()})
    ours.eval()
    given = np.random.RandomState(0).rand(2, 3, 16, 16).astype(np.float32)
    with torch.inference_mode():
        expected = theirs(torch.from_numpy(given)).numpy()
    assert outputs_difference([expected], [ours(paddle.to_tensor(given)).numpy()]).relative < 1e-5


def test_what_has_no_place_is_named(tmp_path: Path) -> None:
    from dataclasses import replace

    from safetensors.torch import save_file

    state = other().state_dict()
    state["head.weight"] = torch.ones(2, 2)
    del state["5.weight"]
    save_file(state, str(tmp_path / "net.safetensors"))
    model = replace(catalogue.load("segmentation/unet_paddle").variant(), build=network)
    weights = replace(
        find_weights(model, "sample"),
        path=tmp_path / "net.safetensors",
        convert=lambda path: paddle_state(path, network),
    )
    with pytest.raises(ZooError, match=r"missing \(1\): 5.weight; unexpected \(1\): head.weight"):
        frameworks.of(model).load(model, weights, [])


def test_a_damaged_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "net.pth"
    path.write_bytes(b"no checkpoint at all")
    with pytest.raises(ZooError, match=r"net\.pth"):
        paddle_state(path, network)
