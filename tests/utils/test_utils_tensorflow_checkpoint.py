"""Checkpoints of TensorFlow: one that is written here by its definition, and everything that can be wrong with it."""

from __future__ import annotations

import struct
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest

from utils.tensorflow_checkpoint import read_variables
from zoo_core.errors import DataError

ARRAYS = {
    "layer/bias": np.arange(3, dtype=np.float32),
    "layer/kernel": np.arange(300, dtype=np.float32).reshape(2, 150),
    "step": np.array(7, np.int64),
}
CODES = {"float32": 1, "int64": 9}


def number(value: int) -> bytes:
    found = b""
    while value >= 0x80:
        found, value = found + bytes([value & 0x7F | 0x80]), value >> 7
    return found + bytes([value])


def piece(content: bytes) -> bytes:
    return number(len(content)) + content


def entry(array: np.ndarray, offset: int) -> bytes:
    shape = b"".join(b"\x12" + piece(b"\x08" + number(size)) for size in array.shape)
    said = b"\x08" + number(CODES[str(array.dtype)]) + b"\x12" + piece(shape)
    return said + b"\x20" + number(offset) + b"\x28" + number(array.nbytes) + b"\x35abcd"


def block(entries: dict[bytes, bytes], kind: int = 0) -> bytes:
    """Entries that share what they begin with, one restart, the kind of compression and a checksum."""
    found, before = b"", b""
    for key, value in entries.items():
        shared = next((n for n in range(len(before)) if before[n : n + 1] != key[n : n + 1]), len(before))
        found += number(shared) + number(len(key) - shared) + number(len(value)) + key[shared:] + value
        before = key
    return found + struct.pack("<II", 0, 1) + bytes([kind]) + b"sum!"


def saved(folder: Path, kind: int = 0, **changes: bytes) -> tuple[Path, Path]:
    """The two files. changes: another value for an entry."""
    entries, numbers = {b"": b"\x08\x01"}, b""
    for name, array in ARRAYS.items():
        entries[name.encode()] = changes.get(name.rpartition("/")[2], entry(array, len(numbers)))
        numbers += array.tobytes()
    data = block(entries, kind)
    index = block({b"z": number(0) + number(len(data) - 5)})
    footer = number(0) + number(0) + number(len(data)) + number(len(index) - 5)
    table = data + index + footer.ljust(40, b"\0") + struct.pack("<Q", 0xDB4775248B80FB57)
    (folder / "a.index").write_bytes(table)
    (folder / "a.data").write_bytes(numbers)
    return folder / "a.index", folder / "a.data"


def test_variables_by_name(tmp_path: Path) -> None:
    found = read_variables(*saved(tmp_path))
    assert list(found) == list(ARRAYS)
    for name, array in ARRAYS.items():
        assert found[name].dtype == array.dtype
        assert np.array_equal(found[name], array)


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (entry(ARRAYS["layer/bias"], 5_000), "bytes 5000 to 5012 of 1220"),
        (b"\x08\x07" + entry(ARRAYS["layer/bias"], 0)[2:], "of type 7"),
        (entry(ARRAYS["layer/bias"], 0)[:-2], "cut off"),
        (b"\x08\x01\x12" + piece(b"\x12" + piece(b"\x08" + number(2**62))), "shape"),
    ],
)
def test_entries_that_do_not_fit(tmp_path: Path, value: bytes, said: str) -> None:
    with pytest.raises(DataError, match=said):
        read_variables(*saved(tmp_path, bias=value))


def test_a_compressed_table(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="compressed"):
        read_variables(*saved(tmp_path, kind=1))


def test_cut_and_damaged_files_are_sentences(tmp_path: Path) -> None:
    index, data = saved(tmp_path)
    whole = index.read_bytes()
    for length in range(0, len(whole), 7):
        index.write_bytes(whole[:length])
        with pytest.raises(DataError, match="no checkpoint"):
            read_variables(index, data)


@pytest.mark.parametrize("seed", range(200))
def test_a_damaged_byte_is_a_sentence_or_does_not_matter(tmp_path: Path, seed: int) -> None:
    index, data = saved(tmp_path)
    random = np.random.RandomState(seed)
    damaged = bytearray(index.read_bytes())
    damaged[random.randint(len(damaged))] = random.randint(256)
    index.write_bytes(bytes(damaged))
    with suppress(DataError):
        read_variables(index, data)


def test_files_that_are_not_there(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="cannot be read"):
        read_variables(tmp_path / "a.index", tmp_path / "a.data")
