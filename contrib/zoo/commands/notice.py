"""What must be said beside a prediction: that its weights are random, or were trained on a sample."""

from __future__ import annotations

from typing import Any

from zoo.manifest import weights_kind
from zoo.running.setting import Setting


def weights_notice(setting: Setting) -> str:
    """A line about weights that are good for nothing but the pipeline; "" for others, and where nothing is known."""
    kind = weights_kind(setting.files()[0])
    if kind == "random":
        return "random weights: they prove the pipeline, and what is predicted means nothing"
    if kind == "sample":
        about = setting.model.sample.about or "sample data"
        return f"weights trained on {about}: good for checking the pipeline, and for nothing else"
    if kind == "built":
        return f"weights as {setting.model.id} builds them: its README.md says what they were trained on"
    return ""


def captioned(drawn: Any, notice: str) -> Any:
    """A drawn picture with a line below it; what is no still picture (an animation) is given back as it is.

    Args:
        drawn: what `Task.draw` gave.
        notice: the line; "" leaves the picture as it is.
    """
    from PIL import Image, ImageDraw, ImageFont

    if not notice or not isinstance(drawn, Image.Image):
        return drawn
    lines = _wrapped(notice, drawn.width)
    height = 12 * len(lines) + 4
    made = Image.new("RGB", (drawn.width, drawn.height + height), "white")
    made.paste(drawn.convert("RGB"), (0, 0))
    font = ImageFont.load_default(10)
    for number, line in enumerate(lines):
        ImageDraw.Draw(made).text((3, drawn.height + 2 + 12 * number), line, fill="black", font=font)
    return made


def _wrapped(text: str, width: int) -> list[str]:
    """Lines that fit a picture of this width, at about 5.5 pixels a letter."""
    import textwrap

    return textwrap.wrap(text, max(int((width - 6) / 5.5), 12))
