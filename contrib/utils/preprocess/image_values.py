"""From what an image file holds (1 to 32 bits, transparency, several frames) to 8-bit RGB, never in silence."""

from __future__ import annotations

from contextlib import suppress
from typing import Literal

import numpy as np
from PIL import Image

from utils.notices import notice
from zoo_core.errors import UnreadableError

# How a value of more than 8 bits becomes one: Pillow clips it at 255, OpenCV takes its high byte.
Reader = Literal["pillow", "opencv"]

_BITS_PER_SAMPLE = 258  # TIFF's tag
_ANIMATED = ("GIF", "PNG", "WEBP", "TIFF", "AVIF")


def as_rgb(image: Image.Image, name: str, reader: Reader) -> Image.Image:
    """A decoded image as 8-bit RGB; what does not survive that is said in a notice.

    Args:
        image: as Pillow opened it.
        name: what a notice calls it.
        reader: whose values are to come out where there are more than 8 bits a pixel.

    Raises:
        UnreadableError: NaN or infinity; floating-point values, or whole numbers of 32 bits, where OpenCV's reading is
            asked for, which refuses them too; colours that Pillow cannot turn into RGB.
    """
    image.load()
    _say_transparent(image, name)
    _say_frames(image, name)
    if image.mode == "RGB":
        return image
    if image.mode == "F" or image.mode.startswith("I"):
        return _narrowed(image, name, reader)
    try:
        return image.convert("RGB")
    except ValueError as error:
        raise UnreadableError(f"{name}: colours of mode {image.mode} cannot become RGB: save it as RGB.") from error


def _narrowed(image: Image.Image, name: str, reader: Reader) -> Image.Image:
    """Grey of 16 or 32 bits as 8-bit RGB."""
    values = np.asarray(image)
    if not np.isfinite(values).all():
        raise UnreadableError(f"{name}: this picture holds values that are NaN or infinite.")
    kind = "16 bits" if _is_16_bits(image) else "32 bits" if image.mode == "I" else "floating-point values"
    if reader == "opencv":
        if kind != "16 bits":
            raise UnreadableError(
                f"{name}: this picture holds {kind} a pixel, and nothing says which value is white. Scale it to 0 to "
                "255, and save it with 8 bits."
            )
        bits = _bits(image)
        notice("16 bits a pixel", name, f"{bits} bits a pixel, of which the upper 8 are taken, as OpenCV does.")
        return Image.fromarray((values >> (bits - 8)).astype(np.uint8)).convert("RGB")
    least, largest = values.min(initial=0), values.max(initial=0)
    if least < 0 or largest > 255 or image.mode == "F":
        notice(
            f"{kind} a pixel",
            name,
            f"{kind} a pixel, from {least:g} to {largest:g}: what is beyond 0 to 255 is clipped and fractions are cut "
            "off, as Pillow does where this network is evaluated. Scale it to 0 to 255, and save it with 8 bits.",
        )
    return image.convert("RGB")


def _is_16_bits(image: Image.Image) -> bool:
    """Pillow reads the 16 bits of a PGM, and of some PNGs, into 32."""
    return image.mode.startswith("I;16") or (image.mode == "I" and image.format in ("PPM", "PNG"))


def _bits(image: Image.Image) -> int:
    """16, or the fewer bits that a TIFF says it has (12, say)."""
    said = getattr(image, "tag_v2", {}).get(_BITS_PER_SAMPLE, (16,))
    return int(said[0]) if isinstance(said, tuple) and said and 8 < int(said[0]) <= 16 else 16


def _say_transparent(image: Image.Image, name: str) -> None:
    """Both Pillow and OpenCV drop transparency: what it hides is seen, what only it shows is not."""
    alpha = _alpha(image)
    if alpha is None:
        return
    hidden = int(np.count_nonzero(np.asarray(alpha) < 255))
    if hidden:
        notice(
            "transparent pixels",
            name,
            f"{hidden / (image.width * image.height):.0%} of its pixels are transparent; what is taken are the colours "
            "that the file keeps below, without the transparency. Put the picture on a background first if its shape "
            "lies in the transparency.",
        )


def _alpha(image: Image.Image) -> Image.Image | None:
    """How opaque each pixel is, 0 to 255; None where nothing is transparent."""
    for band in ("A", "a"):
        if band in image.getbands() and image.mode != "LAB":
            return image.getchannel(band)
    if "transparency" in image.info:
        with suppress(ValueError):  # a transparent value in a mode that Pillow knows no such thing of
            return image.convert("RGBA").getchannel("A")
    return None


def _say_frames(image: Image.Image, name: str) -> None:
    if image.format not in _ANIMATED:
        return
    with suppress(Exception):  # later frames may be damaged, and are not taken
        if getattr(image, "is_animated", False):
            notice("several frames", name, "there are several frames (or pages) in this file; the first one is taken.")
