"""What stands around drawn faces: backgrounds, clutter, and what a camera does to the picture."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

Colour = tuple[int, ...]  # RGB, 0 to 255
Points = np.ndarray  # float64 [n, 2], x and y in pixels

SKINS = ((250, 221, 196), (236, 188, 150), (205, 150, 110), (160, 108, 74), (112, 72, 48), (76, 50, 36))


def background(random: np.random.RandomState, canvas: Image.Image) -> None:
    """A slope between two colours, or stripes, or tiles."""
    width, height = canvas.size
    kind = random.randint(3)
    if kind == 0:
        one, other = np.array(any_colour(random)), np.array(any_colour(random))
        angle = random.uniform(0, 2 * np.pi)
        y, x = np.mgrid[0 : height // 8 + 1, 0 : width // 8 + 1]
        along = x * np.cos(angle) + y * np.sin(angle)
        along = (along - along.min()) / (np.ptp(along) or 1)
        slope = one + along[..., None] * (other - one)
        canvas.paste(Image.fromarray(slope.astype(np.uint8)).resize(canvas.size, Image.Resampling.BILINEAR))
        return
    pen = ImageDraw.Draw(canvas)
    step = random.randint(20, 90)
    colours = [any_colour(random), any_colour(random)]
    for row, top in enumerate(range(0, height, step)):
        for column, left in enumerate(range(0, width, step)):
            fill = colours[(row + (column if kind == 2 else 0)) % 2]
            pen.rectangle((left, top, left + step, top + step), fill=fill)


def clutter(
    random: np.random.RandomState, canvas: Image.Image, owner: Image.Image, count: int, largest: float = 0.3
) -> None:
    """Things that are no faces, some of them much like one; what they cover is nobody's any more."""
    pen, taken = ImageDraw.Draw(canvas), ImageDraw.Draw(owner)
    for _ in range(count):
        x, y = (random.uniform(0, side) for side in canvas.size)
        half = float(np.exp(random.uniform(np.log(10), np.log(largest * min(canvas.size)))))
        kind = random.randint(6)
        skin = random.rand() < 0.5
        fill = near(random, SKINS[random.randint(len(SKINS))], 12) if skin else any_colour(random)
        edge = oval(random, x, y, half) if kind < 4 else shard(random, x, y, half)
        polygon(pen, edge, fill)
        polygon(taken, edge, 0)
        if kind == 1:  # a disc with two dots, like a socket or a button
            for side in (-1, 1):
                dot = oval(random, x + side * 0.3 * half, y - random.uniform(-0.3, 0.3) * half, 0.14 * half)
                polygon(pen, dot, (20, 18, 18))
        if kind == 2:  # one eye
            polygon(pen, oval(random, x, y, 0.4 * half), (240, 240, 236))
            polygon(pen, oval(random, x, y, 0.2 * half), (30, 26, 24))
        if kind == 3:  # stripes
            for offset in np.linspace(-0.5, 0.5, 4):
                line = (x - 0.5 * half, y + offset * half, x + 0.5 * half, y + offset * half)
                pen.line(line, fill=darker(fill, 0.6), width=max(int(half / 10), 1))


def oval(random: np.random.RandomState, x: float, y: float, half: float) -> Points:
    """A blob around a place, at an angle of its own."""
    angle = np.linspace(0, 2 * np.pi, 32, endpoint=False)
    turn, flat = random.uniform(0, np.pi), random.uniform(0.55, 1.0)
    along, across = half * np.cos(angle), half * flat * np.sin(angle)
    return np.stack(
        [x + along * np.cos(turn) - across * np.sin(turn), y + along * np.sin(turn) + across * np.cos(turn)], axis=1
    )


def shard(random: np.random.RandomState, x: float, y: float, half: float) -> Points:
    """A polygon with three to six corners."""
    angle = np.sort(random.uniform(0, 2 * np.pi, random.randint(3, 7)))
    reach = half * random.uniform(0.6, 1.3, len(angle))
    return np.stack([x + reach * np.cos(angle), y + reach * np.sin(angle)], axis=1)


def photographed(random: np.random.RandomState, picture: Image.Image) -> tuple[Image.Image, int, int]:
    """Light, blur and noise: (picture, blur 0 to 2, illumination 0 or 1)."""
    blur = int(random.choice(3, p=(0.7, 0.2, 0.1)))
    if blur:
        picture = picture.filter(ImageFilter.GaussianBlur(0.8 * blur))
    extreme = random.rand() < 0.12
    light = float(random.choice((0.4, 1.5))) if extreme else float(random.uniform(0.75, 1.15))
    pixels = np.asarray(picture, np.float64) * light
    pixels += random.normal(0, random.uniform(1, 9), pixels.shape)
    return Image.fromarray(np.clip(np.round(pixels), 0, 255).astype(np.uint8)), blur, int(extreme)


def polygon(pen: ImageDraw.ImageDraw, points: Points, fill: Colour | int) -> None:
    """Fill a polygon."""
    pen.polygon([(float(x), float(y)) for x, y in points], fill=fill)


def any_colour(random: np.random.RandomState) -> Colour:
    """A colour that is neither very dark nor very bright."""
    return tuple(int(value) for value in random.randint(20, 236, 3))


def near(random: np.random.RandomState, colour: Colour, reach: int) -> Colour:
    """A colour that differs from another by at most `reach` in each channel."""
    shift = random.randint(-reach, reach + 1, 3)
    return tuple(int(np.clip(value + add, 0, 255)) for value, add in zip(colour, shift, strict=True))


def darker(colour: Colour, factor: float) -> Colour:
    """A colour with less light."""
    return tuple(int(value * factor) for value in colour)
