"""Frozen graphs of TensorFlow: one that is written here by its definition, and everything that can be wrong with it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from utils.tensorflow_graph import read_constants
from zoo_core.errors import DataError

WEIGHTS = np.arange(6, dtype=np.float32).reshape(2, 3)


def piece(number: int, content: bytes) -> bytes:
    """A field of bytes; none here is longer than 127."""
    return bytes([number << 3 | 2, len(content)]) + content


def tensor(content: bytes, sizes: tuple[int, ...], kind: int = 1, field: int = 4) -> bytes:
    shape = b"".join(piece(2, b"\x08" + bytes([size])) for size in sizes)
    return b"\x08" + bytes([kind]) + piece(2, shape) + piece(field, content)


def node(name: str, operator: str, value: bytes) -> bytes:
    attribute = piece(1, b"value") + piece(2, piece(8, value))
    return piece(1, piece(1, name.encode()) + piece(2, operator.encode()) + piece(5, attribute))


def read(folder: Path, content: bytes) -> dict[str, np.ndarray]:
    (folder / "a.pb").write_bytes(content)
    return read_constants(folder / "a.pb")


def test_constants_of_floats_by_name(tmp_path: Path) -> None:
    found = read(
        tmp_path,
        node("net/weights", "Const", tensor(WEIGHTS.tobytes(), (2, 3)))
        + node("net/shape", "Const", tensor(b"\0" * 8, (2,), kind=3))
        + node("net/weights/read", "Identity", tensor(WEIGHTS.tobytes(), (2, 3)))
        + node("net/listed", "Const", tensor(WEIGHTS[0].tobytes(), (3,), field=5))
        + node("net/filled", "Const", tensor(np.float32(7).tobytes(), (2, 2), field=5)),
    )
    assert list(found) == ["net/weights", "net/listed", "net/filled"]
    assert np.array_equal(found["net/weights"], WEIGHTS)
    assert np.array_equal(found["net/listed"], WEIGHTS[0])
    assert np.array_equal(found["net/filled"], np.full((2, 2), 7))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "no constant of float32"),
        (node("a", "Const", tensor(b"\0" * 8, (2,), kind=3)), "no constant of float32"),
        (node("a", "Const", tensor(WEIGHTS.tobytes(), (2, 3)))[:-3], "cut off"),
        (node("a", "Const", tensor(WEIGHTS.tobytes(), (2, 2))), "with 6 numbers"),
        (node("a", "Const", tensor(WEIGHTS.tobytes()[:-1], (2, 3))), "damaged"),
        (node("a", "Const", tensor(b"", (2, 3), field=5)), "with 0 numbers"),
        (b"\x80\x02\x8a\x0a", "damaged"),
    ],
)
def test_a_damaged_graph_is_a_sentence(tmp_path: Path, content: bytes, said: str) -> None:
    with pytest.raises(DataError, match=said):
        read(tmp_path, content)


def test_a_graph_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="cannot be read"):
        read_constants(tmp_path / "none.pb")
