"""Several targets in one table, and the choice of the fastest accurate one."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from engine import backends
from engine.backends.base import Availability, Options, Session
from engine.backends.compiling import cache
from engine.backends.onnxruntime import OnnxRuntimeBackend
from engine.base import OptionError
from zoo import __main__ as command
from zoo import catalogue
from zoo.accuracy.choice import choose_target
from zoo.accuracy.verify import VerifyOptions, verify
from zoo.commands import valid
from zoo.errors import CheckFailedError
from zoo.exporting.export import export
from zoo.family import Family
from zoo.model import Model
from zoo.running.setting import Setting


class Slow(OnnxRuntimeBackend):
    """ONNX Runtime under another name, which may refuse to open."""

    target = "slow"
    refuses = False
    opened = 0

    def availability(self) -> Availability:
        return Availability(True, "here")

    def open(self, ckpt: Path, options: Options) -> Session:
        if self.refuses:
            raise OptionError("not today")
        Slow.opened += 1
        return super().open(ckpt, options)


@pytest.fixture(scope="module")
def lenet_family() -> Family:
    return catalogue.load("classification/lenet")


@pytest.fixture(scope="module")
def lenet(lenet_family: Family) -> Model:
    return lenet_family.variant()


@pytest.fixture(scope="module")
def folder(lenet: Model, tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("lenet")
    export(lenet, made)
    return made


@pytest.fixture(autouse=True)
def only_two_targets(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Slow]:
    """Targets onnx and slow, and a home of their own."""
    monkeypatch.setenv("TECO_ZOO_HOME", str(tmp_path / "home"))
    backends.targets()
    slow = Slow()
    monkeypatch.setattr(backends, "_registry", {"onnx": backends._registry["onnx"], "slow": slow})
    return slow


def choose(lenet: Model, folder: Path) -> str:
    return choose_target(Setting(lenet, folder=folder, target="auto")).target


def test_one_table_for_several_targets(lenet: Model, folder: Path) -> None:
    done = verify(Setting(lenet, folder=folder, target="onnx,slow"), VerifyOptions(limit=20))
    assert [(one.runtime, one.dtype) for one in done.contenders[2:]] == [
        ("onnxruntime", "float16"),
        ("slow", "float32"),
        ("slow", "float16"),
    ]
    assert done.passed()
    said = done.to_json()
    assert {"metrics", "throughput", "latency_p50_ms", "memory_bytes"} <= set(said["runtimes"][0])


def test_what_cannot_be_measured_is_named(lenet: Model, folder: Path, only_two_targets: Slow) -> None:
    only_two_targets.refuses = True
    done = verify(Setting(lenet, folder=folder, target="onnx,slow"), VerifyOptions(["float16"], limit=4))
    assert done.left_out == {"slow float16": "not today"}
    with pytest.raises(OptionError, match="not today"):
        verify(Setting(lenet, folder=folder, target="slow"), VerifyOptions(["float16"], limit=4))


def test_the_choice_is_remembered(lenet: Model, folder: Path, tmp_path: Path) -> None:
    Slow.opened = 0
    chosen = choose(lenet, folder)
    assert chosen in ("onnx", "slow")
    opened = Slow.opened
    assert opened > 0
    assert choose(lenet, folder) == chosen
    assert Slow.opened == opened
    (memory,) = (tmp_path / "home/auto/classification/lenet/lenet").iterdir()
    choice = json.loads(memory.read_text())["choice"]
    assert choice["target"] == max(choice["measured"], key=choice["measured"].get)
    assert "fastest that passes" in choice["reason"]


def test_a_target_that_fails_is_not_chosen(lenet: Model, folder: Path, only_two_targets: Slow) -> None:
    only_two_targets.refuses = True
    assert choose(lenet, folder) == "onnx"


def test_no_target_is_an_error(lenet: Model, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("zoo.accuracy.comparison.Verification.passed", lambda self: False)
    with pytest.raises(CheckFailedError, match="no target passes"):
        choose(lenet, folder)


def test_valid_compares_several_targets(
    lenet_family: Family,
    folder: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TECO_INFER_PIPELINES_MAX_STEPS", "2")
    record = tmp_path / "valid.json"
    flags = ["--ckpt", str(folder / "lenet_dyn.onnx"), "--target", "onnx,slow", "--json", str(record)]
    assert valid.main(lenet_family, flags) == 0
    assert capsys.readouterr().out.count("eval_metric ") == 2
    assert [one["target"] for one in json.loads(record.read_text())] == ["onnx", "slow"]


def test_the_cache_command(capsys: pytest.CaptureFixture[str]) -> None:
    write: Callable[[Path], None] = lambda folder: (folder / "code").touch()  # noqa: E731
    cache.compiled({"target": "test", "model": "0123456789abcdef"}, write, lambda folder: None)
    assert command.main(["cache", "list"]) == 0
    assert "0123456789ab" in capsys.readouterr().out
    assert command.main(["cache", "clear"]) == 0
    assert "removed 1 compiled engine from" in capsys.readouterr().out
    assert cache.entries() == []
