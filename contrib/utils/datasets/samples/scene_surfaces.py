"""Surfaces of drawn scenes: textures, backgrounds, colours, and what a camera does to the picture."""

import numpy as np

APART = 80.0  # between the colours of a scene, in RGB
TRIES = 30


def background(random: np.random.RandomState, height: int, width: int, colours: list[np.ndarray]) -> np.ndarray:
    """Clouds of two near colours with a weak pattern, and strokes across it; float64 [H, W, 3]."""
    base = new_colour(random, colours)
    canvas = texture(random, height, width, base, strength=25)
    canvas += 50 * (clouds(random, height, width, 3) - 0.5)[..., None]
    rows, columns = np.arange(height)[:, None], np.arange(width)
    for _ in range(random.randint(3, 9)):
        angle, offset = random.uniform(0, np.pi), random.uniform(0, 1)
        across = columns * np.cos(angle) + rows * np.sin(angle)
        away = abs(across - across.min() - offset * (across.max() - across.min())) - random.uniform(0.5, 1.5)
        strength = random.uniform(0.3, 0.8)
        blend(canvas, random.uniform(0, 255, 3), 0.5 - away, strength)
    return canvas


def blend(canvas: np.ndarray, fill: np.ndarray, cover: np.ndarray, strength: float = 1) -> None:
    """Paint `fill`, a colour or a picture, onto `canvas` where `cover`, [H, W], is above 0; all of it from 1 on."""
    touched = cover > 0
    share = np.minimum(cover[touched], 1)[:, None] * strength
    canvas[touched] = canvas[touched] * (1 - share) + (fill[touched] if fill.ndim == 3 else fill) * share


def texture(
    random: np.random.RandomState,
    height: int,
    width: int,
    colour: np.ndarray,
    window: tuple[slice, slice] = (slice(None), slice(None)),
    strength: float = 45,
) -> np.ndarray:
    """`colour` with nothing, stripes, checks or blotches on it, lighter and darker by up to `strength`.

    Only the window's part of a picture of height x width is computed, and returned.
    """
    kind = random.randint(4)
    angle, period = random.uniform(0, np.pi), random.uniform(5, 14)
    rows, columns = (
        np.arange(size)[part] * 2 * np.pi / period for size, part in zip((height, width), window, strict=True)
    )
    rows = rows[:, None]
    if kind == 0:
        pattern = np.zeros((len(rows), len(columns)))
    elif kind == 1:
        pattern = np.tanh(3 * np.sin(columns * np.cos(angle) + rows * np.sin(angle)))
    elif kind == 2:
        along = np.sin(columns * np.cos(angle) + rows * np.sin(angle))
        pattern = np.tanh(5 * along * np.sin(rows * np.cos(angle) - columns * np.sin(angle)))
    else:
        pattern = 3 * (clouds(random, height, width, 24)[window] - 0.5)
    return colour + random.uniform(0.4, 1) * strength * pattern[..., None]


def clouds(random: np.random.RandomState, height: int, width: int, cells: int) -> np.ndarray:
    """Smooth noise from 0 to 1: random values at the corners of cells x cells, linear between them."""
    corners = random.uniform(0, 1, (cells + 1, cells + 1))
    return between(height, cells) @ corners @ between(width, cells).T


def between(length: int, cells: int) -> np.ndarray:
    """The weight of each of the cells' corners for each of `length` pixels."""
    places = np.linspace(0, cells, length)
    return np.clip(1 - abs(places[:, None] - np.arange(cells + 1)), 0, None)


def new_colour(random: np.random.RandomState, taken: list[np.ndarray]) -> np.ndarray:
    """A colour that is away from all `taken` ones, to which it is added; the furthest of several where none is."""
    found = random.uniform(20, 235, (TRIES, 3))
    if taken:
        nearest = np.linalg.norm(found[:, None] - np.array(taken), axis=2).min(axis=1)
        good = np.flatnonzero(nearest >= APART)
        colour = found[good[0] if len(good) else int(nearest.argmax())]
    else:
        colour = found[0]
    taken.append(colour)
    return colour


def photographed(random: np.random.RandomState, canvas: np.ndarray) -> np.ndarray:
    """Uneven light, sometimes a slight blur, and the noise of a sensor; uint8."""
    height, width = canvas.shape[:2]
    light = 1 + 0.5 * (clouds(random, height, width, 2) - 0.5)
    image = canvas * light[..., None]
    if random.randint(2):
        image = blurred(blurred(image, 0), 1)
    image += random.normal(0, random.uniform(2, 10), image.shape)
    return np.clip(np.rint(image), 0, 255).astype(np.uint8)


def blurred(image: np.ndarray, axis: int) -> np.ndarray:
    """Each value averaged with its neighbours along `axis`, weighted 1, 2, 1."""
    padding = [(1, 1) if number == axis else (0, 0) for number in range(3)]
    padded = np.moveaxis(np.pad(image, padding, mode="edge"), axis, 0)
    return np.moveaxis((padded[:-2] + 2 * padded[1:-1] + padded[2:]) / 4, 0, axis)
