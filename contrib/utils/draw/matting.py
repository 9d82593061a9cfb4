"""A person cut out of a picture, over a chequered ground, beside the picture."""

from __future__ import annotations

import numpy as np
from PIL import Image

from utils.draw.restoration import draw_before_and_after

_SQUARES = 24  # across the picture
_LIGHT, _DARK = 235.0, 190.0


def draw_matte(image: Image.Image, matte: np.ndarray) -> Image.Image:
    """The picture, and what its matte leaves of it on the right.

    Args:
        image: RGB.
        matte: how much of each of its pixels is kept, 0 to 1.
    """
    pixels = np.asarray(image, np.float32)
    side = max(image.width // _SQUARES, 4)
    rows, columns = np.indices(matte.shape) // side
    ground = np.where((rows + columns) % 2, _LIGHT, _DARK)[..., None]
    kept = matte[..., None]
    mixed = np.rint(kept * pixels + (1 - kept) * ground).astype(np.uint8)
    drawn: Image.Image = draw_before_and_after(np.asarray(image), mixed)
    return drawn
