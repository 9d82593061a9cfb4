"""A classifier's result as a picture: the image, and below it the best classes with bars for their scores."""

import unicodedata
from collections.abc import Sequence
from typing import Protocol

from PIL import Image, ImageDraw, ImageFont

from utils.preprocess.image import load_rgb

WIDTH, MARGIN, ROW, BAR = 480, 16, 46, 8  # pixels
FONT_SIZE = 18
# An image with no side longer than TINY is enlarged in whole squares, so that each of its pixels shows.
TINY, TINY_SIDE = 64, 320

PAPER, FRAME, INK, FAINT = (255, 255, 255), (238, 240, 243), (28, 32, 38), (110, 117, 126)
TRACK, FIRST, OTHER = (226, 230, 235), (22, 119, 190), (148, 180, 205)


Font = ImageFont.FreeTypeFont | ImageFont.ImageFont


class Ranked(Protocol):
    """What is drawn: class indices, best first, and their probabilities, 0 to 1."""

    @property
    def classes(self) -> tuple[int, ...]:
        """Class indices, best first."""

    @property
    def scores(self) -> tuple[float, ...]:
        """Their scores, 0 to 1."""


def draw_ranking(image: Image.Image, ranking: Ranked, labels: Sequence[str], k: int = 5) -> Image.Image:
    """Draw the k best classes below the image.

    Args:
        image: any image that Pillow has opened; it is scaled to the width of the result, tiny ones in hard
            squares.
        ranking: class indices and probabilities, best first.
        labels: the name of each class, by index. Names that are too long are shortened; characters that
            Pillow's built-in font lacks appear as boxes.
        k: how many classes to show at most.

    Returns:
        A new RGB image, 512 pixels wide.
    """
    picture = _enlarged(load_rgb(image))
    rows = list(zip(ranking.classes, ranking.scores, strict=True))[:k]
    height = picture.height + 2 * MARGIN + ROW * len(rows)
    canvas = Image.new("RGB", (WIDTH + 2 * MARGIN, height + MARGIN), PAPER)
    canvas.paste(FRAME, (0, 0, canvas.width, picture.height + 2 * MARGIN))
    canvas.paste(picture, ((canvas.width - picture.width) // 2, MARGIN))
    draw = ImageDraw.Draw(canvas)
    font = ImageFont.load_default(size=FONT_SIZE)
    for number, (index, score) in enumerate(rows):
        top = picture.height + 2 * MARGIN + ROW * number + MARGIN // 2
        _draw_row(draw, font, top, labels[index], score, best=number == 0)
    return canvas


def _draw_row(draw: ImageDraw.ImageDraw, font: Font, top: int, label: str, score: float, best: bool) -> None:
    """One class: its name on the left, its score on the right, a bar below."""
    left, right = MARGIN, MARGIN + WIDTH
    figure = f"{score:.1%}"
    text = _shortened(label, font, WIDTH - font.getlength(figure) - MARGIN)
    draw.text((left, top), text, fill=INK if best else FAINT, font=font)
    draw.text((right, top), figure, fill=INK if best else FAINT, font=font, anchor="ra")
    bar = top + FONT_SIZE + 8
    length = round(WIDTH * min(max(score, 0.0), 1.0))
    _draw_bar(draw, left, bar, WIDTH, TRACK)
    _draw_bar(draw, left, bar, length, FIRST if best else OTHER)


def _draw_bar(draw: ImageDraw.ImageDraw, left: int, top: int, length: int, colour: tuple[int, int, int]) -> None:
    if length > 0:
        box = (left, top, left + length - 1, top + BAR - 1)
        draw.rounded_rectangle(box, min(BAR, length) // 2, fill=colour)


def _enlarged(image: Image.Image) -> Image.Image:
    """Scaled to fit the square that is meant for it."""
    longer = max(image.size)
    if longer <= TINY:
        factor = TINY_SIDE // longer
        return image.resize((image.width * factor, image.height * factor), Image.Resampling.NEAREST)
    size = [max(round(side * WIDTH / longer), 1) for side in image.size]
    return image.resize((size[0], size[1]), Image.Resampling.LANCZOS)


def _shortened(label: str, font: Font, width: float) -> str:
    """The label on one line, at most `width` pixels wide."""
    text = drawable(label)
    if font.getlength(text) <= width:
        return text
    while text and font.getlength(text + "…") > width:
        text = text[:-1]
    return text.rstrip() + "…"


def drawable(text: str) -> str:
    """The text in one line and without accents, as the built-in font can show it."""
    plain = "".join(letter for letter in unicodedata.normalize("NFKD", text) if not unicodedata.combining(letter))
    return " ".join(plain.encode("utf-8", "replace").decode("utf-8").split())
