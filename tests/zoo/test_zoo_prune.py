"""zoo compress --prune: channels go, the rest is trained to answer as before, and a gate decides."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from zoo.accuracy.comparison import Comparison
from zoo.accuracy.verify import VerifyOptions, verify
from zoo.compressing.channels import operations, teach, thinned
from zoo.compressing.gate import failed
from zoo.compressing.prune import PruneOptions, prune
from zoo.difference import Difference
from zoo.errors import CheckFailedError, ZooError
from zoo.family import Family
from zoo.manifest import Exported, read_manifest
from zoo.running.setting import Setting

pytest.importorskip("torch_pruning", reason="pruning needs torch-pruning")


class Branches(torch.nn.Module):
    """Two outputs behind an addition and a concatenation."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.norm = torch.nn.Conv2d(3, 16, 3, padding=1), torch.nn.BatchNorm2d(16)
        self.second = torch.nn.Conv2d(16, 16, 3, padding=1)
        self.boxes, self.classes = torch.nn.Conv2d(32, 4, 1), torch.nn.Conv2d(32, 5, 1)

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        x = self.norm(self.first(x)).relu()
        both = torch.cat([x + self.second(x), x], dim=1)
        return self.boxes(both).flatten(2), self.classes(both).sigmoid()


@pytest.fixture
def network() -> torch.nn.Module:
    torch.manual_seed(0)
    return Branches().eval()


def test_every_layer_loses_channels_but_those_of_the_outputs(network: torch.nn.Module) -> None:
    batch = [torch.randn(1, 3, 8, 8)]
    student = thinned(network, batch, 0.5)
    assert [student.first.out_channels, student.second.out_channels, student.norm.num_features] == [8, 8, 8]
    assert [student.boxes.out_channels, student.classes.out_channels, student.boxes.in_channels] == [4, 5, 16]
    assert [one.shape for one in student(*batch)] == [one.shape for one in network(*batch)]
    assert network.first.out_channels == 16
    (before, weights), (after, fewer) = operations(network, batch), operations(student, batch)
    assert after < before / 1.8
    assert fewer == sum(one.numel() for one in student.parameters()) < weights / 1.8


class Reader(torch.nn.Module):
    """A recurrent layer between others; `alone`: called through its kernel, which torch-pruning cannot tell."""

    def __init__(self, alone: bool) -> None:
        super().__init__()
        self.first = torch.nn.Conv1d(3, 16, 3, padding=1)
        self.second = torch.nn.Conv1d(16, 12, 3, padding=1)
        self.rnn = torch.nn.LSTM(12, 10, batch_first=True)
        self.last = torch.nn.Linear(10, 4)
        self.alone = alone

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.second(self.first(x).relu()).relu().transpose(1, 2)
        if not self.alone:
            return self.last(self.rnn(x)[0])
        state = [torch.zeros(1, len(x), 10)] * 2
        return self.last(torch.lstm(x, state, list(self.rnn.all_weights[0]), True, 1, 0.0, False, False, True)[0])


@pytest.mark.parametrize("alone", [False, True])
def test_recurrent_layers_keep_what_they_take_or_lose_it_rightly(alone: bool) -> None:
    network, batch = Reader(alone).eval(), [torch.randn(2, 3, 9)]
    student = thinned(network, batch, 0.5)
    assert student.first.out_channels == student.second.in_channels == 8
    assert student.last.in_features == student.rnn.hidden_size == 10
    assert student(*batch).shape == network(*batch).shape


def test_training_brings_the_answers_back(network: torch.nn.Module) -> None:
    torch.manual_seed(1)
    batches = [[torch.randn(4, 3, 8, 8)] for _ in range(4)]
    student = thinned(network, [batches[0][0][:1]], 0.25)
    losses = teach(student, network, batches, 20, 1e-2)
    assert losses[-1] < losses[0] / 3
    assert not any(module.training for module in student.modules())


def test_what_cannot_be_pruned_is_a_sentence(network: torch.nn.Module, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ZooError, match="no layer of this network has so many channels"):
        thinned(torch.nn.Linear(4, 2), [torch.randn(1, 4)], 0.3)
    monkeypatch.setitem(sys.modules, "torch_pruning", None)
    with pytest.raises(ZooError, match="pip install 'torch-pruning"):
        thinned(network, [torch.randn(1, 3, 8, 8)], 0.3)


def test_lenet_keeps_its_accuracy_with_half_the_work(
    lenet_family: Family, lenet_export: Exported, tmp_path: Path
) -> None:
    setting = Setting(lenet_family.variant(), folder=lenet_export.manifest.parent)
    done = prune(setting, PruneOptions(0.3, train_limit=256, epochs=10, max_drop=0.02, output=tmp_path / "pruned"))
    assert done.operations[1] < 0.6 * done.operations[0]
    assert done.bytes[1] < 0.6 * done.bytes[0]
    assert read_manifest(tmp_path / "pruned" / "lenet.export.json")["pruned"]["trained_on"] == done.trained_on == 256
    comparison = done.judged[0].comparison
    whole, pruned = comparison.baseline.figures(), comparison.contender.figures()
    assert whole["top1"] * 0.98 <= pruned["top1"] <= 1
    checked = verify(setting.but(folder=tmp_path / "pruned"), VerifyOptions(["float32"]))
    assert checked.comparisons[0].contender.figures()["top1"] == pytest.approx(pruned["top1"], abs=0.02)


def test_where_the_gate_does_not_hold_nothing_is_left(
    lenet_family: Family, lenet_export: Exported, tmp_path: Path
) -> None:
    setting = Setting(lenet_family.variant(), folder=lenet_export.manifest.parent)
    with pytest.raises(CheckFailedError, match=r"top1 0\.\d+ is .* away from 0\.99.*Try a smaller --prune"):
        prune(setting, PruneOptions(0.9, train_limit=256, epochs=1, output=tmp_path / "pruned"))
    assert list(tmp_path.iterdir()) == []


def test_shares_that_are_nearly_the_same_have_folders_of_their_own(
    lenet_family: Family, lenet_export: Exported, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    setting = Setting(lenet_family.variant(), folder=lenet_export.manifest.parent)
    folders = {
        prune(setting, PruneOptions(share, train_limit=16, epochs=1, limit=16, max_drop=0.99)).paths[-1].parent.name
        for share in (0.3, 0.304)
    }
    assert folders == {"pruned_30", "pruned_30.4"}


def test_the_whole_network_is_what_is_pruned_and_it_stays(
    lenet_family: Family, lenet_export: Exported, tmp_path: Path
) -> None:
    """Neither is its export overwritten, nor is a compressed one taken for it."""
    home = tmp_path / "whole"
    shutil.copytree(lenet_export.manifest.parent, home)
    before = {path.name: path.read_bytes() for path in home.iterdir()}
    setting, options = Setting(lenet_family.variant(), folder=home), PruneOptions(0.3, output=home)
    with pytest.raises(ZooError, match="holds the files of the whole network, whose names these have"):
        prune(setting, options)
    assert {path.name: path.read_bytes() for path in home.iterdir()} == before
    manifest = home / lenet_export.manifest.name
    record = json.loads(before[manifest.name])
    rounded = {"files": {"dynamic": record["files"]["dynamic"] | {"in_float32": []}}}
    for change in ({"pruned": {"share": 0.3}}, rounded):
        manifest.write_text(json.dumps(record | change))
        with pytest.raises(ZooError, match="was compressed already; name the export of the whole one by --folder"):
            prune(setting, PruneOptions(0.3, output=tmp_path / "made"))


def test_what_decides_is_what_an_allowance_is_said_of() -> None:
    """Of few samples, agreement: the metric may be within its limit then, and they fall short all the same."""
    metric = SimpleNamespace(infos=[SimpleNamespace(name="map50")], compute=lambda: {"map50": 0.95})
    one: Any = SimpleNamespace(metric=metric, figures=metric.compute, dtype="int8")
    few = Comparison(one, one, 0.01, samples=32, agreeing=29, differences=[Difference(0.1, 0.1, 0.2)])
    assert failed(["onnx"], [few]) == (
        "the gate does not hold (FAIL by agreement): map50 0.95 is 0.00% away from 0.95; 3 of 32 samples differ, "
        "allowed 1: so few decide themselves,"
    )
    random = Comparison(one, one, 0.01, True, samples=32, agreeing=32, differences=[Difference(0.1, 0.1, 0.2)])
    assert failed(["onnx"], [random]).endswith("; outputs differ by 2.0e-01 of the largest, allowed 1.6e-01,")
