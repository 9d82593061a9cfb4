"""Reading whole recordings, for networks that go through them piece by piece."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from utils.preprocess.audio import Clip, read_piece, resampled
from zoo_core.errors import UnreadableError

LONGEST = 600.0  # seconds; of a longer one, all would have to be in memory at once


def load_recording(path: str | Path, rate: int) -> np.ndarray:
    """A whole recording as one channel at `rate`: channels averaged, resampled as `load_audio` does it.

    Args:
        path: a WAV or FLAC file of any rate, number of channels and sample format.
        rate: samples a second of the result.

    Returns:
        float32 [samples], -1 to 1 for formats of whole numbers.

    Raises:
        UnreadableError: as `load_audio`, or it is longer than ten minutes.
    """
    samples, own, seconds = read_piece(Clip(Path(path), 0.0), LONGEST)
    if seconds > LONGEST:
        raise UnreadableError(f"{path}: of {seconds:.0f} s; at most {LONGEST:g} s are taken. Cut it into pieces.")
    return resampled(samples, own, rate)
