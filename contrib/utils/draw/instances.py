"""Objects of a picture with their masks: the pixels of each tinted in the colour of its class, and its box."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PIL import Image

from utils.draw.detection import class_colour, draw_detections
from utils.postprocess.pytorch.instances import Instances

TINT = 0.5


def draw_instances(image: Image.Image, found: Instances, labels: Sequence[str]) -> Image.Image:
    """Tint the pixels of every object, the best ones on top, and draw boxes as for a detector.

    Args:
        image: an RGB picture of the size that the masks are of; it is not changed. A small one is enlarged.
        found: what is drawn.
        labels: the name of each class, by index.

    Returns:
        A new RGB image.
    """
    pixels = np.asarray(image, np.float32).copy()
    for mask, index in reversed(list(zip(found.masks, found.found.classes.tolist(), strict=True))):
        height, width = mask.pixels.shape
        window = pixels[mask.top : mask.top + height, mask.left : mask.left + width]
        window[mask.pixels] = (1 - TINT) * window[mask.pixels] + TINT * np.array(class_colour(index), np.float32)
    return draw_detections(Image.fromarray(pixels.round().astype(np.uint8)), found.found, labels)
