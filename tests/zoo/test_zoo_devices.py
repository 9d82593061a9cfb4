"""--devices and --replicas: a batch is shared, results stay, and what has no devices says so."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine import backends
from engine.backends.base import Availability, Options, Session
from engine.backends.onnxruntime import OnnxRuntimeBackend
from zoo.commands import predict, valid, verify
from zoo.family import Family
from zoo.manifest import Exported

pytest.importorskip("torch")


class Cards(OnnxRuntimeBackend):
    """ONNX Runtime as a target with numbered devices."""

    target = "cards"
    device_kind = "card numbers"

    def __init__(self) -> None:
        self.opened: list[tuple[str, int | None, int]] = []

    def availability(self) -> Availability:
        return Availability(True, "here")

    def open(self, ckpt: Path, options: Options) -> Session:
        unit = options.input_size[0][0] if options.input_size else 0
        self.opened.append((options.device, options.batch_size, unit))
        return super().open(ckpt, options)


@pytest.fixture
def cards(monkeypatch: pytest.MonkeyPatch) -> Iterator[Cards]:
    backends.targets()
    made = Cards()
    monkeypatch.setitem(backends._registry, "cards", made)
    monkeypatch.setenv("MAX_ENGINE_NUMS", "2")
    return made  # type: ignore[return-value]


def test_replicas_give_the_same_metric(lenet_family: Family, lenet_export: Exported, tmp_path: Path) -> None:
    counts = []
    for flags in ([], ["--replicas", "3"]):
        words = ["--ckpt", str(lenet_export.dynamic), "--json", str(tmp_path / "v.json"), *flags]
        assert valid.main(lenet_family, words) == 0
        counts.append(json.loads((tmp_path / "v.json").read_text())["counts"])
    assert counts[0] == counts[1]


def test_devices_share_the_batch(lenet_family: Family, lenet_export: Exported, cards: Cards) -> None:
    words = ["--ckpt", str(lenet_export.dynamic), "--target", "cards", "--devices", "0, 1,5", "--batch_size", "10"]
    assert predict.multi(lenet_family, words) == 0
    assert cards.opened == [("0", 4, 2), ("1", 4, 2), ("5", 4, 2)]  # a third, of which a unit has the half


def test_verification_of_several_devices_has_a_row_of_its_own(
    lenet_family: Family, lenet_export: Exported, cards: Cards, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = ["--folder", str(lenet_export.manifest.parent), "--limit", "40", "--dtype", "float32"]
    assert verify.main(lenet_family, [*folder, "--target", "cards", "--devices", "0,1"]) == 0
    assert "cards 0,1" in capsys.readouterr().out
    assert verify.main(lenet_family, [*folder, "--replicas", "2"]) == 0
    assert "onnx x2" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        ("--devices 0,1", "target 'onnx' has no devices to choose from; use replicas=2"),
        ("--target cards --devices 0,1 --replicas 2", "give devices or replicas, not both"),
        ("--target cards --devices 0,0", "a list of different devices (card numbers)"),
        ("--target cards:1 --devices 0,1", "give the device once"),
        ("--target torch --replicas 2", "the framework's own network"),
    ],
)
def test_wrong_devices(
    lenet_family: Family,
    lenet_export: Exported,
    cards: Cards,
    capsys: pytest.CaptureFixture[str],
    flags: str,
    words: str,
) -> None:
    assert predict.single(lenet_family, ["--ckpt", str(lenet_export.dynamic), *flags.split()]) == 2
    assert words in capsys.readouterr().err
    folder = str(lenet_export.manifest.parent)
    assert verify.main(lenet_family, ["--folder", folder, "--dtype", "float32", *flags.split()]) == 2
    assert words in capsys.readouterr().err


@pytest.mark.parametrize("flags", ["--devices 0,,1", "--replicas 0", "--replicas two"])
def test_flags_that_are_no_devices(lenet_family: Family, capsys: pytest.CaptureFixture[str], flags: str) -> None:
    with pytest.raises(SystemExit) as ended:
        valid.main(lenet_family, flags.split())
    assert ended.value.code == 2
    assert flags.split()[0] in capsys.readouterr().err
