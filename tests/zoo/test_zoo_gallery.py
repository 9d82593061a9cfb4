"""zoo gallery and zoo compare: pages of what networks drew, and two networks side by side."""

from __future__ import annotations

import html
import json
import re
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from zoo import catalogue
from zoo.__main__ import main as zoo
from zoo.accuracy.sidebyside import _incomparable
from zoo.commands import gallery, sheet
from zoo.commands.pages import PICTURE_BYTES, keep_small
from zoo.commands.sheet import write_sheet
from zoo.errors import ZooError
from zoo.exporting.export import ExportOptions, export
from zoo.manifest import Exported
from zoo.running.setting import Setting
from zoo.tasks.speech_enhancement import Heard

DEMOS = catalogue.EXAMPLES / "classification" / "lenet" / "demos"


def test_a_page_that_is_kept_where_nothing_has_changed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["gallery", "classification/lenet", "nothing/here", "--output", str(tmp_path)]

    def run() -> tuple[str, str]:
        assert zoo(words) == 1
        out, err = capsys.readouterr()
        assert "nothing/here: no model is called 'nothing/here'" in err
        return out, (tmp_path / "index.html").read_text(encoding="utf-8")

    out, page = run()
    assert "[1/2] classification/lenet: 0 (1.000)" in out
    (name,) = re.findall(r'<img alt="" src="([^"]+)"', page)
    picture = tmp_path / html.unescape(name)
    assert picture.stat().st_size <= PICTURE_BYTES
    assert "LeNet-5 (digit_0.png)</small><br>0 (1.000) (weights trained on" in page
    assert "<h2>Not shown</h2><ul><li>nothing/here: no model is called" in page
    before = picture.read_bytes()
    out, again = run()
    assert "[1/2] classification/lenet: unchanged" in out
    assert again == page
    picture.write_bytes(b"another picture")
    out, again = run()
    assert "[1/2] classification/lenet: 0 (1.000)" in out
    assert (again, picture.read_bytes()) == (page, before)
    entry = json.loads(next((tmp_path / "entries").iterdir()).read_text())
    assert gallery._whole(entry, tmp_path)
    del entry["said"]
    assert not gallery._whole(entry, tmp_path)


def test_an_overview_is_one_small_picture(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    digits = sorted(DEMOS.glob("*.png"))[:5]
    write_sheet([(path, path.stem) for path in digits], tmp_path / "all.webp")
    with Image.open(tmp_path / "all.webp") as drawn:
        assert (drawn.format, drawn.size) == ("WEBP", (1000, 448))
    whole = (tmp_path / "all.webp").stat().st_size
    assert whole <= sheet.SHEET_BYTES
    monkeypatch.setattr(sheet, "SHEET_BYTES", whole - 1)
    write_sheet([(path, path.stem) for path in digits], tmp_path / "smaller.webp")
    assert (tmp_path / "smaller.webp").stat().st_size < whole
    monkeypatch.setattr(sheet, "SHEET_BYTES", 100)
    for files, name, words in (
        ([], "a.webp", "at least one picture"),
        (digits, "a.jpg", "is a .webp file"),
        (digits, "a.webp", "too many"),
    ):
        with pytest.raises(ZooError, match=words):
            write_sheet([(path, "") for path in files], tmp_path / name)
        assert not (tmp_path / name).exists()


@pytest.mark.parametrize("side", [40, 3000])
def test_a_picture_is_small(side: int, tmp_path: Path) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (side, side, 3), np.uint8)
    name = keep_small(Image.fromarray(noise), tmp_path, "noise")
    assert 0 < (tmp_path / name).stat().st_size <= PICTURE_BYTES
    with Image.open(tmp_path / name) as picture:
        assert max(picture.size) >= min(side, 140)


def test_what_is_no_picture_is_none(tmp_path: Path) -> None:
    assert keep_small(object(), tmp_path, "sound") == ""


def test_sound_has_a_picture(tmp_path: Path) -> None:
    noisy = np.random.default_rng(0).normal(0, 0.2, 16_000).astype(np.float32)
    enhanced = np.where(np.arange(16_000) < 8_000, noisy, 0).astype(np.float32)
    name = keep_small(Heard(enhanced, 16_000, 3.0, noisy), tmp_path, "sound")
    with Image.open(tmp_path / name) as picture:
        pixels = np.asarray(picture.convert("L"), int)
    before, after = np.split(pixels[: len(pixels) // 2 * 2], 2)
    right = slice(pixels.shape[1] * 3 // 5, pixels.shape[1] * 9 // 10)
    assert before[:, right].mean() < 220  # noise
    assert after[: len(after) * 4 // 5, right].mean() > 245  # nothing is left of it


@pytest.fixture(scope="module")
def wide(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The other LeNet, of the same classes."""
    model = catalogue.load("classification/lenet").variant("lenet_mnist")
    return export(model, tmp_path_factory.mktemp("wide"), ExportOptions(weights="random")).dynamic


def run(capsys: pytest.CaptureFixture[str], *words: object) -> tuple[int, str, str]:
    code = zoo(["compare", *map(str, words)])
    out, err = capsys.readouterr()
    assert "Traceback" not in err
    return code, out, err


def test_two_targets(lenet_export: Exported, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ckpt = ["--ckpt", lenet_export.dynamic]
    written = ["--json", tmp_path / "said.json", "--html", tmp_path / "page.html"]
    code, out, err = run(capsys, "lenet", "lenet", *ckpt, "--target", "onnx,torch", "--data_path", DEMOS, *written)
    assert code == 0, err
    assert "10 of 10 are the same; lenet onnx: " in out
    assert "times as fast (median of 3 runs in turns" in out
    said: dict[str, Any] = json.loads((tmp_path / "said.json").read_text())
    assert [side["target"] for side in said["sides"]] == ["onnx", "torch"]
    assert all(one["same"] is True for one in said["samples"])
    assert [one["sides"][1]["classes"][0]["label"] for one in said["samples"]] == list("0123456789")
    speeds = [side["samples_a_second"] for side in said["sides"]]
    assert [sorted(side["runs"])[1] for side in said["sides"]] == speeds
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    names = re.findall(r'<img alt="" src="([^"]+)"', page)
    assert len(names) == 20
    assert all((tmp_path / name).stat().st_size <= PICTURE_BYTES for name in names)


def test_two_variants(wide: Path, lenet_export: Exported, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.copy(DEMOS / "digit_1.png", tmp_path / "a.png")
    (tmp_path / "b.png").write_bytes(b"no picture")
    words = ["lenet/lenet", "lenet_mnist", "--ckpt", f"{lenet_export.dynamic},{wide}", "--repeats", "1"]
    code, out, err = run(capsys, *words, "--data_path", tmp_path, "--json", tmp_path / "said.json")
    assert code == 1
    assert "skipped b.png: " in err
    assert "1 of 2 files could not be read" in err
    said = json.loads((tmp_path / "said.json").read_text())
    (one,) = said["samples"]
    labels = [side["classes"][0]["label"] for side in one["sides"]]
    assert one["same"] is (labels[0] == labels[1])
    assert ("1 of 1" if one["same"] else "0 of 1") in out
    (tmp_path / "a.png").unlink()
    code, _, err = run(capsys, *words, "--data_path", tmp_path)
    assert (code, "none of 1 files could be read" in err) == (1, True)


def test_networks_of_other_classes_are_not_judged() -> None:
    lenet, resnet, unet = (Setting(catalogue.load(name).variant()) for name in ("lenet", "resnet", "unet"))
    assert _incomparable(lenet, lenet) == ""
    assert _incomparable(lenet, resnet) == "classification/lenet and classification/resnet do not have the same classes"
    assert _incomparable(lenet, unet).endswith("do not predict the same kind of thing")


def test_what_cannot_be_compared(lenet_export: Exported, capsys: pytest.CaptureFixture[str]) -> None:
    lenet = lenet_export.dynamic
    for words, told in (
        (["lenet", "lenet", "--ckpt", lenet], "are the same on the same target"),
        (["lenet", "textcnn"], "there is no file for both"),
        (["lenet", "lenet", "--target", "onnx,torch,openvino"], "--target is one for both, or two"),
        (["lenet", "lenet", "--dtype", "float32,float8"], "--dtype is float32"),
        (["lenet", "lenet", "--ckpt", lenet, "--target", "onnx,tpu"], "unknown target 'tpu'"),
        (["lenet", "lenet", "--ckpt", lenet, "--target", "onnx,torch", "--data_path", "nothing"], "no such folder"),
        (["lenet", "nothing"], "no model is called 'nothing'"),
    ):
        code, _, err = run(capsys, *words)
        assert code == 2
        assert told in err
