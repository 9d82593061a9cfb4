"""What is said of recordings that are read, though not as a person may expect."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from utils.notices import notice

_CANCELLED = 0.1  # of what channels that have nothing to do with each other would leave
_LONG = 2.0  # times the seconds that are used


def say_loud(path: Path, samples: np.ndarray) -> None:
    """Values of floating point may lie beyond full scale, and may be whole numbers in disguise."""
    loudest = float(np.abs(samples).max(initial=0))
    if loudest <= 1:
        return
    hint = " Are these samples of 16 bits that were not divided by 32768?" if 255 < loudest <= 32768 else ""
    notice(
        "values beyond full scale",
        str(path),
        f"its values reach {loudest:.4g}, and full scale is 1; they are taken as they are, neither clipped nor scaled."
        f"{hint}",
    )


def say_cancelled(path: Path, samples: np.ndarray, mono: np.ndarray) -> None:
    """Channels of opposite phase are silence when they are averaged.

    Args:
        samples: [N, channels].
        mono: [N], their mean.
    """
    channels = samples.shape[1]
    if channels == 1:
        return
    powers = (samples.astype(np.float64) ** 2).mean(axis=0)
    left = np.sqrt((mono.astype(np.float64) ** 2).mean())
    if left < _CANCELLED * np.sqrt(powers.sum()) / channels:
        notice(
            "channels that cancel each other",
            str(path),
            f"its {channels} channels cancel each other (is one wired the wrong way round?): hardly anything is left "
            "of their mean, which is what is used. Write one channel to a file of its own.",
        )


def say_cut(path: Path, whole: float, used: float) -> None:
    """Of a long recording, most is not used. Both in seconds."""
    if whole > _LONG * used:
        notice(
            "a part that is used only",
            str(path),
            f"of {whole:.1f} s, {used:g} s in the middle are used; cut the recording into pieces if the rest counts.",
        )


def say_shortened(path: Path, whole: float, used: float) -> None:
    """What lies behind the first seconds is not used. Both in seconds."""
    if whole > used:
        notice(
            "a part that is used only",
            str(path),
            f"of {whole:.1f} s, the first {used:g} are used; cut the recording into pieces of {used:g} s for the rest.",
        )
