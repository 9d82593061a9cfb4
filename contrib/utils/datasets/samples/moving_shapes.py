"""Drawn clips in which a shape moves: which way is the class, so that a single frame does not tell it."""

from pathlib import Path

import numpy as np
from PIL import Image

from utils.datasets.samples.once import written_once
from utils.datasets.samples.scene_surfaces import background, blend, new_colour

WAYS = {"to the right": (1, 0), "to the left": (-1, 0), "upwards": (0, -1), "downwards": (0, 1)}
HELD_OUT_SEED, DEMO_SEED = 1_000_000, 2_000_000
FRAMES, SIDE, EACH = 8, 64, 6


def draw_clip(seed: int, way: str) -> list[Image.Image]:
    """RGB frames: a disc crosses a cluttered picture."""
    random = np.random.RandomState(seed)
    colours: list[np.ndarray] = []
    ground = background(random, SIDE, SIDE, colours)
    colour, radius = new_colour(random, colours), random.uniform(6, 12)
    step = np.array(WAYS[way]) * random.uniform(3, 5)
    begin = SIDE / 2 + random.uniform(-6, 6, 2) - step * (FRAMES - 1) / 2
    rows, columns = np.mgrid[:SIDE, :SIDE] + 0.5
    frames = []
    for number in range(FRAMES):
        x, y = begin + step * number
        canvas = ground.copy()
        blend(canvas, colour, radius - np.hypot(columns - x, rows - y) + 0.5)
        noisy = canvas + random.normal(0, 3, canvas.shape)
        frames.append(Image.fromarray(np.clip(noisy, 0, 255).astype(np.uint8)))
    return frames


@written_once
def write_clips(folder: Path) -> None:
    """Write held-out clips as <folder>/<way>/<number>/<frame>.jpg.

    The folder appears as a whole. One that already has content is left as it is.

    Args:
        folder: where to.

    Raises:
        DataError: the folder cannot be written.
    """
    for place, way in enumerate(WAYS):
        for number in range(EACH):
            clip = folder / way.replace(" ", "_") / f"{number:02}"
            clip.mkdir(parents=True)
            for frame, picture in enumerate(draw_clip(HELD_OUT_SEED + place * EACH + number, way)):
                picture.save(clip / f"{frame:03}.jpg", quality=90)


def save_gif(frames: list[Image.Image], path: Path) -> None:
    """Write frames as an animated picture."""
    frames[0].save(path, save_all=True, append_images=frames[1:], duration=120, loop=0)
