"""The metrics of pitch tracking, as mir_eval has them: how many of the frames that are sung have the right pitch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np

from utils.metrics.base import MetricInfo, require_as_many
from utils.metrics.counts import counts_of, foreign
from zoo_core.errors import DataError

_KEYS = ("frames", "near", "nearer", "chroma")
_NEAR, _NEARER, _OCTAVE = 50.0, 25.0, 1200.0  # cents


class Tracked(Protocol):
    """times: seconds [frames], rising. hertz: [frames], above 0."""

    @property
    def times(self) -> np.ndarray: ...
    @property
    def hertz(self) -> np.ndarray: ...


class RawPitch:
    """Over the annotated frames in which something is sung: raw_pitch_accuracy (primary) and raw_pitch_accuracy_25, how
    many have a pitch at most 50, or 25, cents off; raw_chroma_accuracy, 50 cents, octaves left aside. What was tracked
    is taken to the annotated times by straight lines, in cents."""

    infos = (
        MetricInfo("raw_pitch_accuracy", "fraction", 0.0, 1.0, True),
        MetricInfo("raw_pitch_accuracy_25", "fraction", 0.0, 1.0, True),
        MetricInfo("raw_chroma_accuracy", "fraction", 0.0, 1.0, True),
    )

    def __init__(self) -> None:
        self._counts = dict.fromkeys(_KEYS, 0)

    def update(self, predictions: Sequence[Tracked], truths: Sequence[tuple[np.ndarray, np.ndarray]]) -> None:
        """Count a batch of recordings; a truth is (seconds [frames], hertz [frames], 0 where nothing is sung).

        Raises:
            DataError: different lengths, or a pitch that is not finite. Nothing of the batch has been counted then.
        """
        require_as_many(predictions, truths)
        if not all(np.isfinite(one.hertz).all() for one in predictions):
            raise DataError("a pitch is NaN or infinite; in float16 this is often an overflow.")
        for one, (times, hertz) in zip(predictions, truths, strict=True):
            sung = hertz > 0
            found = np.interp(times[sung], one.times, 1200 * np.log2(one.hertz))
            apart = np.abs(found - 1200 * np.log2(hertz[sung]))
            octaves = np.abs(apart - _OCTAVE * np.round(apart / _OCTAVE))
            counted = (len(apart), (apart <= _NEAR).sum(), (apart <= _NEARER).sum(), (octaves <= _NEAR).sum())
            for key, count in zip(_KEYS, counted, strict=True):
                self._counts[key] += int(count)

    def compute(self) -> dict[str, float]:
        """The three figures; DataError when no sung frame was counted."""
        frames = self._counts["frames"]
        if not frames:
            raise DataError("no frame in which something is sung was counted. Is the data set empty?")
        figures = (self._counts[key] / frames for key in _KEYS[1:])
        return {info.name: figure for info, figure in zip(self.infos, figures, strict=True)}

    def state(self) -> dict[str, Any]:
        """The frames, and how many of them are right in each way."""
        return dict(self._counts)

    def merge(self, state: dict[str, Any]) -> None:
        """Add the counts of another process, as its `state()` gave them; DataError when they are not that."""
        counts = counts_of(state, _KEYS, "a pitch accuracy")
        if max(counts.values()) > counts["frames"]:
            raise foreign("a pitch accuracy", state)
        for key in _KEYS:
            self._counts[key] += counts[key]
