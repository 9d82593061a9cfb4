"""Lettering for rendered sample data: words as masks, in fonts that are on every machine, and grounds to put them on.

The fonts are Aileron, which Pillow carries, and Caladea, which lies in `fonts` (Apache License 2.0).
"""

from functools import lru_cache
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

FONTS = Path(__file__).with_name("fonts")
FACES = ("Aileron", "Aileron-heavy", "Aileron-oblique", "Caladea-Regular", "Caladea-Bold", "Caladea-Italic")
_SLANT = 0.21  # of an oblique: 12 degrees

CONSONANTS = (*"bcdfghjklmnprstvwxz", "ch", "sh", "th", "st", "tr", "pl", "br", "gr", "cl", "qu")
VOWELS = (*"aeiouy", "ai", "ea", "ee", "oo", "ou")
ENDS = ("", "", "", *"dklmnrstx", "ck", "ft", "ll", "nd", "ng", "ns", "rt")
LIGHT = np.array([0.299, 0.587, 0.114], np.float32)  # how much of a colour's lightness is red, green, blue


@lru_cache(maxsize=256)
def font(face: str, size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    """The font behind one of FACES, `size` pixels to the em."""
    if face.startswith("Aileron"):
        return ImageFont.load_default(size=size)
    return ImageFont.truetype(str(FONTS / f"{face}.ttf"), size)


def lettered(text: str, face: str, size: int) -> Image.Image:
    """The text as a mask, mode L, 0 (ground) to 255 (ink), cut to the ink."""
    chosen = font(face, size)
    stroke = max(size // 28, 1) if face == "Aileron-heavy" else 0
    left, top, right, bottom = chosen.getbbox(text, stroke_width=stroke)
    mask = Image.new("L", (int(right - left) + 2, int(bottom - top) + 2), 0)
    ImageDraw.Draw(mask).text((1 - left, 1 - top), text, fill=255, font=chosen, stroke_width=stroke)
    if face == "Aileron-oblique":
        mask = _slanted(mask, _SLANT)
    return mask.crop(mask.getbbox())


def invented(random: np.random.RandomState) -> str:
    """A word that hardly exists: of syllables, of random letters, or a number. Any letter may stand anywhere."""
    kind = random.rand()
    if kind < 0.15:
        return number(random)
    if kind < 0.5:
        return "".join(chr(ord("a") + letter) for letter in random.randint(0, 26, random.randint(1, 8)))
    syllables = random.randint(1, 4)
    word = "".join(str(random.choice(part)) for _ in range(syllables) for part in (CONSONANTS, VOWELS, ENDS))
    return word[random.randint(2) :][:10]


def number(random: np.random.RandomState) -> str:
    """A number of two to six digits."""
    return str(random.randint(10, 10 ** random.randint(2, 7)))


def cased(text: str, random: np.random.RandomState) -> str:
    """The text as it comes: in small letters mostly, now and then with a capital, or in capitals."""
    draw = random.rand()
    return text.upper() if draw < 0.2 else text.capitalize() if draw < 0.4 else text


def ground(width: int, height: int, colour: np.ndarray, strength: float, random: np.random.RandomState) -> np.ndarray:
    """A smooth, blotched surface around `colour`, [3]: float32 [height, width, 3], 0 to 255.

    Args:
        width, height: in pixels.
        colour: RGB, 0 to 255.
        strength: how far it wanders from the colour.
        random: draws the blotches.
    """
    coarse = random.randint(0, 256, (random.randint(2, 6), random.randint(2, 8), 3)).astype(np.uint8)
    smooth = np.asarray(Image.fromarray(coarse).resize((width, height), Image.Resampling.BICUBIC), np.float32)
    return np.clip(colour + (smooth - 128) * (strength / 128), 0, 255).astype(np.float32)


def two_colours(random: np.random.RandomState, contrast: float) -> tuple[np.ndarray, np.ndarray]:
    """(ground, ink): colours, each float32 [3], whose lightness differs by at least `contrast` of 255."""
    while True:
        colours = random.randint(0, 256, (2, 3)).astype(np.float32)
        light = colours @ LIGHT
        if abs(light[0] - light[1]) >= contrast:
            ground_colour, ink = light[:, None] + 0.6 * (
                colours - light[:, None]
            )  # paint is rarely as loud as a screen
            return ground_colour, ink


def noisy(pixels: np.ndarray, sigma: float, random: np.random.RandomState) -> Image.Image:
    """float32 [H, W, 3], 0 to 255, as an RGB image with Gaussian noise of `sigma` on it."""
    noise = random.normal(0, sigma, pixels.shape) if sigma else 0
    return Image.fromarray(np.clip(pixels + noise, 0, 255).astype(np.uint8))


def _slanted(mask: Image.Image, slant: float) -> Image.Image:
    reach = int(mask.height * slant) + 1
    size = (mask.width + reach, mask.height)
    return mask.transform(size, Image.Transform.AFFINE, (1, slant, -reach, 0, 1, 0), Image.Resampling.BICUBIC)
