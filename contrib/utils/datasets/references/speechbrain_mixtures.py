"""Twelve sentences and five noises of SpeechBrain's tests, mixed here at 0, 5 and 10 dB: 180 recordings."""

from __future__ import annotations

from pathlib import Path

from utils.datasets.folder import files_in
from utils.datasets.mixing import mixed, write_pairs
from utils.preprocess.recordings import load_recording

RATIOS = (0, 5, 10)
RATE = 16_000


def arrange(files: Path, folder: Path) -> None:
    """Write the layout of VCTK-DEMAND: every sentence with every noise at every ratio.

    Args:
        files: holds clean/spk1_snt1.wav and so on, and noise/noise1.wav.
        folder: the folder to fill.

    Raises:
        DataError: a recording is missing or damaged.
    """
    clean, noises = (
        {path.stem: load_recording(path, RATE) for path in _in(files / part)} for part in ("clean", "noise")
    )
    write_pairs(
        folder,
        (
            (f"{name}_{kind}_{ratio}dB", samples, mixed(samples, noise, ratio))
            for name, samples in clean.items()
            for kind, noise in noises.items()
            for ratio in RATIOS
        ),
    )


def _in(folder: Path) -> list[Path]:
    return files_in(folder, (".wav",))
