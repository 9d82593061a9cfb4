"""The best things for a person, as bars."""

import numpy as np
from PIL import Image, ImageDraw, ImageFont

WIDTH, MARGIN, ROW, MOST = 640, 24, 30, 10  # pixels; things that are shown
PAPER, INK, TRACK, BAR = (255, 255, 255), (28, 32, 38), (226, 230, 235), (22, 119, 190)
_LEFT = 130


def draw_ranking(user: int, items: np.ndarray, scores: np.ndarray) -> Image.Image:
    """Draw an order for a person, as `draw_items` does."""
    return draw_items(f"user {user}", items, scores)


def draw_items(title: str, items: np.ndarray, scores: np.ndarray) -> Image.Image:
    """Draw an order.

    Args:
        title: whom or what it is for.
        items, scores: int [n] and float [n], 0 to 1, the best first; the first ten are drawn.

    Returns:
        A new RGB image, 640 pixels wide.
    """
    shown = min(MOST, len(items))
    canvas = Image.new("RGB", (WIDTH, 64 + shown * ROW + MARGIN), PAPER)
    draw = ImageDraw.Draw(canvas)
    draw.text((MARGIN, 20), f"{title}: {shown} of {len(items)} items", fill=INK, font=ImageFont.load_default(18))
    font = ImageFont.load_default(14)
    for place, (item, score) in enumerate(zip(items[:shown], scores[:shown], strict=True)):
        top = 60 + place * ROW
        right = WIDTH - MARGIN - 64
        draw.text((MARGIN, top), f"item {item}", fill=INK, font=font)
        draw.rectangle((_LEFT, top, right, top + 16), fill=TRACK)
        draw.rectangle((_LEFT, top, _LEFT + round((right - _LEFT) * float(score)), top + 16), fill=BAR)
        draw.text((right + 12, top), f"{score:.3f}", fill=INK, font=font)
    return canvas
