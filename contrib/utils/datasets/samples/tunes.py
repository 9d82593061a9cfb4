"""Tunes of one voice, computed: notes of known pitch with harmonics, vibrato and glides, in the layout of vocadito."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from utils.datasets.samples.once import written_once
from utils.datasets.vocadito import AUDIO, F0, NOTES

RATE, HOP = 22_050, 128  # of the sound, and of the annotated pitch
SEED, COUNT, LENGTH = 20261127, 6, 7  # tunes, and notes of each
_STEPS = (0, 2, 4, 5, 7, 9, 11, 12)  # of a major scale, in semitones
_SECONDS, _REST = (0.25, 0.6), (0.05, 0.25)  # of a note, and between two


def tune(random: np.random.RandomState) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """One tune.

    Returns:
        (float32 [samples] at RATE; hertz of each sample, 0 where nothing sounds; [notes, 3]: begin, hertz, seconds).
    """
    lowest = 12 * np.log2(random.uniform(110, 330) / 440) + 69
    pieces: list[np.ndarray] = []
    notes = []
    place = 0
    for _ in range(LENGTH):
        rest = int(random.uniform(*_REST) * RATE)
        length = int(random.uniform(*_SECONDS) * RATE)
        hertz = float(440 * 2 ** ((lowest + _STEPS[random.randint(len(_STEPS))] - 69) / 12))
        time = np.arange(length) / RATE
        # it begins a little below, and vibrates by a fifth of a semitone
        semitones = -0.4 * np.exp(-time * 40) + 0.2 * np.sin(2 * np.pi * 5.5 * time)
        pieces += [np.zeros(rest), hertz * 2 ** (semitones / 12)]
        notes.append(((place + rest) / RATE, hertz, length / RATE))
        place += rest + length
    pieces.append(np.zeros(int(0.2 * RATE)))
    curve = np.concatenate(pieces)
    phase = 2 * np.pi * np.cumsum(curve) / RATE
    voice = np.sum([np.sin(order * phase) / order**1.3 for order in range(1, 9)], axis=0)
    loud = np.convolve((curve > 0).astype(float), np.hanning(400) / np.hanning(400).sum(), "same") * (curve > 0)
    sound = 0.25 * voice * loud + 0.001 * random.randn(len(curve))
    return sound.astype(np.float32), curve, np.array(notes)


@written_once
def write_tunes(folder: Path, seed: int = SEED, count: int = COUNT) -> None:
    """Write tune_0.wav and so on (16 bit), each with its pitch and its notes. Raises DataError where it cannot."""
    import soundfile

    random = np.random.RandomState(seed)
    for part in (AUDIO, F0, NOTES):
        (folder / part).mkdir(parents=True)
    for number in range(count):
        sound, curve, notes = tune(random)
        soundfile.write(folder / AUDIO / f"tune_{number}.wav", sound, RATE, subtype="PCM_16")
        rows = [f"{place / RATE:.6f},{curve[place]:.3f}\n" for place in range(0, len(curve), HOP)]
        (folder / F0 / f"tune_{number}_f0.csv").write_text("".join(rows), encoding="utf-8")
        rows = [f"{begin:.6f},{hertz:.3f},{seconds:.6f}\n" for begin, hertz, seconds in notes]
        (folder / NOTES / f"tune_{number}_notesA1.csv").write_text("".join(rows), encoding="utf-8")
