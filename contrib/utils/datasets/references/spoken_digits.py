"""The test part of the Free Spoken Digit Dataset: ten digits, each said five times by six people, at 8 kHz.

A digit of half a second says little of who speaks, and is less than recognisers are made for. So the digits from 0 to 4
of a person's first, second … time are one recording here, and those from 5 to 9 are another.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from utils.datasets.libri_speech import place, write_transcript
from utils.datasets.references import LISTINGS
from zoo_core.errors import DataError

LISTING = LISTINGS / "spoken_digits.tsv"
NAME, TITLE = "spoken_digits", "Free Spoken Digit Dataset, test, five digits a recording"
LICENCE, COUNT = "CC BY-SA 4.0", 60
DIGITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
SPEAKERS = ("george", "jackson", "lucas", "nicolas", "theo", "yweweler")
TIMES, RATE = 5, 8_000
_HALVES = (range(5), range(5, 10))


def arrange(files: Path, folder: Path) -> None:
    """Write the layout of LibriSpeech: <speaker>/<time>/<speaker>-<time>-<half>.wav, and the words.

    Args:
        files: holds <digit>_<speaker>_<time>.wav.
        folder: the folder to fill.

    Raises:
        DataError: a recording is missing, or is of another rate.
    """
    import soundfile

    for speaker in SPEAKERS:
        for time in range(TIMES):
            chapter = place(folder, speaker, str(time))
            words: dict[str, str] = {}
            for half, digits in enumerate(_HALVES):
                name = f"{speaker}-{time}-{half}"
                samples = np.concatenate([_read(files / f"{digit}_{speaker}_{time}.wav") for digit in digits])
                soundfile.write(chapter / f"{name}.wav", samples, RATE, subtype="PCM_16")
                words[name] = " ".join(DIGITS[digit] for digit in digits)
            write_transcript(chapter, words)


def _read(path: Path) -> np.ndarray:
    """int16 [samples] of one channel."""
    import soundfile

    try:
        samples, rate = soundfile.read(path, dtype="int16")
    except (soundfile.SoundFileError, RuntimeError) as error:
        raise DataError(f"{path.name}: there is no such recording, or it is damaged.") from error
    if rate != RATE or samples.ndim != 1:
        raise DataError(f"{path.name}: one channel at {RATE} Hz is expected, got shape {samples.shape} at {rate} Hz.")
    return samples
