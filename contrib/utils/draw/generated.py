"""Generated pictures on a sheet."""

import numpy as np
from PIL import Image


def sheet(images: np.ndarray, columns: int = 4, scale: int = 12) -> Image.Image:
    """Pictures beside and below each other, each pixel as a square.

    Args:
        images: uint8 [n, H, W], 255 for ink, which is drawn dark.
        columns: how many stand beside each other.
        scale: pixels of a square's side.

    Returns:
        A new grey image.
    """
    count, height, width = images.shape
    rows = -(-count // columns)
    canvas = np.full((rows * (height + 1) + 1, columns * (width + 1) + 1), 210, np.uint8)
    for place, image in enumerate(images):
        top, left = (1 + (place // columns) * (height + 1), 1 + (place % columns) * (width + 1))
        canvas[top : top + height, left : left + width] = 255 - image
    return Image.fromarray(canvas).resize((canvas.shape[1] * scale, canvas.shape[0] * scale), Image.Resampling.NEAREST)
