"""Recordings as pictures: the sound wave, its mel bands, and below them what was heard."""

from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from utils.draw.classification import FAINT, FIRST, FRAME, MARGIN, WIDTH, Ranked, draw_ranking
from utils.draw.text import embedding_strip, written
from utils.preprocess.audio import MelSpectrogram, decibels

HEIGHT, BANDS, RULER = 150, 96, 22  # pixels: of the wave, of the mel bands, of the seconds below
PAPER, AXIS = (255, 255, 255), (226, 230, 235)
FONT_SIZE = 12
# From quiet to loud, for the mel bands.
COLOURS = np.array([(252, 253, 255), (198, 219, 239), (107, 174, 214), (22, 119, 190), (8, 48, 107)], np.float64)
_RANGE = 60.0  # decibels from the loudest that are shown
_WINDOW = 1024  # samples that a column of the mel bands looks at
_OVER = 3  # drawn so many times larger, for smooth edges


def draw_keyword(
    samples: np.ndarray, rate: int, bands: np.ndarray, ranking: Ranked, labels: Sequence[str], k: int = 5
) -> Image.Image:
    """Draw a recording with the word that was heard in it.

    Args:
        samples: float32 [samples], -1 to 1; a quiet recording is drawn larger.
        rate: samples a second.
        bands: the loudness in decibels that is drawn below the wave, [frames, bands], lowest band first.
        ranking: class indices and probabilities, best first.
        labels: the name of each class, by index.
        k: how many classes to show at most.

    Returns:
        A new RGB image, 512 pixels wide.
    """
    return draw_ranking(_sound(samples, rate, bands), ranking, labels, k)


def wave(samples: np.ndarray, loudest: float | None = None) -> Image.Image:
    """The sound wave, a quiet one larger: each column reaches from the lowest to the highest sample in it.

    Args:
        samples: float32 [samples].
        loudest: what fills the height; the loudest of the samples by default.
    """
    width, height = WIDTH * _OVER, HEIGHT * _OVER
    loudest = float(np.abs(samples).max(initial=0)) if loudest is None else loudest
    image = Image.new("RGB", (width, height), PAPER)
    draw = ImageDraw.Draw(image)
    middle, reach = height / 2, 0.46 * height / max(loudest, 0.01)
    draw.line((0, middle, width, middle), fill=AXIS, width=_OVER)
    for x, part in enumerate(np.array_split(samples, width)):
        if part.size:
            low, high = float(part.min()), float(part.max())
            draw.line((x, middle - high * reach - _OVER / 2, x, middle - low * reach + _OVER / 2), fill=FIRST)
    return image.resize((WIDTH, HEIGHT), Image.Resampling.LANCZOS)


def _bands(bands: np.ndarray, loudest: float | None = None) -> Image.Image:
    """Time to the right, frequency upwards, loud is dark: as the loudest decibels, or as `loudest`."""
    level = np.clip((bands - (bands.max() if loudest is None else loudest)) / _RANGE + 1, 0, 1) * (len(COLOURS) - 1)
    channels = [np.interp(level, np.arange(len(COLOURS)), COLOURS[:, channel]) for channel in range(3)]
    pixels = np.round(np.stack(channels, axis=-1)).astype(np.uint8)
    return Image.fromarray(np.ascontiguousarray(pixels.transpose(1, 0, 2)[::-1])).resize(
        (WIDTH, BANDS), Image.Resampling.BILINEAR
    )


def rule(draw: ImageDraw.ImageDraw, seconds: float, top: int = HEIGHT + BANDS) -> None:
    """A mark for each quarter of the recording, below `top`."""
    font = ImageFont.load_default(size=FONT_SIZE)
    for quarter in range(5):
        x = min(round(WIDTH * quarter / 4), WIDTH - 1)
        draw.line((x, top, x, top + 4), fill=FAINT)
        anchor = "la" if quarter == 0 else "ra" if quarter == 4 else "ma"
        draw.text((x, top + 6), f"{seconds * quarter / 4:.2f} s", fill=FAINT, font=font, anchor=anchor)


def draw_transcript(samples: np.ndarray, rate: int, text: str) -> Image.Image:
    """A recording, float32 [samples] at `rate`, as wave and mel bands, and below it what was heard: a new RGB image."""
    return _above(samples, rate, written(text))


def draw_voice(samples: np.ndarray, rate: int, vector: np.ndarray) -> Image.Image:
    """A recording, float32 [samples] at `rate`, and below it its embedding, float [D], as a strip of coloured cells.

    Blue is below zero, red above; voices that are alike have strips that are alike. A new RGB image.
    """
    return _above(samples, rate, embedding_strip(vector))


def draw_enhanced(noisy: np.ndarray, samples: np.ndarray, rate: int) -> Image.Image:
    """A recording as wave and mel bands, and below it what a network made of it, by the same scales.

    Args:
        noisy, samples: float32 [samples], before and after.
        rate: of both.

    Returns:
        A new RGB image, 512 pixels wide.
    """
    both = [(one, _mel(one, rate)) for one in (noisy, samples)]
    loudest, darkest = float(np.abs(noisy).max(initial=0)), float(both[0][1].max())
    height = HEIGHT + BANDS
    picture = Image.new("RGB", (WIDTH, 2 * height + RULER), PAPER)
    for top, (one, bands) in zip((0, height), both, strict=True):
        picture.paste(wave(one, loudest), (0, top))
        picture.paste(_bands(bands, darkest), (0, top + HEIGHT))
    draw = ImageDraw.Draw(picture)
    for top, words in ((4, "before"), (height + 4, "after")):
        draw.text((MARGIN, top), words, fill=FAINT, font=ImageFont.load_default(size=FONT_SIZE))
    rule(draw, len(samples) / rate, 2 * height)
    return picture


def _mel(samples: np.ndarray, rate: int) -> np.ndarray:
    """The loudness in decibels, [frames, bands]."""
    return decibels(MelSpectrogram(rate, _WINDOW, _WINDOW // 2, BANDS, 0, rate / 2, centred=True)(samples))


def _above(samples: np.ndarray, rate: int, panel: Image.Image) -> Image.Image:
    """A recording as wave and mel bands above a panel."""
    bands = _mel(samples, rate)
    canvas = Image.new("RGB", (WIDTH, HEIGHT + BANDS + RULER + panel.height + 2 * MARGIN), FRAME)
    canvas.paste(_sound(samples, rate, bands), (0, 0))
    canvas.paste(panel, (0, HEIGHT + BANDS + RULER + MARGIN))
    return canvas


def _sound(samples: np.ndarray, rate: int, bands: np.ndarray) -> Image.Image:
    """Wave, bands and seconds, one below the other."""
    picture = Image.new("RGB", (WIDTH, HEIGHT + BANDS + RULER), PAPER)
    picture.paste(wave(samples), (0, 0))
    picture.paste(_bands(bands), (0, HEIGHT))
    rule(ImageDraw.Draw(picture), len(samples) / rate)
    return picture
