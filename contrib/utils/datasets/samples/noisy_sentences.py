"""Sentences that espeak-ng speaks, in computed noise, in the layout of VCTK-DEMAND."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from utils.datasets.mixing import mixed, write_pairs
from utils.datasets.samples.espeak import Espeak
from utils.datasets.samples.once import written_once
from utils.datasets.samples.spoken_sentences import SENTENCES, VOICES, level
from utils.datasets.samples.spoken_words import noise

SEED = 20261126
NOISES = ("pink", "white", "hum", "clicks")
RATIOS = (0, 5, 10)  # decibels


@written_once
def write_noisy_sentences(folder: Path) -> None:
    """Write two sentences in each voice, 16 kHz, 16 bit.

    The folder appears as a whole. One that already has content is left as it is.

    Raises:
        DataError: the folder cannot be written, or espeakng-loader is not installed.
    """
    write_pairs(folder, noisy_sentences())


def noisy_sentences() -> Iterator[tuple[str, np.ndarray, np.ndarray]]:
    """(name, clean, noisy), float32 at 16 kHz."""
    random = np.random.RandomState(SEED)
    noises = {kind: noise(kind, 4, random) for kind in NOISES}
    number = 0
    with Espeak() as espeak:
        for speaker, (voice, speed, pitch) in VOICES.items():
            for sentence in SENTENCES[:2]:
                clean = level(espeak.say(sentence, voice, speed, pitch), espeak.rate)
                kind, ratio = NOISES[number % len(NOISES)], RATIOS[number % len(RATIOS)]
                yield f"{speaker}_{number:03d}_{kind}_{ratio}dB", clean, mixed(clean, noises[kind], ratio)
                number += 1
