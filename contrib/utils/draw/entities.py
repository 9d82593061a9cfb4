"""A sentence with its entities as a picture."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from PIL import Image, ImageDraw, ImageFont

from utils.draw.classification import FAINT, INK, MARGIN, PAPER, WIDTH, drawable

SIZE, SMALL, LINE, SPACE = 20, 13, 50, 6  # pixels
MAX_LINES = 12
COLOURS = ((207, 226, 243), (217, 234, 211), (252, 229, 205), (234, 209, 220), (255, 242, 204), (217, 210, 233))


def draw_entities(words: Sequence[str], spans: Iterable[tuple[int, int, str]]) -> Image.Image:
    """The words in lines, those of an entity on a colour of its type, which is written below the first of them.

    Args:
        words: of the sentence; of more than a dozen lines, the first ones are drawn.
        spans: (first word, word behind the last, type).

    Returns:
        A new RGB image, 512 pixels wide.
    """
    found = sorted(spans)
    kinds = sorted({kind for _, _, kind in found})
    owner = {place: span for span in found for place in range(span[0], span[1])}
    font, small = ImageFont.load_default(size=SIZE), ImageFont.load_default(size=SMALL)
    places = _placed([drawable(word) for word in words], font)
    height = MARGIN * 2 + LINE * (max((line for _, line, _ in places), default=0) + 1)
    canvas = Image.new("RGB", (WIDTH + 2 * MARGIN, height), PAPER)
    draw = ImageDraw.Draw(canvas)
    for number, (left, line, text) in enumerate(places):
        x, y = MARGIN + left, MARGIN + LINE * line
        if number in owner:
            first, _, kind = owner[number]
            box = (x - SPACE // 2, y - 2, x + font.getlength(text) + SPACE // 2, y + SIZE + 6)
            draw.rectangle(box, fill=COLOURS[kinds.index(kind) % len(COLOURS)])
            if number == first:
                draw.text((x, y + SIZE + 8), drawable(kind), fill=FAINT, font=small)
        draw.text((x, y), text, fill=INK, font=font)
    return canvas


def _placed(words: Sequence[str], font: ImageFont.FreeTypeFont | ImageFont.ImageFont) -> list[tuple[float, int, str]]:
    """(left, line, word) of each word, as far as there are lines."""
    places: list[tuple[float, int, str]] = []
    left, line = 0.0, 0
    for word in words:
        wide = font.getlength(word)
        if left and left + wide > WIDTH:
            left, line = 0.0, line + 1
        if line >= MAX_LINES:
            break
        places.append((left, line, word))
        left += wide + SPACE
    return places
