"""Drawn portraits with their mattes: head, hair and shoulders with soft edges, before a crop of a photograph."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from utils.datasets.mattes import MATTES, PICTURES
from utils.datasets.samples.once import written_once
from utils.datasets.samples.photos import ATTRIBUTION, originals

COUNT, SIDE = 16, 160


def draw_portrait(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """(uint8 [SIDE, SIDE, 3] RGB, float64 [SIDE, SIDE] matte, 0 to 1)."""
    random = np.random.default_rng(seed)
    picture = list(originals().values())[seed % 2]
    left, top = (int(random.integers(length - SIDE)) for length in picture.size)
    pixels = np.asarray(picture.crop((left, top, left + SIDE, top + SIDE)), np.float64)
    matte = np.zeros((SIDE, SIDE))
    across = random.uniform(0.4, 0.6)
    soft = random.uniform(1, 5)
    skin, hair, cloth = random.uniform(120, 230, 3), random.uniform(20, 120, 3), random.uniform(30, 230, 3)
    parts = (
        (cloth, across, 1.1, 0.36, 0.42, soft / 2),
        (hair, across, 0.42, 0.19, 0.24, soft),
        (skin, across, 0.45, 0.14, 0.19, 1.0),
    )
    for colour, x, y, wide, high, edge in parts:
        share = _ellipse(x, y, wide, high, edge)
        shaded = colour * (1 - 0.25 * np.indices((SIDE, SIDE))[1] / SIDE)[..., None]
        pixels = share[..., None] * shaded + (1 - share[..., None]) * pixels
        matte = share + (1 - share) * matte
    noisy = pixels + random.normal(0, 2, pixels.shape)
    return np.clip(noisy, 0, 255).astype(np.uint8), matte


def _ellipse(x: float, y: float, wide: float, high: float, edge: float) -> np.ndarray:
    """How much of each pixel lies inside; centre and half axes in sides of the picture, the edge's width in pixels."""
    rows, columns = (np.indices((SIDE, SIDE)) + 0.5) / SIDE
    reach = np.sqrt(((columns - x) / wide) ** 2 + ((rows - y) / high) ** 2)
    return np.clip(0.5 - (reach - 1) * min(wide, high) * SIDE / edge, 0, 1)


@written_once
def write_portraits(folder: Path) -> None:
    """Write <folder>/image/portrait_NN.png and matte/portrait_NN.png.

    Raises:
        DataError: the folder cannot be written.
    """
    (folder / "ATTRIBUTION.txt").write_text(ATTRIBUTION, encoding="utf-8")
    for name in (PICTURES, MATTES):
        (folder / name).mkdir()
    for number in range(COUNT):
        picture, matte = draw_portrait(number)
        Image.fromarray(picture).save(folder / PICTURES / f"portrait_{number:02}.png")
        Image.fromarray(np.rint(matte * 255).astype(np.uint8)).save(folder / MATTES / f"portrait_{number:02}.png")
