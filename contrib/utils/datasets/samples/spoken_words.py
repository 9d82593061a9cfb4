"""Words spoken by espeak-ng in many voices, speeds, pitches and noises, in the layout of Speech Commands.

The voices that training hears and those of the held-out part have nothing in common.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from utils.datasets.samples.espeak import Espeak
from utils.datasets.samples.once import written_once
from utils.preprocess.audio import resampled

RATE = 16_000
WORDS = ("yes", "no", "up", "down", "left", "right", "on", "off", "stop", "go")
_OTHERS = """backward bed bird cat dog eight five follow forward four happy house learn marvin nine one seven sheila
six three tree two visual wow zero"""
OTHERS = tuple(_OTHERS.split())
ACCENTS = ("en-us", "en", "en-gb-scotland", "en-gb-x-rp", "en-gb-x-gbclan", "en-gb-x-gbcwmd", "en-029", "en-us-nyc")
# espeak-ng's variants of a voice, without its robots and whispers: those for training, and those of the sample.
_VOICES = """Alex Andrea Annie AnxiousAndy Diogo Gene Gene2 Henrique Hugo Jacky Lee Marco Michael Mike Nguyen Reed
RicishayMax RicishayMax2 Storm adam anika antonio aunty benjamin boris caleb david ed edward edward2 f1 f2 f3 grandma
grandpa gustave ian iven iven3 john kaukovalta linda m1 m2 m3 m4 m5 marcelo michel miguel norbert paul pedro quincy
robert sandro shelby steph steph2 travis victor"""
VOICES = tuple(_VOICES.split())
_HELD_OUT = "Alicia Andy Denis Mario announcer belinda f4 f5 iven2 m6 m7 m8 max mike2 pablo rob steph3 zac"
HELD_OUT_VOICES = tuple(_HELD_OUT.split())
NOISES = ("white", "pink", "brown", "hum", "clicks")

SEED = 20250301
SECONDS = (0.65, 1.0)  # of a recording
SNR = (5.0, 30.0)  # decibels
LOUDNESS = (0.02, 0.15)  # root mean square of the word
_AUDIBLE = 0.01  # of the loudest sample: what is below at either end of an utterance is silence

ATTRIBUTION = """\
Words synthesised by espeak-ng (https://github.com/espeak-ng/espeak-ng) and mixed with computed noise, in the layout of
the Speech Commands data set (P. Warden, Speech Commands: A Dataset for Limited-Vocabulary Speech Recognition, 2018).
Nothing here was recorded from a person.
"""


@dataclass(frozen=True)
class Spoken:
    """One word of one speaker.

    Attributes:
        word: what was said.
        speaker: eight hexadecimal digits, as Speech Commands names its speakers.
        samples: float32 [samples] at RATE, without silence at its ends, root mean square 1.
    """

    word: str
    speaker: str
    samples: np.ndarray


def speakers(voices: Sequence[str], count: int, others: int, random: np.random.RandomState) -> Iterator[Spoken]:
    """What `count` speakers say: each of WORDS once, and `others` of OTHERS.

    A speaker is one of `voices` in a random accent, with a speed and a pitch around which each word varies.
    """
    with Espeak() as espeak:
        for number in range(count):
            voice = f"{ACCENTS[random.randint(len(ACCENTS))]}+{voices[number % len(voices)]}"
            speed, pitch = random.randint(130, 221), random.randint(20, 81)
            name = hashlib.sha256(f"{voice} {speed} {pitch}".encode()).hexdigest()[:8]
            for word in (*WORDS, *random.choice(OTHERS, others, replace=False)):
                samples = espeak.say(
                    str(word),
                    voice,
                    speed + random.randint(-15, 16),
                    pitch + random.randint(-8, 9),
                    random.randint(101),
                )
                yield Spoken(str(word), name, _trimmed(samples, espeak.rate))


def recording(word: np.ndarray, noise: np.ndarray, random: np.random.RandomState) -> np.ndarray:
    """`word` somewhere in a recording of SECONDS, with a piece of `noise` over all of it.

    Args:
        word: float32 [samples] at RATE, root mean square 1; its middle second where it is longer.
        noise: float32, a second or more at RATE, root mean square 1.

    Returns:
        float32 [samples], -1 to 1.
    """
    length = max(int(random.uniform(*SECONDS) * RATE), min(len(word), RATE))
    word = word[max(len(word) - length, 0) // 2 :][:length]
    place, start = random.randint(length - len(word) + 1), random.randint(len(noise) - length + 1)
    mixed = noise[start : start + length] * np.float32(10 ** (-random.uniform(*SNR) / 20))
    mixed[place : place + len(word)] += word
    loudness = np.exp(random.uniform(*np.log(LOUDNESS)))
    return np.clip(mixed * np.float32(loudness), -1, 1)


def noise(kind: str, seconds: float, random: np.random.RandomState) -> np.ndarray:
    """One of NOISES: float32 [samples] at RATE, root mean square 1.

    white, pink, brown: power that falls with the frequency's power of 0, 1, 2. hum: the mains with its overtones.
    clicks: things that knock against each other.
    """
    length = int(seconds * RATE)
    time = np.arange(length) / RATE
    if kind == "hum":
        base = random.choice([50.0, 60.0])
        parts = [
            np.sin(2 * np.pi * (base * order * time + random.rand())) * random.rand() / order for order in range(1, 12)
        ]
        samples = np.sum(parts, axis=0) + 0.05 * random.randn(length)
    elif kind == "clicks":
        samples = 0.05 * random.randn(length)
        for start in random.randint(0, length, max(int(6 * seconds), 1)):
            since = time[: length - start]
            tone = np.sin(2 * np.pi * random.uniform(300, 5_000) * since)
            samples[start:] += random.uniform(0.3, 1) * np.exp(-since * random.uniform(20, 120)) * tone
    else:
        slope = {"white": 0.0, "pink": 0.5, "brown": 1.0}[kind]
        spectrum = np.fft.rfft(random.randn(length))
        frequency = np.fft.rfftfreq(length, 1 / RATE)
        samples = np.fft.irfft(spectrum / np.maximum(frequency, 20.0) ** slope, length)
    return _normalised(samples)


@written_once
def write_spoken_words(folder: Path) -> None:
    """Write the held-out part as Speech Commands has it: <word>/<speaker>_nohash_0.wav (16 kHz, 16 bit), the two lists,
    and _background_noise_. All of it is in testing_list.txt.

    The folder appears as a whole. One that already has content is left as it is.

    Raises:
        DataError: the folder cannot be written, or espeakng-loader is not installed.
    """
    import soundfile

    random = np.random.RandomState(SEED)
    noises = {kind: noise(kind, 4, random) for kind in NOISES}
    (folder / "ATTRIBUTION.txt").write_text(ATTRIBUTION, encoding="utf-8")
    names = []
    for spoken in speakers(HELD_OUT_VOICES, len(HELD_OUT_VOICES), 1, random):
        path = folder / spoken.word / f"{spoken.speaker}_nohash_0.wav"
        path.parent.mkdir(exist_ok=True)
        background = noises[NOISES[random.randint(len(NOISES))]]
        soundfile.write(path, recording(spoken.samples, background, random), RATE, subtype="PCM_16")
        names.append(path.relative_to(folder).as_posix())
    (folder / "testing_list.txt").write_text("".join(f"{name}\n" for name in sorted(names)), encoding="utf-8")
    (folder / "validation_list.txt").write_text("", encoding="utf-8")
    (folder / "_background_noise_").mkdir()
    for kind, samples in noises.items():
        soundfile.write(folder / f"_background_noise_/{kind}.wav", samples * 0.1, RATE, subtype="PCM_16")


def _trimmed(samples: np.ndarray, rate: int) -> np.ndarray:
    """At RATE, without silence at the ends."""
    loud = np.flatnonzero(np.abs(samples) > _AUDIBLE * np.abs(samples.astype(np.int32)).max())
    word = resampled(samples[loud[0] : loud[-1] + 1].astype(np.float32), rate, RATE)
    return _normalised(word)


def _normalised(samples: np.ndarray) -> np.ndarray:
    return (samples / np.sqrt(np.mean(np.square(samples)))).astype(np.float32)
