"""Made tones of two seconds with several tags each, in the layout of MagnaTagATune.

A tone has a pitch, may buzz (a saw's overtones in place of a sine), rise or fall by an octave, pulse, and have noise in
it; which of that it does is drawn, each by itself. There is nothing in a recording but what its tags say, so that the
best possible AUC is close to 1. It rests on numpy's RandomState, whose numbers never change between versions.
"""

from pathlib import Path

import numpy as np

from utils.datasets.music_tags import write_table
from utils.datasets.samples.once import written_once

SEED, RATE, SECONDS = 20261128, 12_000, 2.0
TAGS = ("low", "high", "buzzing", "rising", "falling", "pulsing", "noisy")
TRAINING_SEED, HELD_OUT_SEED, HELD_OUT = 1000, 100_000, 150
_LOW, _HIGH = 300.0, 900.0  # Hz: below is low, above is high
_OVERTONES = 5


def tone(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """(float32 [24000] at 12 kHz, -1 to 1; bool [7] which tags it has), the same for the same seed on every machine."""
    random = np.random.RandomState([SEED, seed])
    pitch = 120 * 2 ** random.uniform(0, 4)
    buzzing, pulsing, noisy = random.random_sample(3) < 0.4
    glide = random.randint(3)  # none, up, down
    time = np.arange(round(RATE * SECONDS)) / RATE
    octaves = (0, 1, -1)[glide] * (time / SECONDS - 0.5)
    phase = 2 * np.pi * np.cumsum(pitch * 2**octaves) / RATE
    overtones = np.arange(1, _OVERTONES + 1 if buzzing else 2)
    # no overtone above half the rate, where it would come back as another one
    overtones = overtones[overtones * pitch * 2**0.5 < RATE / 2]
    sound = sum(np.sin(order * phase) / order for order in overtones)
    if pulsing:
        sound = sound * (0.55 + 0.45 * np.sin(2 * np.pi * random.uniform(3, 8) * time))
    sound = sound / np.abs(sound).max() * random.uniform(0.2, 0.6)
    if noisy:
        sound = sound + random.standard_normal(len(time)) * np.abs(sound).max() * random.uniform(0.08, 0.2)
    tags = (pitch < _LOW, pitch > _HIGH, buzzing and len(overtones) > 1, glide == 1, glide == 2, pulsing, noisy)
    return np.clip(sound, -1, 1).astype(np.float32), np.array(tags, bool)


def write_tone(path: Path, seed: int) -> np.ndarray:
    """Write one as 16-bit WAV or FLAC, by the path's suffix, and return which tags it has."""
    import soundfile

    samples, tags = tone(seed)
    soundfile.write(path, samples, RATE, subtype="PCM_16")
    return tags


@written_once
def write_tones(folder: Path) -> None:
    """Write 150 tones and the table of their tags. A folder that has content is left as it is.

    Raises:
        DataError: the folder cannot be written.
    """
    names = {f"tone_{number:03}.flac": HELD_OUT_SEED + number for number in range(HELD_OUT)}
    write_table(folder, TAGS, {name: write_tone(folder / name, seed) for name, seed in names.items()})
