"""Drawn captchas: one to four digits, each in a colour and a font of its own, turned, behind dots and a line."""

from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from utils.datasets.samples.lettering import ground, lettered, noisy
from utils.datasets.samples.once import written_once

SEED, COUNT = 20261128, 400
DIGITS = "0123456789"
MOST = 4  # digits
WIDTH, HEIGHT = 160, 64
_FACES = ("Aileron", "Aileron-heavy", "Caladea-Bold")
_TURNED = 15  # degrees, either way
_DOTS = 30
_MOVED = 4  # pixels that a digit stands higher or lower than the middle, at most


def captcha(random: np.random.RandomState, most: int = MOST) -> str:
    """One to `most` digits, every number of them as often."""
    return "".join(random.choice(list(DIGITS), random.randint(1, most + 1)))


def draw_captcha(text: str, random: np.random.RandomState) -> tuple[Image.Image, list[int]]:
    """One picture, RGB, 160 x 64 pixels, and the column in which each digit ends."""
    pixels = ground(WIDTH, HEIGHT, random.uniform(215, 250, 3).astype(np.float32), random.uniform(0, 30), random)
    masks = [_turned(digit, random) for digit in text]
    gaps = [int(random.randint(-2, 7)) for _ in text]
    room = WIDTH - sum(mask.shape[1] for mask in masks) - sum(gaps)
    left = random.randint(2, max(room - 2, 3))
    ends = []
    for mask, gap in zip(masks, gaps, strict=True):
        middle = (HEIGHT - mask.shape[0]) // 2
        top = middle + random.randint(-min(middle, _MOVED), min(middle, _MOVED) + 1)
        part = pixels[top : top + mask.shape[0], left : left + mask.shape[1]]
        coverage = mask[:, : part.shape[1], None]
        part[...] = part * (1 - coverage) + random.uniform(10, 150, 3) * coverage
        ends.append(left + part.shape[1] - 1)
        left = max(left + mask.shape[1] + gap, 0)
    picture = Image.fromarray(pixels.astype(np.uint8))
    _disturb(ImageDraw.Draw(picture), random)
    return noisy(np.asarray(picture, np.float32), random.uniform(0, 10), random), ends


@written_once
def write_captchas(folder: Path) -> None:
    """Write 400 captchas as <folder>/images/<nnn>.png, and gt.txt with a line "path<TAB>digits" for each.

    Raises:
        DataError: the folder cannot be written.
    """
    random = np.random.RandomState(SEED)
    (folder / "images").mkdir()
    lines = []
    for number in range(COUNT):
        text = captcha(random)
        draw_captcha(text, random)[0].save(folder / f"images/{number:03}.png")
        lines.append(f"images/{number:03}.png\t{text}\n")
    (folder / "gt.txt").write_text("".join(lines), encoding="utf-8")


def _turned(digit: str, random: np.random.RandomState) -> np.ndarray:
    """float32 [H, W], 0 to 1: where the ink of a digit is; 52 pixels high at most."""
    mask = lettered(digit, _FACES[random.randint(len(_FACES))], random.randint(44, 55))
    mask = mask.rotate(random.uniform(-_TURNED, _TURNED), Image.Resampling.BICUBIC, expand=True)
    mask = mask.crop(mask.getbbox())
    return np.asarray(mask, np.float32)[:52] / 255


def _disturb(pen: ImageDraw.ImageDraw, random: np.random.RandomState) -> None:
    """Dots, and an arc from one side to the other."""
    for x, y in random.uniform((0, 0), (WIDTH, HEIGHT), (_DOTS, 2)).tolist():
        radius = random.uniform(0.5, 1.2)
        pen.ellipse((x - radius, y - radius, x + radius, y + radius), fill=_ink(random))
    box = [random.randint(-20, 20), random.randint(10, 40), WIDTH + random.randint(-20, 20), random.randint(50, 110)]
    pen.arc(box, random.randint(180, 200), random.randint(340, 360), fill=_ink(random), width=1)


def _ink(random: np.random.RandomState) -> tuple[int, ...]:
    return tuple(int(value) for value in random.randint(60, 200, 3))
