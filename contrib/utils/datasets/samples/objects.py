"""Drawn pictures with a mask of each object, in the layout of PASCAL VOC."""

from pathlib import Path

import numpy as np

from utils.datasets.samples.once import written_once
from utils.datasets.samples.scene_surfaces import background, blend, new_colour, photographed, texture
from utils.datasets.samples.scenes import save_jpeg
from utils.datasets.voc_segmentation import save_mask

HELD_OUT_SEED, DEMO_SEED = 1_000_000, 2_000_000
COUNT = 24


def draw_objects(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """uint8 [H, W, 3], RGB; uint8 [H, W]: the number of the object at each pixel, from 1 on, 0 for none."""
    random = np.random.RandomState(seed)
    height, width = (int(side) for side in random.randint(120, 181, 2))
    colours: list[np.ndarray] = []
    canvas = background(random, height, width, colours)
    owner = np.zeros((height, width), np.uint8)
    rows, columns = np.mgrid[:height, :width] + 0.5
    for number in range(1, int(random.randint(2, 5))):
        radius = random.uniform(0.12, 0.25) * min(height, width)
        x, y = random.uniform(radius, width - radius), random.uniform(radius, height - radius)
        across, down = abs(columns - x), abs(rows - y)
        distance = np.hypot(across, down) - radius if random.randint(2) else np.maximum(across, down) - 0.8 * radius
        blend(canvas, texture(random, height, width, new_colour(random, colours)), 0.5 - distance)
        owner[distance < 0] = number
    return photographed(random, canvas), owner


@written_once
def write_objects(folder: Path) -> None:
    """Write held-out pictures as <folder>/JPEGImages, SegmentationObject and ImageSets/Segmentation/val.txt.

    The folder appears as a whole. One that already has content is left as it is.

    Args:
        folder: where to.

    Raises:
        DataError: the folder cannot be written.
    """
    pictures, masks, lists = (folder / name for name in ("JPEGImages", "SegmentationObject", "ImageSets/Segmentation"))
    for place in (pictures, masks, lists):
        place.mkdir(parents=True)
    names = [f"objects_{number:03}" for number in range(COUNT)]
    for number, name in enumerate(names):
        picture, owner = draw_objects(HELD_OUT_SEED + number)
        save_jpeg(picture, pictures / f"{name}.jpg")
        save_mask(owner, masks / f"{name}.png")
    (lists / "val.txt").write_text("".join(f"{name}\n" for name in names), encoding="utf-8")
