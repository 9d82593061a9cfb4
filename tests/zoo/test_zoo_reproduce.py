"""Published figures beside our own: how they are judged, and `zoo reproduce` with a folder for the network."""

from __future__ import annotations

import gzip
import math
import os
import struct
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from utils.datasets.references import mnist
from zoo import catalogue
from zoo.__main__ import main
from zoo.accuracy.reproduce import DIFFERS, ELSEWHERE, INCOMPARABLE, REPRODUCED, judge
from zoo.accuracy.valid import validate
from zoo.commands.notice import weights_notice
from zoo.data import ReferenceData
from zoo.exporting.export import ExportOptions, export
from zoo.fetching.mirror import VARIABLE
from zoo.model import Model, Pretrained, Published
from zoo.running.setting import Setting
from zoo_core.files import read_json
from zoo_core.hashing import sha256

HOST = "127.0.0.1:9"
ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize(
    ("published", "figures", "samples", "whole", "word", "tolerance"),
    [
        # rounding: half of the last place
        (Published("psnr", 37.53, "", decimals=2), (37.534, 37.526), 5, True, REPRODUCED, 0.005),
        (Published("psnr", 37.53, "", decimals=2), (37.536,), 5, True, DIFFERS, 0.005),
        (Published("top1", 0.991, "", decimals=3), (0.9905,), 10_000, True, REPRODUCED, 0.0005),
        (Published("top1", 0.991, "", decimals=3), (0.9904,), 10_000, True, DIFFERS, 0.0005),
        # the runtime that is farthest off decides
        (Published("top1", 0.991, "", decimals=3), (0.991, 0.98), 10_000, True, DIFFERS, 0.0005),
        # the source's own spread
        (Published("return", -73.5, "", spread=18.2), (-60.0,), 100, True, REPRODUCED, 18.2),
        (Published("return", -73.5, "", spread=18.2), (-92.0,), 100, True, DIFFERS, 18.2),
        # stated exactly
        (Published("top1", 0.5, ""), (0.5,), 10, True, REPRODUCED, 0.0),
        (Published("top1", 0.5, ""), (0.6,), 10, True, DIFFERS, 0.0),
        # a part: 2 * sqrt(0.75 * 0.25 / 300) = 0.05
        (Published("top1", 0.75, "", decimals=3), (0.799,), 300, False, REPRODUCED, 0.05),
        (Published("top1", 0.75, "", decimals=3), (0.801,), 300, False, DIFFERS, 0.05),
        (Published("miou", 0.75, "", decimals=3), (0.75,), 300, False, INCOMPARABLE, math.nan),
    ],
)
def test_how_it_is_judged(
    published: Published, figures: tuple[float, ...], samples: int, whole: bool, word: str, tolerance: float
) -> None:
    verdict = judge(published, {str(number): value for number, value in enumerate(figures)}, samples, whole)
    assert verdict.word == word
    assert verdict.tolerance == pytest.approx(tolerance, nan_ok=True)
    assert verdict.told().endswith(verdict.because)


def test_other_data_say_nothing_of_the_published_figure() -> None:
    for value in (0.5, 0.95):
        verdict = judge(Published("top1", 0.95, "", decimals=2), {"onnx": value}, 40, False, other="other words")
        assert (verdict.word, verdict.told()) == (ELSEWHERE, "other words")


def idx(values: np.ndarray) -> bytes:
    return gzip.compress(b"\0\0\x08" + struct.pack(f">B{values.ndim}I", values.ndim, *values.shape) + values.tobytes())


@pytest.fixture
def measured(lenet: Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Model:
    """LeNet with its sample weights at an address, and forty of its digits as MNIST's two files."""
    monkeypatch.setenv("TECO_ZOO_HOME", str(tmp_path / "home"))
    monkeypatch.setenv(VARIABLE, str(tmp_path / "mirror"))
    place = tmp_path / "mirror" / HOST
    place.mkdir(parents=True)
    pictures = [path for digit in range(10) for path in sorted((lenet.data("sample") / str(digit)).glob("*.png"))[:4]]
    images = np.stack([np.asarray(Image.open(path).convert("L")) for path in pictures])
    labels = np.array([int(path.parent.name) for path in pictures], np.uint8)
    lines = []
    for name, values in (("t10k-images-idx3-ubyte.gz", images), ("t10k-labels-idx1-ubyte.gz", labels)):
        (place / name).write_bytes(idx(values))
        size, digest = (place / name).stat().st_size, sha256(place / name)
        lines.append(f"http://{HOST}/{name}\t{size}\t{digest}\t{name}\n")
    (tmp_path / "forty.tsv").write_text("".join(lines))
    (place / "net.safetensors").write_bytes(lenet.sample_weights.read_bytes())
    return replace(
        lenet,
        reference=ReferenceData("forty", "Forty digits", tmp_path / "forty.tsv", mnist.arrange, "none", 40),
        pretrained=Pretrained(f"http://{HOST}/net.safetensors", 0.2, sha256(place / "net.safetensors")),
        published=Published("top1", 1.0, "here", decimals=2),
    )


def as_the_only_one(model: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    family = replace(catalogue.load(model.id), names=(model.variant,), make=lambda _: model, default="")
    monkeypatch.setattr(catalogue, "described", lambda: iter([model]))
    monkeypatch.setattr(catalogue, "find", lambda _: (family, None))


def test_it_comes_back_or_it_does_not(
    measured: Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    as_the_only_one(measured, monkeypatch)
    runs = tmp_path / "runs"
    assert main(["reproduce", "lenet", "--runs", str(runs)]) == 0
    assert REPRODUCED in capsys.readouterr().out
    kept = read_json(runs / measured.id / measured.variant / "reproduce.json")
    assert kept["verdict"] == REPRODUCED
    assert kept["samples"] == 40
    assert set(kept["figures"]) == {"torch", "onnx"}
    assert kept["digests"]["weights"] == sha256(measured.sample_weights)

    as_the_only_one(replace(measured, published=Published("top1", 0.5, "elsewhere", decimals=2)), monkeypatch)
    assert main(["reproduce", "--all", "--runs", str(runs)]) == 1
    streams = capsys.readouterr()
    assert DIFFERS in streams.out
    assert "did not come back" in streams.err

    monkeypatch.setenv("TECO_INFER_PIPELINES_MAX_STEPS", "1")  # sixteen of the forty: a part
    assert main(["reproduce", "lenet", "--runs", str(runs)]) == 1
    assert "two standard errors of a share of 16" in " ".join(capsys.readouterr().out.split())


def test_one_that_cannot_be_measured_ends_no_other(
    measured: Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    gone = replace(measured, variant="gone", pretrained=Pretrained(f"http://{HOST}/gone.safetensors", 0.2, "0" * 64))
    made = {"gone": gone, "lenet": measured}
    family = replace(catalogue.load(measured.id), names=tuple(made), make=made.__getitem__, default="")
    monkeypatch.setattr(catalogue, "find", lambda _: (family, None))
    assert main(["reproduce", "classification/lenet", "--runs", str(tmp_path / "runs")]) == 1
    streams = capsys.readouterr()
    assert REPRODUCED in streams.out
    assert "classification/lenet gone: the weights of gone: cannot fetch" in " ".join(streams.err.split())


def test_validation_says_it_too(measured: Model, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from zoo.commands.valid import main as valid

    family = replace(catalogue.load(measured.id), names=("lenet",), make=lambda _: measured, default="")
    done = export(measured, tmp_path / "out", ExportOptions(weights="pretrained"))
    ckpt = str(done.folder / "lenet_dyn.onnx") if hasattr(done, "folder") else str(tmp_path / "out/lenet_dyn.onnx")
    assert valid(family, ["--ckpt", ckpt, "--data_path", "reference"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[-3].startswith("published top1 1 (here); here ")
    assert f": {REPRODUCED} (0.005, rounding" in lines[-3]
    assert lines[-2].startswith("eval_metric ")
    assert lines[-1].startswith("summary: ")

    export(measured, tmp_path / "random", ExportOptions(weights="random"))
    assert valid(family, ["--ckpt", str(tmp_path / "random/lenet_dyn.onnx"), "--data_path", "reference"]) == 0
    assert "not compared: the weights here are random" in capsys.readouterr().out


def test_terms_of_the_data_are_accepted_on_the_way(
    measured: Model, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from zoo.commands.valid import main as valid

    assert measured.reference
    closed = replace(measured, reference=replace(measured.reference, terms="digits of others"))
    family = replace(catalogue.load(measured.id), names=("lenet",), make=lambda _: closed, default="")
    export(closed, tmp_path / "out", ExportOptions(weights="sample"))
    words = ["--ckpt", str(tmp_path / "out/lenet_dyn.onnx"), "--data_path", "reference"]
    assert valid(family, words) == 2
    assert "digits of others" in capsys.readouterr().err
    assert valid(family, [*words, "--accept-terms"]) == 0


def test_weights_that_were_trained_here_are_measured_and_called_so(
    measured: Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    here = replace(measured, pretrained=None)
    assert here.trained_here
    assert not measured.trained_here
    as_the_only_one(here, monkeypatch)
    assert main(["reproduce", "--all", "--runs", str(tmp_path / "runs")]) == 0
    assert REPRODUCED in capsys.readouterr().out
    files = Setting(here, folder=tmp_path / f"runs/{here.id}/{here.variant}")
    assert weights_notice(files).startswith("weights trained here on Forty digits")
    # without published weights, and without any trained here, there is nothing to measure
    as_the_only_one(replace(here, folder=tmp_path), monkeypatch)
    assert main(["reproduce", "--all", "--runs", str(tmp_path / "runs")]) == 2
    assert "no model has a published figure" in capsys.readouterr().err


@pytest.mark.parametrize("words", [[], ["lenet", "--all"], ["no_such_network"], ["classification/lenet/lenet"]])
def test_wrong_use(words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["reproduce", *words, "--runs", str(tmp_path)]) == 2
    assert "error: " in capsys.readouterr().err


def test_pictures_of_several_sizes_come_out_the_same_for_any_batch_size(tmp_path: Path) -> None:
    model = catalogue.load("restoration/dncnn").variant()
    (tmp_path / "data/HR").mkdir(parents=True)
    for number, (width, height) in enumerate(((24, 16), (17, 31), (40, 12))):
        pixels = np.random.default_rng(number).integers(0, 256, (height, width, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(tmp_path / f"data/HR/{number}.png")
    export(model, tmp_path / "out", ExportOptions(weights="random"))
    setting = Setting(model, folder=tmp_path / "out")
    figures = [validate(setting.but(batch_size=size), tmp_path / "data").figures for size in (1, 2, 16)]
    assert figures[0] == figures[1] == figures[2]


def real_mirror() -> Path | None:
    given = os.environ.get(VARIABLE, "")
    for place in (Path(given) if given else None, ROOT.parent / "shared/real", ROOT.parent.parent / "shared/real"):
        if place and (place / "raw.githubusercontent.com").is_dir():
            return place.resolve()
    return None


def test_the_published_lenet_on_the_whole_of_mnist(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mirror = real_mirror()
    if mirror is None:
        pytest.skip(f"the published weights and MNIST's test set are in no folder {VARIABLE}, nor in ../shared/real")
    monkeypatch.setenv(VARIABLE, str(mirror))
    monkeypatch.setenv("TECO_ZOO_HOME", str(tmp_path / "home"))
    assert main(["reproduce", "lenet_mnist", "--runs", str(tmp_path / "runs")]) == 0
    kept = read_json(tmp_path / "runs/classification/lenet/lenet_mnist/reproduce.json")
    assert kept["samples"] == 10_000
    assert kept["figures"] == {"torch": pytest.approx(0.991, abs=5e-4), "onnx": pytest.approx(0.991, abs=5e-4)}
