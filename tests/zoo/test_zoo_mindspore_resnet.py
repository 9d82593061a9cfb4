"""ResNet defined in MindSpore: with torchvision's weights, every format says what torchvision's network says."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from engine import backends
from engine.base import Engine
from zoo import catalogue, frameworks
from zoo.difference import outputs_difference
from zoo.exporting.export import ExportOptions, export
from zoo.weights import Weights

if not backends.targets()["mindspore"].availability().usable:
    pytest.skip("mindspore is not installed", allow_module_level=True)
torch, torchvision = pytest.importorskip("torch"), pytest.importorskip("torchvision")


def test_checkpoint_mindir_onnx_and_torchvision_agree(tmp_path: Path) -> None:
    from safetensors.torch import save_file

    torch.manual_seed(0)
    theirs = torchvision.models.resnet18(weights=None)
    with torch.no_grad():  # statistics of a trained network, roughly
        for _ in range(3):
            theirs(torch.randn(4, 3, 64, 64))
    save_file(theirs.eval().state_dict(), tmp_path / "theirs.safetensors")
    model = catalogue.load("classification/resnet_mindspore").variant("resnet18")
    options = ExportOptions(weights=str(tmp_path / "theirs.safetensors"), formats=("onnx", "mindir", "ckpt"))
    made = export(model, tmp_path / "made", options)
    framework = frameworks.of(model)
    engines = {
        "ckpt": framework.engine(model.part, framework.load(model, Weights("file", made.paths["ckpt"]), [])),
        "mindir": Engine(made.paths["mindir"], target="mindspore"),
        "onnx": Engine(made.dynamic),
    }
    random = np.random.RandomState(0)
    for rows, height, width in ((1, 64, 64), (3, 96, 64)):
        pixels = random.standard_normal((rows, 3, height, width)).astype(np.float32)
        with torch.inference_mode():
            expected = theirs(torch.from_numpy(pixels)).numpy()
        for name, engine in engines.items():
            assert outputs_difference([expected], [engine(pixels)]).relative < 1e-4, (name, rows, height)
    for engine in engines.values():
        engine.release()
