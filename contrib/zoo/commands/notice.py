"""What must be said beside a prediction: that its weights are random, or were trained on a sample."""

from __future__ import annotations

from collections.abc import Sequence
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
    if kind == "sample" and setting.model.given:
        return f"weights as they came with {setting.model.source}"
    if kind == "sample":
        about = setting.model.sample.about or "sample data"
        return f"weights trained on {about}: good for checking the pipeline, and for nothing else"
    if kind == "built":
        return f"weights as {setting.model.id} builds them: its README.md says what they were trained on"
    if kind == "mixed":
        return "weights chosen for each network: the export's *.export.json names them, and may have sample ones"
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
        return replace(drawn, frames=_with_lines(drawn.frames, notice))
    return _with_line(drawn, notice) if isinstance(drawn, Image.Image) else drawn


def _with_line(picture: Any, notice: str) -> Any:
    return _below(picture.convert("RGB"), _strip(notice, picture.width))


def _strip(notice: str, width: int) -> Any:
    """The line as a picture of its own."""
    from PIL import Image, ImageDraw, ImageFont

    lines = _wrapped(notice, width)
    made = Image.new("RGB", (width, 12 * len(lines) + 4), "white")
    font = ImageFont.load_default(10)
    for number, line in enumerate(lines):
        ImageDraw.Draw(made).text((3, 2 + 12 * number), line, fill="black", font=font)
    return made


def _below(picture: Any, strip: Any) -> Any:
    """A picture, and another one of its width and mode below it."""
    from PIL import Image

    made = Image.new(picture.mode, (picture.width, picture.height + strip.height))
    if picture.mode == "P":
        made.putpalette(picture.getpalette())
    made.paste(picture, (0, 0))
    made.paste(strip, (0, picture.height))
    return made


def _with_lines(frames: Sequence[Any], notice: str) -> list[Any]:
    """Frames with the line below each; those with a palette keep it, which saves finding one for each of them."""
    from PIL import Image

    first = frames[0]
    palette = first.getpalette() if first.mode == "P" else None
    if palette is None or any(frame.mode != "P" or frame.getpalette() != palette for frame in frames):
        return [_with_line(frame, notice) for frame in frames]
    strip = _strip(notice, first.width).quantize(palette=first, dither=Image.Dither.NONE)
    return [_below(frame, strip) for frame in frames]


def _wrapped(text: str, width: int) -> list[str]:
    """Lines that fit a picture of this width, at about 5.5 pixels a letter."""
    import textwrap

    return textwrap.wrap(text, max(int((width - 6) / 5.5), 12))
