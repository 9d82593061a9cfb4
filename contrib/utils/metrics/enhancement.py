"""How near enhanced speech is to the clean recording: the scale-invariant signal-to-distortion ratio.

Le Roux et al., SDR - Half-Baked or Well Done?, 2019: the clean recording, at the scale at which it is contained in what
is measured, against all the rest, in decibels.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from utils.metrics.base import MetricInfo, require_as_many
from utils.preprocess.recordings import load_recording
from zoo_core.errors import DataError

_COUNTS = ("recordings", "si_sdr", "noisy")
_BEST = 100.0  # decibels that stand for equal recordings, so that a mean exists


class Enhanced(Protocol):
    """What was made of a recording."""

    @property
    def samples(self) -> np.ndarray: ...

    @property
    def rate(self) -> int: ...


class SpeechQuality:
    """Mean SI-SDR (primary, decibels) over recordings, and by how much it is better than that of the noisy ones."""

    infos = (
        MetricInfo("si_sdr", "dB", -_BEST, _BEST, True),
        MetricInfo("si_sdr_gain", "dB", -2 * _BEST, 2 * _BEST, True),
    )

    def __init__(self) -> None:
        self._counts: dict[str, float] = dict.fromkeys(_COUNTS, 0.0)

    def update(self, predictions: Sequence[Enhanced], truths: Sequence[tuple[Path, Path]]) -> None:
        """Count one batch: enhanced recordings; and the files of the clean and of the noisy one of each.

        Raises:
            DataError: different lengths, a recording of another length than the clean one, or a silent clean one.
                Nothing of the batch has been counted then.
        """
        require_as_many(predictions, truths)
        figures = []
        for prediction, truth in zip(predictions, truths, strict=True):
            if not isinstance(truth, tuple) or len(truth) != 2:
                raise DataError(f"truth {truth!r:.80}: the files of the clean and of the noisy recording are expected.")
            clean, noisy = (load_recording(path, prediction.rate) for path in truth)
            figures.append([_measured(truth[0], one, clean) for one in (prediction.samples, noisy)])
        for enhanced, before in figures:
            for name, value in zip(_COUNTS, (1.0, enhanced, before), strict=True):
                self._counts[name] += value

    def compute(self) -> dict[str, float]:
        """{"si_sdr": dB, "si_sdr_gain": dB}; DataError when nothing was counted."""
        count, enhanced, before = (self._counts[name] for name in _COUNTS)
        if not count:
            raise DataError("no recording was counted. Is the data set empty?")
        return {"si_sdr": enhanced / count, "si_sdr_gain": (enhanced - before) / count}

    def state(self) -> dict[str, Any]:
        """{"recordings": n, "si_sdr": sum, "noisy": sum}."""
        return dict(self._counts)

    def merge(self, state: dict[str, Any]) -> None:
        """Add the counts of another process, as its `state()` gave them; DataError when they are not that."""
        try:
            found = {name: float(state[name]) for name in _COUNTS}
        except (KeyError, TypeError, ValueError) as error:
            raise DataError(f"these are not the counts of enhanced recordings: {state!r:.200}.") from error
        for name, value in found.items():
            self._counts[name] += value


def _measured(path: Path, samples: np.ndarray, clean: np.ndarray) -> float:
    if len(samples) != len(clean):
        raise DataError(f"{path.name}: the clean recording has {len(clean)} samples, the other one {len(samples)}.")
    if not clean.any():
        raise DataError(f"{path.name}: the clean recording is silent; nothing can be measured against it.")
    return si_sdr(samples, clean)


def si_sdr(samples: np.ndarray, clean: np.ndarray) -> float:
    """Decibels, -100 to 100, of float [samples] against the clean ones, which are not silent; silence has -100."""
    samples, clean = samples.astype(np.float64), clean.astype(np.float64)
    target = clean * (samples @ clean / (clean @ clean))
    rest = float(np.sum(np.square(samples - target)))
    power = float(np.sum(np.square(target)))
    if not power:
        return -_BEST
    return float(np.clip(10 * np.log10(power / max(rest, power * 10 ** (-_BEST / 10))), -_BEST, _BEST))
