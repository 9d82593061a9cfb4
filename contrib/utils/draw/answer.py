"""A question, and the text that answers it, as a picture."""

from __future__ import annotations

import re

from PIL import Image

from utils.draw.classification import FRAME, MARGIN, WIDTH
from utils.draw.entities import draw_entities
from utils.draw.text import written

BEFORE = 40  # words before the answer that are drawn at most, where the text is long
_WORD = re.compile(r"\S+")


def draw_answer(question: str, context: str, span: tuple[int, int] | None) -> Image.Image:
    """The question, and below it the text with the answer on a colour: a new RGB image, 512 pixels wide.

    Args:
        question: what was asked.
        context: the text; of a long one, the lines around the answer are drawn.
        span: the first character of the answer and the one behind its last; None where there is no answer.
    """
    words = list(_WORD.finditer(context))
    marked = [place for place, word in enumerate(words) if span and word.start() < span[1] and word.end() > span[0]]
    begin = max(marked[0] - BEFORE, 0) if marked else 0
    shown = (["…"] if begin else []) + [word.group() for word in words[begin:]]
    shift = (1 if begin else 0) - begin
    spans = [(marked[0] + shift, marked[-1] + 1 + shift, "answer")] if marked else []
    above, below = written(question if span else f"{question} (no answer)"), draw_entities(shown, spans)
    canvas = Image.new("RGB", (WIDTH + 2 * MARGIN, above.height + 2 * MARGIN + below.height), FRAME)
    canvas.paste(above, (MARGIN, MARGIN))
    canvas.paste(below, (0, above.height + 2 * MARGIN))
    return canvas
