"""The metric of note transcription: of each frame, which keys sound."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np

from utils.metrics.base import MetricInfo, require_as_many
from utils.metrics.counts import counts_of, foreign
from utils.postprocess.notes import LOWEST
from zoo_core.errors import DataError

_KEYS = ("both", "told", "annotated")


class Heard(Protocol):
    """times: seconds [frames]. active: which of the keys sound, bool [frames, 88]."""

    @property
    def times(self) -> np.ndarray: ...
    @property
    def active(self) -> np.ndarray: ...


class FrameNotes:
    """frame_f1 (primary), frame_precision and frame_recall of the pairs of frame and key, over all recordings
    together. An annotated note sounds in the frames between its beginning and its end, at the nearest key."""

    infos = (
        MetricInfo("frame_f1", "fraction", 0.0, 1.0, True),
        MetricInfo("frame_precision", "fraction", 0.0, 1.0, True),
        MetricInfo("frame_recall", "fraction", 0.0, 1.0, True),
    )

    def __init__(self) -> None:
        self._counts = dict.fromkeys(_KEYS, 0)

    def update(self, predictions: Sequence[Heard], truths: Sequence[np.ndarray]) -> None:
        """Count a batch of recordings; a truth is [notes, 3]: begin, end, hertz.

        Raises:
            DataError: different lengths, or a note that no key has. Nothing of the batch has been counted then.
        """
        require_as_many(predictions, truths)
        counted = [_counts(one, truth) for one, truth in zip(predictions, truths, strict=True)]
        for counts in counted:
            for key, count in zip(_KEYS, counts, strict=True):
                self._counts[key] += count

    def compute(self) -> dict[str, float]:
        """The three figures; DataError when no annotated note was counted."""
        both, told, annotated = (self._counts[key] for key in _KEYS)
        if not annotated:
            raise DataError("no frame with a note was counted. Is the data set empty?")
        return {
            "frame_f1": 2 * both / (told + annotated),
            "frame_precision": both / told if told else 0.0,
            "frame_recall": both / annotated,
        }

    def state(self) -> dict[str, Any]:
        """Pairs of frame and key: right ones, those that were told, those that are annotated."""
        return dict(self._counts)

    def merge(self, state: dict[str, Any]) -> None:
        """Add the counts of another process, as its `state()` gave them; DataError when they are not that."""
        counts = counts_of(state, _KEYS, "frames with notes")
        if counts["both"] > min(counts["told"], counts["annotated"]):
            raise foreign("frames with notes", state)
        for key in _KEYS:
            self._counts[key] += counts[key]


def _counts(one: Heard, truth: np.ndarray) -> tuple[int, int, int]:
    """Right, told and annotated pairs of frame and key."""
    sounds = np.zeros_like(one.active)
    for begin, end, hertz in truth:
        key = round(12 * np.log2(hertz / 440) + 69) - LOWEST if hertz > 0 else -1
        if not 0 <= key < sounds.shape[1]:
            raise DataError(f"a note of {hertz:g} Hz is none of the {sounds.shape[1]} keys.")
        sounds[(one.times >= begin) & (one.times < end), key] = True
    return int((sounds & one.active).sum()), int(one.active.sum()), int(sounds.sum())
