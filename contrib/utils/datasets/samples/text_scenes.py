"""Rendered scenes: words at angles on cluttered grounds, in the format of ICDAR 2015.

The held-out scenes show English words, training scenes invented ones; a few words in each are blurred beyond reading
and marked as text that nobody can be expected to find (###).
"""

from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from utils.datasets.icdar import DONT_CARE, TextRegion, region_lines
from utils.datasets.samples.lettering import FACES, LIGHT, cased, ground, lettered, noisy, two_colours
from utils.datasets.samples.once import written_once
from utils.datasets.samples.words import ENGLISH, training_word

SEED, SCENES = 20250312, 80
SIZES = ((320, 320), (320, 240), (240, 320), (400, 300), (360, 270))  # width, height


Angles = Callable[[np.random.RandomState], float]


def leaning(random: np.random.RandomState) -> float:
    """The angle of a word in degrees: of every second one up to 45, else up to 8."""
    return float(random.uniform(-45, 45) if random.rand() < 0.5 else random.uniform(-8, 8))


def level(random: np.random.RandomState) -> float:
    """The angle of a word in degrees, for networks that read along rows: up to 3."""
    return float(random.uniform(-3, 3))


@written_once
def write_scenes(folder: Path) -> None:
    """Write the sample data: <folder>/img_<n>.jpg and gt_img_<n>.txt. The folder appears as a whole.

    One that already has content is left as it is.

    Raises:
        DataError: the folder cannot be written.
    """
    _write_all(folder, leaning)


@written_once
def write_level_scenes(folder: Path) -> None:
    """As `write_scenes`, of words that are all about level."""
    _write_all(folder, level)


def _write_all(folder: Path, angles: Angles) -> None:
    random = np.random.RandomState(SEED)
    for number in range(1, SCENES + 1):
        image, regions = render_scene(SIZES[random.randint(len(SIZES))], random, ENGLISH, angles)
        image.save(folder / f"img_{number}.jpg", quality=88)
        # ICDAR's own files begin with a byte order mark
        (folder / f"gt_img_{number}.txt").write_text(region_lines(regions), encoding="utf-8-sig", newline="")


def render_scene(
    size: tuple[int, int],
    random: np.random.RandomState,
    words: tuple[str, ...] | None = None,
    angles: Angles = leaning,
) -> tuple[Image.Image, list[TextRegion]]:
    """(RGB image, its texts with rounded corners, clockwise from where the reading begins).

    Args:
        size: (width, height) in pixels.
        words: what is written; by default invented words.
        angles: gives that of a word, in degrees anticlockwise as seen.
    """
    width, height = size
    pixels = _clutter(width, height, random)
    taken = Image.new("L", size, 0)
    regions: list[TextRegion] = []
    wanted = random.randint(2, 3 + width * height // 15_000)
    for _ in range(4 * wanted):
        if len(regions) == wanted:
            break
        text = cased(words[random.randint(len(words))] if words else training_word(random), random)
        region = _write(pixels, taken, text, angles, random)
        if region is not None:
            regions.append(region)
    blurred = noisy(pixels, 0, random).filter(ImageFilter.GaussianBlur(random.uniform(0, 0.8)))
    return noisy(np.asarray(blurred, np.float32), random.uniform(0, 10), random), regions


def _clutter(width: int, height: int, random: np.random.RandomState) -> np.ndarray:
    """A ground with discs, boxes, lines and rows of bars, which look a little like letters: float32 [H, W, 3]."""
    base = random.randint(0, 256, 3).astype(np.float32)
    image = noisy(ground(width, height, base, random.uniform(10, 90), random), 0, random)
    draw = ImageDraw.Draw(image)
    for _ in range(random.randint(4, 14)):
        x, y = random.randint(0, width), random.randint(0, height)
        wide, high = random.randint(8, 120, 2)
        colour = tuple(int(value) for value in random.randint(0, 256, 3))
        kind = random.randint(4)
        if kind == 0:
            draw.ellipse((x, y, x + wide, y + high), fill=colour)
        elif kind == 1:
            draw.rectangle((x, y, x + wide, y + high), fill=colour, outline=tuple(255 - value for value in colour))
        elif kind == 2:
            draw.line((x, y, x + wide, y + high - 60), fill=colour, width=random.randint(1, 6))
        else:
            step = random.randint(4, 12)
            for bar in range(x, x + wide, step):
                draw.line((bar, y, bar, y + high // 3), fill=colour, width=max(step // 3, 1))
    pixels = np.asarray(image.filter(ImageFilter.GaussianBlur(random.uniform(0, 1.5))), np.float32)
    light = (pixels @ LIGHT)[:, :, None]
    return light + random.uniform(0.2, 0.7) * (pixels - light)


def _write(
    pixels: np.ndarray, taken: Image.Image, text: str, angles: Angles, random: np.random.RandomState
) -> TextRegion | None:
    """Write one word where there is room, at an angle; None where there is none."""
    mask = lettered(text, FACES[random.randint(len(FACES))], random.randint(18, 44))
    angle = angles(random)
    corners = _turned(mask.width + 4, mask.height + 4, angle)
    low, high = corners.min(axis=0), corners.max(axis=0)
    room = np.array(taken.size) - (high - low) - 4
    if room.min() <= 0:
        return None
    corners = np.round(corners - low + 2 + random.rand(2) * room)
    if _occupied(taken, corners):
        return None
    ignored = bool(random.rand() < 0.08)
    _paint(pixels, mask, corners, angle, ignored, random)
    return TextRegion(corners, DONT_CARE if ignored else text)


def _turned(width: float, height: float, angle: float) -> np.ndarray:
    """Corners of a box around 0, turned by `angle` degrees anticlockwise as seen: [4, 2], from its upper left one."""
    box = np.array([[-width, -height], [width, -height], [width, height], [-width, height]]) / 2
    cosine, sine = np.cos(np.radians(angle)), np.sin(np.radians(angle))
    return box @ np.array([[cosine, -sine], [sine, cosine]])


def _occupied(taken: Image.Image, corners: np.ndarray) -> bool:
    """Whether another word is near; if not, the place is taken."""
    middle = corners.mean(axis=0)
    reach = np.linalg.norm(corners - middle, axis=1, keepdims=True)
    place = [(float(x), float(y)) for x, y in middle + (corners - middle) * (1 + 8 / reach)]
    mine = Image.new("L", taken.size, 0)
    ImageDraw.Draw(mine).polygon(place, fill=255)
    if (np.asarray(mine) & np.asarray(taken)).any():
        return True
    taken.paste(255, mask=mine)
    return False


def _paint(
    pixels: np.ndarray,
    mask: Image.Image,
    corners: np.ndarray,
    angle: float,
    ignored: bool,
    random: np.random.RandomState,
) -> None:
    """Ink the word into `pixels`, on a plate of its own where the ground is too restless for it."""
    height, width = pixels.shape[:2]
    plate = Image.new("L", (width, height), 0)
    ImageDraw.Draw(plate).polygon([(float(x), float(y)) for x, y in corners], fill=255)
    inside = np.asarray(plate) > 0
    colour, ink = two_colours(random, contrast=80)
    beneath = pixels[inside]
    if random.rand() < 0.35 or (beneath @ LIGHT).std() > 30:
        pixels[inside] = colour
    elif abs(float(beneath.mean(axis=0) @ LIGHT - ink @ LIGHT)) < 70:
        ink = np.full(3, 245 if beneath.mean() < 128 else 12, np.float32)
    turned = mask.rotate(angle, Image.Resampling.BICUBIC, expand=True)
    if ignored:
        turned = turned.filter(ImageFilter.GaussianBlur(mask.height / 6))
    left, top = np.round(corners.mean(axis=0) - np.array(turned.size) / 2).astype(int)
    coverage = Image.new("L", (width, height), 0)
    coverage.paste(turned, (int(left), int(top)))
    amount = np.asarray(coverage, np.float32)[:, :, None] / 255
    pixels *= 1 - amount
    pixels += amount * ink
