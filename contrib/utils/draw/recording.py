"""What networks hear in the course of a recording, as a picture: its wave, and below it what was found, over time."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw

from utils.draw.audio import AXIS, HEIGHT, PAPER, RULER, rule, wave
from utils.draw.classification import FAINT, FIRST, WIDTH

CURVE, ROLL = 80, 150  # pixels
SPOKEN = (222, 240, 222)


def draw_speech(
    samples: np.ndarray, seconds: float, probabilities: np.ndarray, spans: Sequence[tuple[float, float]]
) -> Image.Image:
    """The wave, below it the probability of speech from 0 to 1; spans of speech are green.

    Args:
        samples: float32 [samples].
        seconds: their duration.
        probabilities: float [chunks], evenly over the recording.
        spans: (begin, end) in seconds.

    Returns:
        A new RGB image, 512 pixels wide.
    """
    height = HEIGHT + CURVE
    picture = Image.new("RGB", (WIDTH, height + RULER), PAPER)
    picture.paste(wave(samples), (0, 0))
    shade = Image.new("RGB", (WIDTH, height), PAPER)
    draw = ImageDraw.Draw(shade)
    for begin, end in spans:
        draw.rectangle((begin / seconds * WIDTH, 0, end / seconds * WIDTH, height), fill=SPOKEN)
    picture.paste(darker(picture.crop((0, 0, WIDTH, height)), shade), (0, 0))
    draw = ImageDraw.Draw(picture)
    for level in (0.0, 0.5, 1.0):
        draw.line((0, _row(level), WIDTH, _row(level)), fill=AXIS)
    x = (np.arange(len(probabilities)) + 0.5) / max(len(probabilities), 1) * WIDTH
    draw.line([(float(a), _row(float(b))) for a, b in zip(x, probabilities, strict=True)], fill=FIRST, width=2)
    rule(draw, seconds, height)
    return picture


def darker(one: Image.Image, other: Image.Image) -> Image.Image:
    """Of two pictures on white paper, what is on either."""
    return Image.fromarray(np.minimum(np.asarray(one), np.asarray(other)))


def _row(level: float) -> float:
    return HEIGHT + CURVE - 4 - level * (CURVE - 8)


def draw_pitch(samples: np.ndarray, seconds: float, times: np.ndarray, hertz: np.ndarray) -> Image.Image:
    """The wave, below it the pitch; a line for each octave of A that lies within.

    Args:
        samples: float32 [samples].
        seconds: their duration.
        times, hertz: [frames]; NaN where no pitch is told.

    Returns:
        A new RGB image.
    """
    picture = Image.new("RGB", (WIDTH, HEIGHT + ROLL + RULER), PAPER)
    picture.paste(wave(samples), (0, 0))
    draw = ImageDraw.Draw(picture)
    told = np.log2(hertz[np.isfinite(hertz)] / 440)
    low, high = (float(told.min()) - 0.2, float(told.max()) + 0.2) if len(told) else (-1.0, 1.0)

    def row(octave: float) -> float:
        return HEIGHT + ROLL * (high - octave) / (high - low)

    for octave in range(int(np.ceil(low)), int(np.floor(high)) + 1):
        draw.line((0, row(octave), WIDTH, row(octave)), fill=AXIS)
        draw.text((2, row(octave) - 12), f"{440 * 2.0**octave:g} Hz", fill=FAINT)
    for time, one in zip(times, hertz, strict=True):
        if np.isfinite(one):
            x, y = time / seconds * WIDTH, row(float(np.log2(one / 440)))
            draw.ellipse((x - 1, y - 1, x + 1, y + 1), fill=FIRST)
    rule(draw, seconds, HEIGHT + ROLL)
    return picture


def draw_notes(
    samples: np.ndarray, seconds: float, notes: Sequence[tuple[float, float, int]], lowest: int
) -> Image.Image:
    """The wave, below it a bar for each note, the higher the higher; a line for each C.

    Args:
        samples: float32 [samples].
        seconds: their duration.
        notes: begin, end and MIDI number.
        lowest: the MIDI number that is shown where there are none.

    Returns:
        A new RGB image.
    """
    picture = Image.new("RGB", (WIDTH, HEIGHT + ROLL + RULER), PAPER)
    picture.paste(wave(samples), (0, 0))
    draw = ImageDraw.Draw(picture)
    keys = [key for _, _, key in notes] or [lowest]
    low, high = min(keys) - 2, max(keys) + 2
    step = ROLL / (high - low + 1)
    for key in range(low, high + 1):
        if key % 12 == 0:
            top = HEIGHT + (high - key + 1) * step
            draw.line((0, top, WIDTH, top), fill=AXIS)
            draw.text((2, top - 12), f"C{key // 12 - 1}", fill=FAINT)
    for begin, end, key in notes:
        top = HEIGHT + (high - key) * step
        draw.rectangle((begin / seconds * WIDTH, top + 1, end / seconds * WIDTH, top + max(step - 1, 2)), fill=FIRST)
    rule(draw, seconds, HEIGHT + ROLL)
    return picture
