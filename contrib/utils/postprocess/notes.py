"""Notes out of the keys that sound in each frame of a recording."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

LOWEST = 21  # MIDI number of A0, the first of 88 keys
LEAST = 11  # frames that a note goes on at least, as in Basic Pitch's own program
_NAMES = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")


class Note(NamedTuple):
    """begin, end: seconds. key: its MIDI number."""

    begin: float
    end: float
    key: int


def notes_of(active: np.ndarray, times: np.ndarray) -> list[Note]:
    """Runs of at least LEAST frames in which a key sounds, in order of their beginning.

    Args:
        active: bool [frames, keys].
        times: seconds of the frames, rising.
    """
    found = []
    edges = np.diff(np.pad(active.astype(np.int8), ((1, 1), (0, 0))), axis=0)
    hop = float(np.median(np.diff(times))) if len(times) > 1 else 0.0
    for key in range(active.shape[1]):
        begins, ends = np.flatnonzero(edges[:, key] > 0), np.flatnonzero(edges[:, key] < 0)
        for begin, end in zip(begins, ends, strict=True):
            if end - begin >= LEAST:
                found.append(Note(float(times[begin]), float(times[end - 1]) + hop, LOWEST + key))
    return sorted(found)


def named(key: int) -> str:
    """The name of a MIDI number: 69 is A4."""
    return f"{_NAMES[key % 12]}{key // 12 - 1}"
