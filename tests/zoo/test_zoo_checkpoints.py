"""PyTorch checkpoints as training frameworks write them: tensors are read, and nothing else of the file comes alive."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import torch

from zoo.errors import ZooError
from zoo.frameworks.pytorch import read_state

MODULE = "mmengine.logging.history_buffer"


class HistoryBuffer:
    """Like mmengine's: numbers of each step, in numpy arrays, and a method by its name."""

    def __init__(self) -> None:
        self.numbers = np.arange(5.0)
        self.last = np.float64(4.0)
        self.dtypes = [np.dtype("int64"), torch.float16]
        self.read = self.numbers.mean


@pytest.fixture
def history() -> Iterator[HistoryBuffer]:
    """An object of a package that is gone when the file is read."""
    packages = ["mmengine", "mmengine.logging", MODULE]
    for name in packages:
        sys.modules[name] = ModuleType(name)
    HistoryBuffer.__module__, HistoryBuffer.__qualname__ = MODULE, "HistoryBuffer"
    sys.modules[MODULE].HistoryBuffer = HistoryBuffer  # type: ignore[attr-defined]
    yield HistoryBuffer()
    for name in packages:
        sys.modules.pop(name, None)


def state() -> dict[str, Any]:
    network = torch.nn.Sequential(torch.nn.Conv2d(3, 4, 3), torch.nn.BatchNorm2d(4))
    return {**network.state_dict(), "half": torch.randn(3).half(), "own": torch.nn.Parameter(torch.randn(2, 3).t())}


@pytest.mark.parametrize("zipped", [True, False])
def test_what_lies_beside_the_tensors_is_passed_over(tmp_path: Path, history: HistoryBuffer, zipped: bool) -> None:
    want = state()
    content = {
        "meta": {"epoch": 1200, "set": {history, 1}},
        "state_dict": {f"module.{name}": tensor for name, tensor in want.items()},
        "message_hub": {"log_scalars": {"train/loss": history}, "more": [history, history.numbers]},
    }
    torch.save(content, tmp_path / "net.pth", _use_new_zipfile_serialization=zipped)
    for name in [name for name in sys.modules if name.partition(".")[0] == "mmengine"]:
        del sys.modules[name]
    read = read_state(tmp_path / "net.pth")
    assert list(read) == list(want)
    for name, tensor in want.items():
        assert read[name].dtype == tensor.dtype
        assert torch.equal(read[name], tensor)
    assert not [name for name in sys.modules if name.startswith("mmengine")]


@pytest.mark.parametrize("zipped", [True, False])
def test_nothing_in_it_is_run(tmp_path: Path, zipped: bool) -> None:
    class Evil:
        def __reduce__(self) -> Any:
            return (os.mkdir, (str(tmp_path / "was_run"),))

    want = {"weight": torch.ones(2)}
    torch.save({"state_dict": want, "a": Evil()}, tmp_path / "net.pth", _use_new_zipfile_serialization=zipped)
    assert torch.equal(read_state(tmp_path / "net.pth")["weight"], want["weight"])
    assert not (tmp_path / "was_run").exists()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ({"state_dict": {"weight": torch.ones(2), "step": 3}}, "'step' is of type int"),
        ({"weight": HistoryBuffer()}, "'weight' is an object whose code is not run"),
        (HistoryBuffer(), "it is an object whose code is not run"),
        ([torch.ones(2)], "it is of type list"),
        ({0: torch.ones(2)}, "0 is of type Tensor"),
    ],
)
def test_what_is_no_state_dict_is_told(tmp_path: Path, history: HistoryBuffer, content: Any, words: str) -> None:
    torch.save(content, tmp_path / "net.pth")
    with pytest.raises(ZooError) as caught:
        read_state(tmp_path / "net.pth")
    assert "does not hold a state dict (names to tensors)" in str(caught.value)
    assert words in str(caught.value)
