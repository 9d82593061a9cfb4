"""Throughput and latency over the batch size, as a PNG. Drawn with Pillow."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw, ImageFont

_WIDTH, _HEIGHT, _LEFT, _TOP, _BOTTOM = 960, 420, 90, 60, 60
_INK, _GRID, _LINES = "#222222", "#dddddd", ("#1f6fb4", "#c4541a")


def write_plot(path: Path, records: Sequence[dict[str, Any]], title: str) -> None:
    """Two panels side by side: samples a second, and median milliseconds a call; the batch axis is logarithmic."""
    image = Image.new("RGB", (_WIDTH, _HEIGHT), "white")
    draw = ImageDraw.Draw(image)
    draw.text((_LEFT, 12), title, _INK, ImageFont.load_default(18))
    batches = [record["batch"] for record in records]
    for panel, (name, caption) in enumerate((("throughput", "samples/s"), ("p50_ms", "median latency, ms"))):
        values = [record["figures"][name] for record in records]
        left = _LEFT + panel * _WIDTH // 2
        _panel(draw, (left, _TOP, left + _WIDTH // 2 - _LEFT - 30, _HEIGHT - _BOTTOM), batches, values, caption, panel)
    image.save(path, format="PNG")


def _panel(
    draw: ImageDraw.ImageDraw,
    box: tuple[int, int, int, int],
    batches: Sequence[int],
    values: Sequence[float],
    caption: str,
    panel: int,
) -> None:
    left, top, right, bottom = box
    font = ImageFont.load_default(13)
    step = nice_step(max(values))
    ticks = [step * n for n in range(math.ceil(max(values) / step) + 1)]
    span = math.log2(batches[-1] / batches[0]) or 1.0

    def x_of(batch: int) -> float:
        return left + (right - left) * (math.log2(batch / batches[0]) / span)

    def y_of(value: float) -> float:
        return bottom - (bottom - top) * value / ticks[-1]

    for tick in ticks:
        draw.line((left, y_of(tick), right, y_of(tick)), _GRID)
        draw.text((left - 8, y_of(tick)), f"{tick:g}", _INK, font, anchor="rm")
    for batch in batches:
        draw.text((x_of(batch), bottom + 8), str(batch), _INK, font, anchor="mt")
    draw.text(((left + right) / 2, bottom + 30), "batch", _INK, font, anchor="mt")
    draw.text((left, top - 18), caption, _INK, font)
    points = [(x_of(batch), y_of(value)) for batch, value in zip(batches, values, strict=True)]
    draw.line(points, _LINES[panel], width=2)
    for x, y in points:
        draw.ellipse((x - 4, y - 4, x + 4, y + 4), _LINES[panel])


def nice_step(largest: float) -> float:
    """A round distance of the grid's lines: about five of them up to `largest`."""
    rough = largest / 5 or 1.0
    power = 10.0 ** math.floor(math.log10(rough))
    return next(factor * power for factor in (1, 2, 2.5, 5, 10) if factor * power >= rough)
