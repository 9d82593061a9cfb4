"""One page of a comparison: the error over the depth of the graph, and every layer."""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape

from .compare import Compared, Layer

_WIDTH, _HEIGHT, _EDGE = 920, 260, 48
_LEAST, _MOST = -8, 1  # powers of ten on the axis
_STYLE = """body{font:15px/1.5 system-ui,sans-serif;margin:2em auto;max-width:62em;padding:0 1em}
table{border-collapse:collapse;width:100%;font-size:13px}td,th{padding:.2em .5em;border-bottom:1px solid #ddd;
text-align:right}td:nth-child(-n+3),th:nth-child(-n+3){text-align:left;overflow-wrap:anywhere}.first{background:#fde2e2}
svg{width:100%;height:auto}.scroll{overflow-x:auto}"""


def page(title: str, parts: Sequence[Compared]) -> str:
    """A page without scripts, for one or more parts of a network."""
    sections = "\n".join(_section(one) for one in parts)
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><meta name="viewport" '
        f'content="width=device-width"><title>{escape(title)}</title><style>{_STYLE}</style></head>\n'
        f"<body><h1>{escape(title)}</h1>\n{sections}\n</body></html>\n"
    )


def _section(done: Compared) -> str:
    heads = ("tensor", "node", "operator", "relative", "error", "added", "cosine", "SNR dB", "range")
    rows = "\n".join(_row(layer, layer is done.first) for layer in done.layers)
    head = "".join(f"<th>{name}</th>" for name in heads)
    name = f"<h2>{escape(done.part)}</h2>" if done.part else ""
    said = f"<p>{len(done.layers)} tensors compared, {done.missing} that the other side does not have.</p>"
    table = f'<div class="scroll"><table><tr>{head}</tr>\n{rows}</table></div>'
    return f"{name}{said}{_plot(done)}{table}"


def _row(layer: Layer, first: bool) -> str:
    numbers = (layer.relative, layer.error, layer.added)
    cells = [layer.tensor, layer.node, layer.operator, *(f"{one:.2e}" for one in numbers), f"{layer.cosine:.6f}"]
    cells += [f"{layer.snr:.1f}", f"{layer.low:.1e} to {layer.high:.1e}"]
    marked = ' class="first"' if first else ""
    return f"<tr{marked}>{''.join(f'<td>{escape(cell)}</td>' for cell in cells)}</tr>"


def _plot(done: Compared) -> str:
    """The relative error of each layer, on a logarithmic axis."""
    points = [(_across(number, len(done.layers)), _down(one.relative)) for number, one in enumerate(done.layers)]
    lines = "".join(
        f'<line x1="{_EDGE}" x2="{_WIDTH}" y1="{_down(10.0**power):.1f}" y2="{_down(10.0**power):.1f}" '
        f'stroke="#ddd"/><text x="4" y="{_down(10.0**power) + 4:.1f}" font-size="12">1e{power}</text>'
        for power in range(_LEAST, _MOST + 1, 2)
    )
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    marks = "".join(_mark(x, y, one, one is done.first) for (x, y), one in zip(points, done.layers, strict=True))
    return (
        f'<svg viewBox="0 0 {_WIDTH + 8} {_HEIGHT}" role="img" aria-label="relative difference over the depth">{lines}'
        f'<polyline points="{path}" fill="none" stroke="#26c"/>{marks}</svg>'
    )


def _mark(x: float, y: float, layer: Layer, first: bool) -> str:
    radius, colour = (5, "#c00") if first else (2, "#26c")
    title = f"<title>{escape(layer.node)}: {layer.relative:.2e}</title>"
    return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius}" fill="{colour}">{title}</circle>'


def _across(number: int, count: int) -> float:
    return _EDGE + 8 + number * (_WIDTH - _EDGE - 16) / max(count - 1, 1)


def _down(value: float) -> float:
    power = math.log10(value) if 0 < value < math.inf else (_LEAST if value == 0 else _MOST)
    share = (min(max(power, _LEAST), _MOST) - _LEAST) / (_MOST - _LEAST)
    return _HEIGHT - 10 - share * (_HEIGHT - 20)
