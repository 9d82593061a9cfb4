"""A text and its translation as a picture."""

from __future__ import annotations

from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from utils.draw.classification import FAINT, INK, MARGIN, PAPER, WIDTH

# Pillow's built-in font has no accents; this one has those of the Latin alphabets
FONT = Path(__file__).resolve().parent.parent / "datasets" / "samples" / "fonts" / "Caladea-Regular.ttf"
SIZE, LINE, CAPTION = 22, 30, 16  # pixels
MAX_LINES = 12


def draw_translation(source: str, target: str, languages: tuple[str, str]) -> Image.Image:
    """The text, and below it its translation, each under the name of its language: a new RGB image, 512 pixels wide."""
    font, small = ImageFont.truetype(str(FONT), SIZE), ImageFont.truetype(str(FONT), CAPTION)
    panels = [_lines(text, font) for text in (source, target)]
    height = sum(LINE * (len(lines) + 1) + MARGIN for lines in panels) + MARGIN
    canvas = Image.new("RGB", (WIDTH + 2 * MARGIN, height), PAPER)
    draw = ImageDraw.Draw(canvas)
    top = MARGIN
    for language, lines in zip(languages, panels, strict=True):
        draw.text((MARGIN, top), language, fill=FAINT, font=small)
        for number, line in enumerate(lines, start=1):
            draw.text((MARGIN, top + LINE * number - LINE // 4), line, fill=INK, font=font)
        top += LINE * (len(lines) + 1) + MARGIN
    return canvas


def _lines(text: str, font: ImageFont.FreeTypeFont) -> list[str]:
    """Lines no wider than the picture, at least one and at most a dozen; the last one ends in … where text is left."""
    lines = [""]
    for word in text.encode("utf-8", "replace").decode("utf-8").split():
        longer = f"{lines[-1]} {word}".strip()
        if font.getlength(longer) > WIDTH and lines[-1]:
            lines.append(word)
        else:
            lines[-1] = longer
    return lines if len(lines) <= MAX_LINES else [*lines[: MAX_LINES - 1], f"{lines[MAX_LINES - 1]} …"]
