"""Pages for people: what networks drew and said, as HTML with the pictures in files beside it."""

from __future__ import annotations

import io
from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import quote

from zoo_core.files import atomic_write

PICTURE_BYTES = 60_000  # a page of a hundred pictures is fetched in a few seconds
_SIDES = (480, 360, 280, 200, 140, 100)
_QUALITIES = (85, 70, 50)
_STYLE = """body { font: 16px/1.5 system-ui, sans-serif; margin: 0 auto; max-width: 60rem; padding: 1rem; }
figure { display: inline-block; margin: 0 1rem 1rem 0; vertical-align: top; max-width: 100%; width: 18rem; }
img, video { max-width: 100%; height: auto; border: 1px solid #8884; }
figcaption, li, td { overflow-wrap: anywhere; } table { border-collapse: collapse; width: 100%; }
td, th { border: 1px solid #8884; padding: .3rem; text-align: left; vertical-align: top; }
p.dim, small { color: #777; } :root { color-scheme: light dark; }"""


def page(title: str, sections: Sequence[str]) -> str:
    """The whole page.

    Args:
        title: also its heading.
        sections: HTML, one behind the other.
    """
    head = f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
    view = '<meta name="viewport" content="width=device-width, initial-scale=1">'
    body = "\n".join(sections)
    return f"{head}{view}<style>{_STYLE}</style></head>\n<body><h1>{escape(title)}</h1>\n{body}\n</body></html>\n"


def shown(name: str) -> str:
    """What a network drew, which of sound is sound.

    Args:
        name: of the file, as seen from the page.
    """
    tag = "audio controls" if name.endswith(".wav") else 'img alt=""'
    end = "</audio>" if name.endswith(".wav") else ""
    return f'<{tag} src="{quote(name)}">{end}<br>'


def figure(name: str, caption: str, said: str) -> str:
    """A picture with a line below it; without a picture (""), the line alone."""
    words = f"<small>{escape(caption)}</small><br>{escape(said)}"
    return f"<figure>{shown(name) if name else ''}<figcaption>{words}</figcaption></figure>"


def keep_small(drawn: Any, folder: Path, name: str) -> str:
    """Write what a task drew to a file of at most `PICTURE_BYTES`, scaled down until it is.

    Args:
        drawn: what `Task.draw` gave: a picture, frames of one, or sound, which may have a picture of itself.
        folder: of the files.
        name: of the new one, without its suffix.

    Returns:
        The name of the file; "" where there is no picture in it, or none that is small enough.
    """
    from PIL import Image

    drawn = drawn.picture() if hasattr(drawn, "picture") else drawn
    picture = drawn if isinstance(drawn, Image.Image) else getattr(drawn, "frames", [None])[0]
    if not isinstance(picture, Image.Image):
        return ""
    for content, suffix in _smaller(picture.convert("RGB")):
        if len(content) <= PICTURE_BYTES:
            with atomic_write(folder / f"{name}{suffix}") as temporary:
                temporary.write_bytes(content)
            return f"{name}{suffix}"
    return ""


def _smaller(picture: Any) -> Any:
    """Yield the picture as a file, each smaller than the one before: PNG where that is enough, else JPEG."""
    for side in _SIDES:
        small = picture.copy()
        small.thumbnail((side, side))
        yield _encoded(small, "PNG"), ".png"
        for quality in _QUALITIES:
            yield _encoded(small, "JPEG", quality=quality), ".jpg"


def _encoded(picture: Any, kind: str, **options: int) -> bytes:
    content = io.BytesIO()
    picture.save(content, format=kind, **options)
    return content.getvalue()
