"""Clean speech and noise, mixed at a given ratio, in the layout of VCTK-DEMAND."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np

from utils.datasets.noisy_speech import CLEAN, NOISY

RATE = 16_000
_LOUDEST = 0.99  # of what is written; both files of a louder mixture are made quieter alike


def mixed(clean: np.ndarray, noise: np.ndarray, ratio: float) -> np.ndarray:
    """`clean`, float32 [samples], with as much of the beginning of `noise` that their powers have `ratio` decibels
    between them; a noise that is too short is repeated."""
    piece = np.resize(noise, len(clean))
    power = np.mean(np.square(clean, dtype=np.float64)) / max(np.mean(np.square(piece, dtype=np.float64)), 1e-12)
    return clean + piece * np.float32(np.sqrt(power) * 10 ** (-ratio / 20))


def write_pairs(folder: Path, pairs: Iterable[tuple[str, np.ndarray, np.ndarray]]) -> None:
    """Write (name, clean, noisy), float32 at RATE, as clean_testset_wav/<name>.wav and noisy_testset_wav/<name>.wav."""
    import soundfile

    for part in (CLEAN, NOISY):
        (folder / part).mkdir()
    for name, clean, noisy in pairs:
        scale = min(1.0, _LOUDEST / max(float(np.abs(noisy).max()), float(np.abs(clean).max())))
        for part, samples in ((CLEAN, clean), (NOISY, noisy)):
            soundfile.write(folder / part / f"{name}.wav", samples * np.float32(scale), RATE, subtype="PCM_16")
