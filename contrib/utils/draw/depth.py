"""Depth as colours: near things bright and warm, far ones dark, beside the picture."""

from __future__ import annotations

import numpy as np
from PIL import Image

from utils.draw.restoration import draw_before_and_after

# From far to near; between them, colours are mixed
COLOURS = np.array(
    [(12, 8, 38), (70, 18, 110), (150, 38, 110), (220, 80, 60), (250, 165, 40), (252, 250, 190)], np.float32
)


def coloured(inverse: np.ndarray) -> np.ndarray:
    """uint8 [H, W, 3] of inverse depth, float [H, W]; the nearest pixel is bright, the farthest dark."""
    low, high = float(inverse.min()), float(inverse.max())
    share = (inverse - low) / (high - low) if high > low else np.zeros_like(inverse)
    places = np.linspace(0, 1, len(COLOURS))
    return np.stack([np.interp(share, places, column) for column in COLOURS.T], axis=-1).round().astype(np.uint8)


def draw_depth(image: Image.Image, inverse: np.ndarray) -> Image.Image:
    """The picture, and its depth in colours on the right.

    Args:
        image: RGB.
        inverse: inverse depth of each of its pixels.
    """
    drawn: Image.Image = draw_before_and_after(np.asarray(image), coloured(inverse))
    return drawn
