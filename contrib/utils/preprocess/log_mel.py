"""The features of Whisper: how loud each of 80 mel bands is in each hundredth of a second of 30 s."""

from __future__ import annotations

import numpy as np

from utils.preprocess.audio import MelSpectrogram

RATE, SECONDS = 16_000, 30.0
BANDS, FRAMES = 80, 3_000
_LEAST, _RANGE = 1e-10, 8.0  # of the power; in powers of ten below the loudest
_MEL = MelSpectrogram(RATE, 400, 160, BANDS, 0, RATE / 2, htk=False, centred=True, mirrored=True)


def log_mel(samples: np.ndarray) -> np.ndarray:
    """float32 [80, 3000] of a recording, float32 [samples] at 16 kHz; silence is put behind one of less than 30 s.

    The logarithm (to base 10) of the power in Slaney's mel bands, not more than 8 below the largest, plus 4, over 4:
    most values lie between -1 and 1.
    """
    whole = np.zeros(round(RATE * SECONDS), np.float32)
    samples = samples[: len(whole)]
    whole[: len(samples)] = samples
    power = _MEL(whole)[:FRAMES]  # without the frame that is centred at the very end
    level = np.log10(np.maximum(power, np.float32(_LEAST)))
    return np.ascontiguousarray((np.maximum(level, level.max() - np.float32(_RANGE)) + 4).T / 4, np.float32)
