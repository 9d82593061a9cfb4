"""A graph whose nodes have the colours of their classes, or whose edges are told apart."""

import math
from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from utils.datasets.graph import Graph

WIDTH, HEIGHT, MARGIN, LEGEND = 800, 640, 48, 44  # pixels
SCALE = 2  # drawn larger and scaled down, for smooth edges
PAPER, INK, LINE = (255, 255, 255), (28, 32, 38), (203, 209, 216)
# Okabe and Ito's colours, which people who see colours differently can tell apart too.
COLOURS = ((0, 114, 178), (230, 159, 0), (0, 158, 115), (204, 121, 167), (86, 180, 233), (213, 94, 0), (240, 228, 66))
_NAMED = 48  # up to so many nodes have their names written beside them
_SEED = 0
_PAIRS = (
    40_000_000  # pairs of nodes that push each other apart, over all rounds: so that large graphs do not take minutes
)


def draw_graph(graph: Graph, classes: np.ndarray, labels: Sequence[str]) -> Image.Image:
    """Draw a graph, laid out by springs (Fruchterman and Reingold, 1991, as networkx has it).

    Args:
        graph: its nodes, edges, and which nodes' classes were told: these have a dark ring.
        classes: int64 [n], the class of each node.
        labels: the name of each class, by index.

    Returns:
        A new RGB image, 800 x 684 pixels; the same for the same graph.
    """
    canvas = Image.new("RGB", (WIDTH * SCALE, (HEIGHT + LEGEND) * SCALE), PAPER)
    draw = ImageDraw.Draw(canvas)
    places = _layout(graph)
    for one, other in graph.edges.tolist():
        draw.line((*places[one], *places[other]), fill=LINE, width=SCALE)
    radius = SCALE * max(4.0, min(11.0, 90 / math.sqrt(len(places))))
    if len(places) <= _NAMED:
        _draw_names(draw, graph, places, radius)
    for place, index, known in zip(places, classes.tolist(), graph.known.tolist(), strict=True):
        x, y = place
        if known >= 0:
            ring = radius + 4 * SCALE
            draw.ellipse((x - ring, y - ring, x + ring, y + ring), fill=INK)
            draw.ellipse((x - ring + 4, y - ring + 4, x + ring - 4, y + ring - 4), fill=PAPER)
        draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=COLOURS[index % len(COLOURS)])
    shown = [index for index in range(len(labels)) if (classes == index).any()]
    _draw_legend(draw, shown, labels, told=bool((graph.known >= 0).any()))
    return canvas.resize((WIDTH, HEIGHT + LEGEND), Image.Resampling.LANCZOS)


def draw_links(graph: Graph, found: Sequence[tuple[int, int]]) -> Image.Image:
    """Draw a graph and edges that were predicted for it, laid out as by `draw_graph`.

    Args:
        graph: its nodes, and the edges that it has.
        found: places of two nodes each; these edges are drawn thick and in a colour.

    Returns:
        A new RGB image, 800 x 684 pixels; the same for the same graph.
    """
    canvas = Image.new("RGB", (WIDTH * SCALE, (HEIGHT + LEGEND) * SCALE), PAPER)
    draw = ImageDraw.Draw(canvas)
    places = _layout(graph)
    radius = SCALE * max(4.0, min(11.0, 90 / math.sqrt(len(places))))
    for edges, colour, width in ((graph.edges.tolist(), LINE, SCALE), (found, COLOURS[5], 3 * SCALE)):
        for one, other in edges:
            draw.line((*places[one], *places[other]), fill=colour, width=width)
    if len(places) <= _NAMED:
        _draw_names(draw, graph, places, radius)
    for x, y in places:
        draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=COLOURS[0])
    x, y = MARGIN * SCALE, (HEIGHT + LEGEND // 2) * SCALE
    font = ImageFont.load_default(size=15 * SCALE)
    for text, colour, width in ((f"{len(graph.edges)} edges", LINE, SCALE), ("predicted", COLOURS[5], 3 * SCALE)):
        draw.line((x, y, x + 30 * SCALE, y), fill=colour, width=width)
        draw.text((x + 38 * SCALE, y), text, fill=INK, font=font, anchor="lm")
        x += 60 * SCALE + round(font.getlength(text))
    return canvas.resize((WIDTH, HEIGHT + LEGEND), Image.Resampling.LANCZOS)


def _layout(graph: Graph) -> list[tuple[float, float]]:
    """Where each node stands, in pixels of the large canvas."""
    import networkx

    net = networkx.Graph()
    net.add_nodes_from(range(len(graph.names)))
    net.add_edges_from(graph.edges.tolist())
    rounds = max(5, min(100, _PAIRS // len(graph.names) ** 2))
    found = networkx.spring_layout(net, seed=_SEED, iterations=rounds, k=1.8 / math.sqrt(len(graph.names)))
    spots = np.array([found[node] for node in range(len(graph.names))])
    low, size = spots.min(axis=0), np.maximum(np.ptp(spots, axis=0), 1e-9)
    room = np.array([WIDTH - 2 * MARGIN, HEIGHT - 2 * MARGIN])
    return [tuple(spot) for spot in (SCALE * (MARGIN + (spots - low) / size * room)).tolist()]


def _draw_names(draw: ImageDraw.ImageDraw, graph: Graph, places: list[tuple[float, float]], radius: float) -> None:
    font = ImageFont.load_default(size=11 * SCALE)
    for name, (x, y) in zip(graph.names, places, strict=True):
        text = name.encode("latin-1", "replace").decode("latin-1")[:20]
        draw.text(
            (x, y + radius + 3 * SCALE), text, fill=INK, font=font, anchor="ma", stroke_width=SCALE, stroke_fill=PAPER
        )


def _draw_legend(draw: ImageDraw.ImageDraw, shown: Sequence[int], labels: Sequence[str], told: bool) -> None:
    """A dot and a name for each class that occurs, and what a ring means, where there is one."""
    font = ImageFont.load_default(size=15 * SCALE)
    x, y, radius = MARGIN * SCALE, (HEIGHT + LEGEND // 2) * SCALE, 7 * SCALE
    for index in shown:
        draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=COLOURS[index % len(COLOURS)])
        draw.text((x + 2 * radius, y), labels[index], fill=INK, font=font, anchor="lm")
        x += 4 * radius + round(font.getlength(labels[index]))
    if not told:
        return
    draw.ellipse((x - radius, y - radius, x + radius, y + radius), outline=INK, width=2 * SCALE)
    draw.text((x + 2 * radius, y), "class was told", fill=INK, font=font, anchor="lm")
