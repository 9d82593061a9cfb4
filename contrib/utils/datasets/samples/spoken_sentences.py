"""Sentences spoken by espeak-ng in a few voices, in the layout of LibriSpeech."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from utils.datasets.libri_speech import place, write_transcript
from utils.datasets.samples.espeak import Espeak
from utils.datasets.samples.once import written_once
from utils.preprocess.audio import resampled

RATE = 16_000
LEVEL = 0.08  # root mean square
# By their number: espeak-ng's voice, words a minute, pitch
VOICES = {
    "101": ("en-us+m3", 150, 40),
    "102": ("en-us+f2", 150, 60),
    "103": ("en-gb-x-rp+david", 140, 35),
    "104": ("en-us+Annie", 155, 70),
    "105": ("en-gb-scotland+quincy", 145, 50),
    "106": ("en-us+steph3", 150, 55),
}
SENTENCES = (
    "the small boat came back to the harbour before the rain",
    "please put three red books on the table near the window",
    "nobody knows why the old clock stopped at seven",
    "my sister walks to the market every morning",
)


@written_once
def write_spoken_sentences(folder: Path) -> None:
    """Write each sentence in each voice: <speaker>/1/<speaker>-1-<number>.flac, 16 kHz, and the words.

    The folder appears as a whole. One that already has content is left as it is.

    Raises:
        DataError: the folder cannot be written, or espeakng-loader is not installed.
    """
    import soundfile

    with Espeak() as espeak:
        for speaker, (voice, speed, pitch) in VOICES.items():
            chapter = place(folder, speaker, "1")
            words: dict[str, str] = {}
            for number, sentence in enumerate(SENTENCES):
                name = f"{speaker}-1-{number:04d}"
                samples = level(espeak.say(sentence, voice, speed, pitch), espeak.rate)
                soundfile.write(chapter / f"{name}.flac", samples, RATE, subtype="PCM_16")
                words[name] = sentence
            write_transcript(chapter, words)


def level(samples: np.ndarray, rate: int) -> np.ndarray:
    """What espeak-ng said, float32 at RATE, equally loud and within -1 to 1."""
    found = resampled(samples.astype(np.float32), rate, RATE)
    return np.clip(found * np.float32(LEVEL / np.sqrt(np.mean(np.square(found)))), -1, 1)
