"""Plain text as Markdown that shows it as it is: nothing in a title, a licence or a host name is markup."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from urllib.parse import quote

# An underscore within a word marks nothing up
_MARKS = re.compile(r"[\\`*\[\]|#~$!]|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])")
_ADDRESS = re.compile(r"https?://[^\s<>\"'()\[\],;]+")


class Markdown(str):
    """Text that is Markdown already, and is not escaped again."""

    __slots__ = ()


def escape(text: object) -> Markdown:
    """`text` on one line, with everything that Markdown or HTML would give a meaning to escaped."""
    if isinstance(text, Markdown):
        return text
    plain = " ".join(str(text).split())
    plain = plain.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return Markdown(_MARKS.sub(lambda found: "\\" + found[0], plain))


def code(text: object) -> Markdown:
    """`text` on one line as code, whatever it holds; it may stand in a table."""
    plain = " ".join(str(text).split()).replace("|", "\\|")
    ticks = max((len(run) for run in re.findall("`+", plain)), default=0)
    fence = "`" * (ticks + 1)
    pad = " " if plain.startswith("`") or plain.endswith("`") or not plain else ""
    return Markdown(f"{fence}{pad}{plain}{pad}{fence}")


def link(text: object, target: str) -> Markdown:
    """A link to a path or an address; characters that would end it are written as %xx."""
    return Markdown(f"[{escape(text)}]({quote(target, safe='/:#?=&%+,~@.-_')})")


def address(text: str) -> str:
    """The first web address that a text holds; "" where it holds none."""
    found = _ADDRESS.search(text)
    return found[0].rstrip(".:") if found else ""


def table(columns: Sequence[object], rows: Sequence[Sequence[object]]) -> Iterator[str]:
    """A table; cells that are no `Markdown` are escaped."""
    for line in (columns, ["---"] * len(columns), *rows):
        yield f"| {' | '.join(escape(cell) for cell in line)} |"
