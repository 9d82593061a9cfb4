"""How near enhanced speech is to the clean recording: SI-SDR, STOI, and PESQ where its package is installed.

The scale-invariant signal-to-distortion ratio (Le Roux et al., SDR - Half-Baked or Well Done?, 2019) is the clean
recording, at the scale at which it is contained in what is measured, against all the rest, in decibels.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from utils.metrics.base import MetricInfo, require_as_many
from utils.metrics.counts import fields_of, foreign, is_count, is_number
from utils.metrics.intelligibility import stoi
from utils.notices import notice
from utils.preprocess.recordings import load_recording
from zoo_core.errors import DataError

_MEASURES = ("si_sdr", "stoi", "pesq")
_PESQ_RATE = 16_000
# What the package pesq raises where a recording cannot be rated, though nothing is wrong with how it was asked
_NO_SPEECH = {
    "NoUtterancesError": "no speech is found in it.",
    "BufferTooShortError": "it is shorter than a quarter of a second.",
}
_BEST = 100.0  # decibels that stand for equal recordings, so that a mean exists


class Enhanced(Protocol):
    """What was made of a recording."""

    @property
    def samples(self) -> np.ndarray: ...

    @property
    def rate(self) -> int: ...


class SpeechQuality:
    """Means over recordings of SI-SDR (primary, decibels), STOI, and where the package pesq is installed PESQ in
    wide-band (P.862.2), each with the gain over the noisy ones.

    A recording with too little speech for STOI or PESQ counts for SI-SDR only.
    """

    infos = (
        MetricInfo("si_sdr", "dB", -_BEST, _BEST, True),
        MetricInfo("si_sdr_gain", "dB", -2 * _BEST, 2 * _BEST, True),
        MetricInfo("stoi", "correlation", -1.0, 1.0, True),
        MetricInfo("stoi_gain", "correlation", -2.0, 2.0, True),
        MetricInfo("pesq", "mean opinion score", 1.0, 5.0, True),
        MetricInfo("pesq_gain", "mean opinion score", -4.0, 4.0, True),
    )

    def __init__(self) -> None:
        # of each measure: recordings, the sum of the enhanced ones, and of the noisy ones
        self._counts: dict[str, list[float]] = {name: [0, 0.0, 0.0] for name in _MEASURES}

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
            for one in (prediction.samples, noisy):
                _require_comparable(truth[0], one, clean)
            both = ((truth[0], prediction.samples), (truth[1], noisy))
            figures.append([_measured(path, one, clean, prediction.rate) for path, one in both])
        for enhanced, before in figures:
            for name in _MEASURES:
                first, second = enhanced[name], before[name]
                if first is not None and second is not None:
                    self._add(name, [1, first, second])

    def _add(self, name: str, counts: Sequence[float]) -> None:
        self._counts[name] = [own + more for own, more in zip(self._counts[name], counts, strict=True)]

    def compute(self) -> dict[str, float]:
        """{"si_sdr": dB, "si_sdr_gain": dB, …}, what could be measured; DataError when nothing was counted."""
        if not self._counts["si_sdr"][0]:
            raise DataError("no recording was counted. Is the data set empty?")
        found: dict[str, float] = {}
        for name, (count, enhanced, before) in self._counts.items():
            if count:
                found |= {name: enhanced / count, f"{name}_gain": (enhanced - before) / count}
        return found

    def state(self) -> dict[str, Any]:
        """{"samples": n, "si_sdr": [recordings, sum of the enhanced ones, sum of the noisy ones], …}."""
        return {"samples": self._counts["si_sdr"][0]} | {name: list(counts) for name, counts in self._counts.items()}

    def merge(self, state: dict[str, Any]) -> None:
        """Add the counts of another process, as its `state()` gave them; DataError when they are not that."""
        fields = fields_of(state, ("samples", *_MEASURES), "enhanced recordings")
        for info in self.infos[::2]:
            if not _is_sum(fields[info.name], fields["samples"], info):
                raise foreign("enhanced recordings", state)
        if fields["samples"] != fields["si_sdr"][0]:
            raise foreign("enhanced recordings", state)
        for name in _MEASURES:
            self._add(name, fields[name])


def _is_sum(counts: Any, samples: Any, info: MetricInfo) -> bool:
    """Whether `counts` are a number of recordings, of so many, and two sums over them of what `info` tells of."""
    if not is_count(samples) or not isinstance(counts, list) or len(counts) != 3:
        return False
    number, *sums = counts
    if not is_count(number) or number > samples:
        return False
    return all(is_number(one, number * info.low, number * info.high) for one in sums)


def _require_comparable(path: Path, samples: np.ndarray, clean: np.ndarray) -> None:
    if len(samples) != len(clean):
        raise DataError(f"{path.name}: the clean recording has {len(clean)} samples, the other one {len(samples)}.")
    if not clean.any():
        raise DataError(f"{path.name}: the clean recording is silent; nothing can be measured against it.")


def _measured(path: Path, samples: np.ndarray, clean: np.ndarray, rate: int) -> dict[str, float | None]:
    """Each measure of a recording, which `path` names; None where it has none."""
    try:
        rated = pesq(samples, clean, rate)
    except DataError as error:
        notice("no figure of PESQ", str(path), f"PESQ leaves this recording out: {error}")
        rated = None
    return {"si_sdr": si_sdr(samples, clean), "stoi": stoi(samples, clean, rate), "pesq": rated}


def pesq(samples: np.ndarray, clean: np.ndarray, rate: int) -> float | None:
    """PESQ in wide-band, by the package pesq; None where that is not installed.

    Raises:
        DataError: there is no figure of this recording, and why.
    """
    try:
        import pesq as package
    except ModuleNotFoundError:
        notice("no PESQ", "PESQ", "not measured, since the package pesq is not installed: pip install pesq")
        return None
    if rate != _PESQ_RATE:
        raise DataError(f"it has {rate} samples a second, and PESQ in wide-band is defined for {_PESQ_RATE}.")
    if not samples.any():
        raise DataError("it is silent.")
    try:
        return float(package.pesq(rate, clean, samples, "wb"))
    except (package.PesqError, ValueError) as error:
        said = _NO_SPEECH.get(type(error).__name__, f"the package pesq says {type(error).__name__}: {error}.")
        raise DataError(said) from error


def si_sdr(samples: np.ndarray, clean: np.ndarray) -> float:
    """Decibels, -100 to 100, of float [samples] against the clean ones, which are not silent; silence has -100."""
    samples, clean = samples.astype(np.float64), clean.astype(np.float64)
    target = clean * (samples @ clean / (clean @ clean))
    rest = float(np.sum(np.square(samples - target)))
    power = float(np.sum(np.square(target)))
    if not power:
        return -_BEST
    return float(np.clip(10 * np.log10(power / max(rest, power * 10 ** (-_BEST / 10))), -_BEST, _BEST))
