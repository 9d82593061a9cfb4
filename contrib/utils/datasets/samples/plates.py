"""Drawn number plates: white letters and digits on blue, without the sign of a province, which no font here has."""

from pathlib import Path

import numpy as np
from PIL import Image

from utils.datasets.samples.lettering import lettered, noisy
from utils.datasets.samples.once import written_once

SEED, COUNT = 20261127, 60
LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ"
DIGITS = "0123456789"
_WIDTH, _HEIGHT = 188, 48
_BLUE, _INK = np.array([24.0, 56.0, 150.0]), np.array([240.0, 240.0, 240.0])


def plate(random: np.random.RandomState) -> str:
    """A letter for the town, and five letters and digits, mostly digits."""
    return str(random.choice(list(LETTERS))) + "".join(random.choice(list(LETTERS + 4 * DIGITS), 5))


def draw_plate(text: str, random: np.random.RandomState) -> Image.Image:
    """One picture, RGB; its left, where the province stands, is empty."""
    coverage = np.zeros((_HEIGHT, _WIDTH, 1))
    for place, letter in enumerate(text):
        mask = lettered(letter, "Aileron-heavy", 40).resize((18, 32), Image.Resampling.BICUBIC)
        left = 34 + 25 * place
        coverage[8:40, left : left + 18, 0] = np.asarray(mask, np.float64) / 255
    light = random.uniform(0.6, 1.1)
    return noisy(light * (_BLUE * (1 - coverage) + _INK * coverage), random.uniform(0, 12), random)


@written_once
def write_plates(folder: Path) -> None:
    """Write the sample data: <folder>/<nn>.jpg, and gt.txt with a line "path<TAB>plate" for each.

    Raises:
        DataError: the folder cannot be written.
    """
    random = np.random.RandomState(SEED)
    lines = []
    for number in range(COUNT):
        text = plate(random)
        draw_plate(text, random).save(folder / f"{number:02}.jpg", quality=85)
        lines.append(f"{number:02}.jpg\t{text}\n")
    (folder / "gt.txt").write_text("".join(lines), encoding="utf-8")
