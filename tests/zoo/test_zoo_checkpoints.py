"""PyTorch checkpoints as training frameworks write them: tensors are read, and nothing else of the file comes alive."""

from __future__ import annotations

import enum
import os
import pickle
import resource
import struct
import sys
import zipfile
from collections import OrderedDict
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import torch

from zoo.errors import ZooError
from zoo.frameworks.checkpoints import with_names_of
from zoo.frameworks.tensors_only import Other
from zoo.frameworks.torch_file import read_state

MAGIC = 0x1950A86A20F9469CFC6C  # what files of torch's older format begin with
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
    read = with_names_of(read_state(tmp_path / "net.pth"), want)
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
    "own", [b"ctorch._utils\n_rebuild_tensor_v2\n", b"ccollections\nOrderedDict\n", b"cos\nmkdir\n"]
)
def test_nothing_that_it_is_given_can_be_changed(tmp_path: Path, own: bytes) -> None:
    """A pickle may set attributes: here the name of a function of torch, for the rest of the process."""
    payload = b"\x80\x02" + own + b"N}X\x08\x00\x00\x00__name__X\x07\x00\x00\x00changeds\x86b."
    header = [pickle.dumps(value, 2) for value in (MAGIC, 1001, {"little_endian": True})]
    (tmp_path / "net.pth").write_bytes(b"".join([*header, payload, pickle.dumps([], 2)]))
    with pytest.raises(ZooError):
        read_state(tmp_path / "net.pth")
    names = [one.__name__ for one in (torch._utils._rebuild_tensor_v2, OrderedDict, os.mkdir, Other)]
    assert names == ["_rebuild_tensor_v2", "OrderedDict", "mkdir", "Other"]


def test_no_file_is_written_for_the_source_of_a_module(tmp_path: Path) -> None:
    """Files of the older format may bring the source of a module; torch can be told to write how it differs."""
    where = str(tmp_path / "written").encode()
    function = b"ctorch._utils\n_rebuild_tensor_v2\n"
    state = b"N}" + _word(b"dump_patches") + b"\x88s" + _word(b"__name__") + _word(where) + b"s\x86b"
    module = b"(" + _word(b"module") + function + _word(b"x\nheader") + _word(b"a line\n") + b"tQ"
    header = [pickle.dumps(value, 2) for value in (MAGIC, 1001, {"little_endian": True})]
    payload = b"\x80\x02}" + _word(b"a") + function + state + b"s" + _word(b"b") + module + b"s."
    (tmp_path / "net.pth").write_bytes(b"".join([*header, payload, pickle.dumps([], 2)]))
    with pytest.raises(ZooError):
        read_state(tmp_path / "net.pth")
    assert [path.name for path in tmp_path.iterdir()] == ["net.pth"]


def _word(text: bytes) -> bytes:
    """A pickle's opcode for a text."""
    return b"X" + len(text).to_bytes(4, "little") + text


class Outer:
    """Objects that pickle writes in ways of their own."""

    class Inner:
        pass

    class Kind(enum.Enum):
        ONE = 1


def test_objects_of_every_kind_beside_the_tensors(tmp_path: Path) -> None:
    want = {"weight": torch.ones(2)}
    beside = [Outer.Inner(), Outer.Kind.ONE, {1, 2}, 1j, b"bytes", [Outer()], torch.nn.Linear(2, 2)]
    for number, one in enumerate(beside):
        for zipped in (True, False):
            path = tmp_path / f"{number}.pth"
            torch.save({"state_dict": want, "beside": one}, path, _use_new_zipfile_serialization=zipped)
            assert torch.equal(read_state(path)["weight"], want["weight"])


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


def packed(path: Path, content: bytes) -> Path:
    """A checkpoint whose pickle is `content`, in torch's archive."""
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("archive/data.pkl", content)
        archive.writestr("archive/version", "3\n")
        archive.writestr("archive/byteorder", "little")
    return path


def number(value: int) -> bytes:
    return b"\x8a\x08" + struct.pack("<q", value)


def copies(path: Path) -> Path:
    """A list of pairs, and two thousand dicts that are each made of it."""
    pairs = b"".join(b"J" + struct.pack("<i", key) + b"K\x01\x86" for key in range(100_000))
    made = b"ccollections\nOrderedDict\nq\x01" + b"0](" + b"h\x01h\x00\x85R" * 2000 + b"e."
    return packed(path, b"\x80\x02]q\x00(" + pairs + b"e0" + made)


def one_size(path: Path) -> Path:
    """Eight gigabytes of zeros, in a few bytes."""
    return packed(path, b"\x80\x02c__builtin__\nbytearray\n" + number(8 << 30) + b"\x85R.")


def storage(path: Path) -> Path:
    """torch's older format, with a tensor that is said to have three milliards of numbers."""
    torch.save({"w": torch.zeros(4)}, path, _use_new_zipfile_serialization=False)
    content = path.read_bytes()
    told, shape = b"cpuq\x06K\x04N", b"QK\x00K\x04\x85"
    assert told in content
    assert shape in content
    large = number(3 << 30)
    path.write_bytes(content.replace(told, b"cpuq\x06" + large + b"N").replace(shape, b"QK\x00" + large + b"\x85"))
    return path


@pytest.mark.parametrize("make", [copies, one_size, storage])
def test_a_small_file_takes_little_memory(tmp_path: Path, make: Any) -> None:
    file = make(tmp_path / "weights.pth")
    before, limit = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, resource.getrlimit(resource.RLIMIT_AS)
    with pytest.raises(ZooError, match=r"weights\.pth .*memory"):
        read_state(file)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 700 << 10
    assert resource.getrlimit(resource.RLIMIT_AS) == limit
