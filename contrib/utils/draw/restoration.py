"""A picture before and after the network, side by side."""

from __future__ import annotations

from typing import Any

import numpy as np

_GAP = 6


def draw_before_and_after(before: np.ndarray, after: np.ndarray) -> Any:
    """A PIL picture: on the left what the network saw, enlarged without smoothing, on the right what it gave.

    Args:
        before, after: uint8 [height, width, 3] in RGB, or [height, width].
    """
    from PIL import Image

    left, right = (Image.fromarray(pixels).convert("RGB") for pixels in (before, after))
    if left.size != right.size:
        left = left.resize(right.size, Image.Resampling.NEAREST)
    made = Image.new("RGB", (right.width * 2 + _GAP, right.height), "white")
    made.paste(left, (0, 0))
    made.paste(right, (right.width + _GAP, 0))
    return made
