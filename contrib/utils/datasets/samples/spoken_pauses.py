"""Recordings in which a program speaks and pauses in turn, with the times of both: words of espeak-ng in noise."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from utils.datasets.rttm import rttm_line
from utils.datasets.samples.once import written_once
from utils.datasets.samples.spoken_words import HELD_OUT_VOICES, NOISES, RATE, noise, speakers

SEED, COUNT = 20261126, 8
WORDS = (2, 5)  # of a turn: at least, and less than
PAUSE, GAP = (0.4, 1.3), 0.04  # seconds between turns, and between words
LOUDNESS, SNR = (0.03, 0.15), (15.0, 35.0)  # root mean square of words; decibels
TURNS = 3

Spans = list[tuple[float, float]]


def recording(words: Sequence[np.ndarray], kind: str, random: np.random.RandomState) -> tuple[np.ndarray, Spans]:
    """A few turns of `words` with pauses around each.

    Args:
        words: float32 at RATE, root mean square 1, spoken one after the other.
        kind: of the noise (`spoken_words.NOISES`).

    Returns:
        (float32 [samples], -1 to 1; the turns in seconds).
    """
    parts: list[np.ndarray] = []
    spans: Spans = []
    place = 0

    def add(part: np.ndarray) -> None:
        nonlocal place
        parts.append(part)
        place += len(part)

    left = list(words)
    while left:
        add(np.zeros(int(random.uniform(*PAUSE) * RATE), np.float32))
        begin = place
        for word in left[: random.randint(*WORDS)]:
            add(word)
            add(np.zeros(int(GAP * RATE), np.float32))
            del left[0]
        spans.append((begin / RATE, (place - int(GAP * RATE)) / RATE))
    add(np.zeros(int(random.uniform(*PAUSE) * RATE), np.float32))
    said = np.concatenate(parts)
    said += noise(kind, len(said) / RATE + 1, random)[: len(said)] * np.float32(10 ** (-random.uniform(*SNR) / 20))
    return np.clip(said * np.float32(random.uniform(*LOUDNESS)), -1, 1), spans


@written_once
def write_spoken_pauses(folder: Path, seed: int = SEED, count: int = COUNT) -> None:
    """Write turns_0.wav and so on (16 kHz, 16 bit), each with its RTTM.

    Raises:
        DataError: the folder cannot be written, or espeakng-loader is not installed.
    """
    import soundfile

    random = np.random.RandomState(seed)
    own: dict[str, list[np.ndarray]] = {}
    for spoken in speakers(HELD_OUT_VOICES, count, 0, random):
        own.setdefault(spoken.speaker, []).append(spoken.samples)
    for number, words in enumerate(own.values()):
        samples, spans = recording(words[: 3 * TURNS], NOISES[number % 3], random)
        soundfile.write(folder / f"turns_{number}.wav", samples, RATE, subtype="PCM_16")
        lines = [rttm_line(f"turns_{number}", *span) for span in spans]
        (folder / f"turns_{number}.rttm").write_text("".join(lines), encoding="utf-8")
