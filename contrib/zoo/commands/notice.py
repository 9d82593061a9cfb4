"""What must be said beside a prediction: that its weights are random, or were trained on a sample."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from zoo.manifest import weights_kind
from zoo.running.setting import Setting


def weights_notice(setting: Setting) -> str:
    """A line about weights that are good for nothing but the pipeline; "" for others, and where nothing is known."""
    kind = weights_kind(setting.files()[0])
    if kind == "random":
        return "random weights: they prove the pipeline, and what is predicted means nothing"
    if kind == "sample" and setting.model.trained_here and setting.model.reference:
        return f"weights trained here on {setting.model.reference.title}: {setting.model.id}'s README.md says how"
    if kind == "sample":
        about = setting.model.sample.about or "sample data"
        return f"weights trained on {about}: good for checking the pipeline, and for nothing else"
    if kind == "built":
        return f"weights as {setting.model.id} builds them: its README.md says what they were trained on"
    return ""


def captioned(drawn: Any, notice: str) -> Any:
    """A drawn picture with a line below it, or an animation with the line below each frame.

    Args:
        drawn: what `Task.draw` gave.
        notice: the line; "" leaves the picture as it is.
    """
    from PIL import Image

    from utils.draw.cartpole import Animation

    if not notice:
        return drawn
    if isinstance(drawn, Animation):
        return replace(drawn, frames=[_with_line(frame, notice) for frame in drawn.frames])
    return _with_line(drawn, notice) if isinstance(drawn, Image.Image) else drawn


def _with_line(picture: Any, notice: str) -> Any:
    from PIL import Image, ImageDraw, ImageFont

    lines = _wrapped(notice, picture.width)
    height = 12 * len(lines) + 4
    made = Image.new("RGB", (picture.width, picture.height + height), "white")
    made.paste(picture.convert("RGB"), (0, 0))
    font = ImageFont.load_default(10)
    for number, line in enumerate(lines):
        ImageDraw.Draw(made).text((3, picture.height + 2 + 12 * number), line, fill="black", font=font)
    return made


def _wrapped(text: str, width: int) -> list[str]:
    """Lines that fit a picture of this width, at about 5.5 pixels a letter."""
    import textwrap

    return textwrap.wrap(text, max(int((width - 6) / 5.5), 12))
