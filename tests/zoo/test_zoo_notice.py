"""Whoever sees a prediction sees too what its weights are good for: printed, written, and below each picture."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from utils.draw.cartpole import Animation
from zoo.commands import predict, valid
from zoo.commands.notice import captioned, weights_notice
from zoo.family import Family
from zoo.manifest import Exported
from zoo.running.setting import Setting

pytest.importorskip("torch")

SAYS = {
    "sample": "weights trained on ",
    "random": "random weights: they prove the pipeline",
    "mixed": "weights chosen for each network",
    "pretrained": "",
}


@pytest.fixture(params=SAYS)
def export(request: pytest.FixtureRequest, lenet_export: Exported, tmp_path: Path) -> tuple[Path, str]:
    """An export whose manifest says that it is of these weights, and what has to be said of them."""
    for path in lenet_export.files():
        shutil.copy(path, tmp_path)
    manifest = tmp_path / lenet_export.manifest.name
    said = json.loads(manifest.read_text())
    said["weights"]["kind"] = request.param
    manifest.write_text(json.dumps(said))
    return tmp_path / lenet_export.dynamic.name, SAYS[request.param]


def test_it_is_said_wherever_a_prediction_is(
    lenet_family: Family, export: tuple[Path, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ckpt, notice = export
    words = ["--ckpt", str(ckpt), "--json", str(tmp_path / "out.json")]
    for command in (predict.single, predict.multi):
        assert command(lenet_family, [*words, "--save_dir", str(tmp_path / "drawn")]) == 0
        told = capsys.readouterr().err
        written = json.loads((tmp_path / "out.json").read_text())["notice"]
        assert notice in told
        assert written.startswith(notice)
        assert bool(notice) == bool(written) == ("weights" in told)
    assert valid.main(lenet_family, ["--ckpt", str(ckpt)]) == 0
    told = capsys.readouterr().out
    assert notice in told
    assert bool(notice) == ("weights" in told)


def test_weights_that_came_with_a_network_are_not_called_trained_on_the_sample(
    lenet_family: Family, lenet_export: Exported
) -> None:
    model = lenet_family.variant()
    for one, notice in ((model, "weights trained on "), (replace(model, given=True), "weights as they came with ")):
        setting = Setting(one, ckpt=lenet_export.dynamic)
        assert weights_notice(setting).startswith(notice)


def test_it_stands_below_each_frame() -> None:
    picture = Image.fromarray(np.zeros((40, 300, 3), np.uint8))
    notice = "random weights: they prove the pipeline, and what is predicted means nothing"
    below = captioned(picture, notice)
    assert below.width == 300
    strip = np.asarray(below)[40:]
    assert strip.shape[0] >= 12
    assert (strip < 128).any()
    assert np.array_equal(np.asarray(below)[:40], np.asarray(picture))
    assert captioned(picture, "") is picture
    moving = captioned(Animation([picture, picture], [10, 10]), notice)
    assert [np.asarray(frame).tolist() for frame in moving.frames] == [np.asarray(below).tolist()] * 2
    assert moving.milliseconds == [10, 10]
