"""What a GE2E speaker encoder sees of a recording: overlapping pieces of 1.6 s, as 40 mel bands."""

from __future__ import annotations

import math

import numpy as np

from utils.preprocess.audio import MelSpectrogram

RATE = 16_000
BANDS, FRAMES = 40, 160  # of a piece
STEP = 77  # frames between the beginnings of two pieces: 1.3 pieces a second
LEAST = 0.75  # of a last piece that has to be sound; else it is left out
LOUDNESS = -30.0  # decibels below full scale, to which quieter recordings are raised
_HOP = 160
_MEL = MelSpectrogram(RATE, 400, _HOP, BANDS, 0, RATE / 2, htk=False, centred=True)


def pieces(samples: int) -> list[int]:
    """The frames at which the pieces of a recording of so many samples begin; there is always one."""
    frames = math.ceil((samples + 1) / _HOP)
    starts = list(range(0, max(1, frames - FRAMES + STEP + 1), STEP))
    sound = samples / _HOP - starts[-1]
    return starts[:-1] if len(starts) > 1 and sound < LEAST * FRAMES else starts


def loud_enough(samples: np.ndarray) -> np.ndarray:
    """float32 [samples], raised to LOUDNESS where they are quieter; silence stays silence."""
    level = float(np.sqrt(np.mean(np.square(samples, dtype=np.float64)))) if len(samples) else 0.0
    wanted = 10 ** (LOUDNESS / 20)
    return samples * np.float32(wanted / level) if 0 < level < wanted else samples


def speaker_features(samples: np.ndarray) -> np.ndarray:
    """float32 [pieces, 160, 40], the power in mel bands, of a recording, float32 [samples] at 16 kHz."""
    starts = pieces(len(samples))
    raised = loud_enough(samples)
    # silence behind it, as far as the last piece reaches
    filled = np.pad(raised, (0, max((starts[-1] + FRAMES) * _HOP - len(raised), 0)))
    bands = _MEL(filled)
    return np.stack([bands[start : start + FRAMES] for start in starts])
