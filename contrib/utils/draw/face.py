"""Found faces as a picture: a box around each face with its score, and its five landmarks."""

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from utils.draw.classification import FRAME, MARGIN
from utils.draw.text import embedding_strip
from utils.face_angles import turns
from utils.face_points import LAYOUTS
from utils.postprocess.pytorch.face import FoundFaces

SEEN = 336  # pixels of the longer side of a face that a network sees, as it is shown
LEAST_SIDE = 640  # pixels; a smaller picture is enlarged, so that the marks are small beside it
BOX, INK = (255, 214, 10), (20, 22, 26)
EYES, NOSE, MOUTH = (64, 224, 208), (255, 99, 71), (238, 130, 238)
AXES = ((226, 60, 52), (52, 172, 84), (40, 110, 230))
POINTS = (EYES, EYES, NOSE, MOUTH, MOUTH)


def draw_faces(image: Image.Image, found: FoundFaces) -> Image.Image:
    """Draw every face of `found`, the best ones on top.

    Args:
        image: an RGB picture; it is not changed. A small one is enlarged in whole steps.
        found: boxes and landmarks in pixels of `image`.

    Returns:
        A new RGB image.
    """
    canvas, factor = _enlarged(image)
    size = canvas.size
    pen = ImageDraw.Draw(canvas)
    line = max(round(max(size) / 320), 2)
    rows = list(zip(found.boxes * factor, found.scores.tolist(), found.landmarks * factor, strict=True))
    for box, _, points in reversed(rows):
        _draw_face(pen, box.tolist(), points, line)
    font = ImageFont.load_default(size=max(round(max(size) / 46), 13))
    for box, score, _ in reversed(rows):
        _draw_score(pen, font, box.tolist(), f"{score:.2f}", size)
    return canvas


def _draw_face(pen: ImageDraw.ImageDraw, box: list[float], points: np.ndarray, line: int) -> None:
    left, top, right, bottom = box
    pen.rectangle((left, top, right, bottom), outline=BOX, width=line)
    # a dot hides no more than a small part of a small face
    radius = min(max((right - left) / 28, 1.5), 3.0 * line)
    for (x, y), colour in zip(points.tolist(), POINTS[: len(points)], strict=True):
        pen.ellipse((x - radius, y - radius, x + radius, y + radius), fill=colour, outline=INK)


def _draw_score(
    pen: ImageDraw.ImageDraw,
    font: ImageFont.FreeTypeFont | ImageFont.ImageFont,
    box: list[float],
    text: str,
    size: tuple[int, int],
) -> None:
    """On a label above the box; below it where there is no room."""
    left, top, right, bottom = pen.textbbox((0, 0), text, font=font)
    width, height = right - left + 6, bottom - top + 6
    x = min(max(box[0], 0), size[0] - width)
    y = box[1] - height if box[1] >= height else min(box[3], size[1] - height)
    pen.rectangle((x, y, x + width, y + height), fill=BOX)
    pen.text((x + 3 - left, y + 3 - top), text, fill=INK, font=font)


def draw_embedded(face: np.ndarray, vector: np.ndarray) -> Image.Image:
    """A face as the network sees it, and below it its embedding as a strip of coloured cells.

    Blue is below zero, red above; faces that are alike have strips that are alike.

    Args:
        face: uint8 [H, W, 3], RGB. vector: float [D].

    Returns:
        A new RGB image.
    """
    strip = embedding_strip(vector)
    factor = SEEN / max(face.shape[:2])
    size = (round(face.shape[1] * factor), round(face.shape[0] * factor))
    seen = Image.fromarray(face).resize(size, Image.Resampling.BICUBIC)
    canvas = Image.new("RGB", (strip.width + 2 * MARGIN, SEEN + strip.height + 3 * MARGIN), FRAME)
    canvas.paste(seen, ((canvas.width - seen.width) // 2, MARGIN))
    canvas.paste(strip, (MARGIN, SEEN + 2 * MARGIN))
    return canvas


def draw_points(image: Image.Image, points: np.ndarray, box: tuple[float, float, float, float]) -> Image.Image:
    """The points of a face, a line through those that belong together, and the box that was looked at.

    Args:
        image: an RGB picture; it is not changed. A small one is enlarged in whole steps.
        points: float [K, 2] in pixels of `image`. box: (left, top, right, bottom) in pixels.

    Returns:
        A new RGB image.
    """
    canvas, factor = _enlarged(image)
    pen = ImageDraw.Draw(canvas)
    line = max(round(max(canvas.size) / 400), 1)
    pen.rectangle(tuple(value * factor for value in box), outline=BOX, width=line)
    places = [((x + 0.5) * factor, (y + 0.5) * factor) for x, y in np.asarray(points).tolist()]
    layout = LAYOUTS.get(len(places))
    for first, behind, closed in layout.lines if layout else ():
        part = places[first:behind]
        pen.line([*part, *part[:1]] if closed else part, fill=EYES, width=line)
    for number, (x, y) in enumerate(places):
        radius = 1.6 * line if layout and layout.lines else 3.0 * line
        fill = POINTS[number] if len(places) == len(POINTS) else MOUTH
        pen.ellipse((x - radius, y - radius, x + radius, y + radius), fill=fill, outline=INK)
    return canvas


def _enlarged(image: Image.Image) -> tuple[Image.Image, int]:
    """A copy that is large enough to be drawn on, and by what it is larger."""
    factor = max(-(-LEAST_SIDE // max(image.size)), 1)
    return image.resize((image.width * factor, image.height * factor), Image.Resampling.BICUBIC), factor


def draw_turned(image: Image.Image, points: np.ndarray, angles: np.ndarray) -> Image.Image:
    """The five points of a face, and from its nose three axes: to its side (red), up (green), and forward (blue).

    Args:
        image: an RGB picture; it is not changed. A small one is enlarged in whole steps.
        points: float [5, 2] in pixels of `image`.
        angles: yaw, pitch and roll in degrees, as `turns` takes them.

    Returns:
        A new RGB image.
    """
    canvas = draw_points(image, points, (0, 0, image.width - 1, image.height - 1))
    pen = ImageDraw.Draw(canvas)
    factor = canvas.width / image.width
    tilt, nod, turn = turns(angles)
    start = (np.asarray(points[2], np.float64) + 0.5) * factor
    for axis, colour in zip((tilt @ nod @ turn).T, AXES, strict=True):
        end = start + 0.3 * min(canvas.size) * axis[:2] * (1, -1)
        pen.line((*start, *end), fill=colour, width=max(round(max(canvas.size) / 160), 2))
    return canvas
