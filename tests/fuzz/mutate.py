"""Seeded ways to damage a file: the same random generator gives the same damage."""

from __future__ import annotations

import json
import random
import re
import struct
from collections.abc import Callable
from typing import Any

Mutator = Callable[[random.Random, bytes], bytes]

_EXTREMES = (
    0,
    1,
    -1,
    0x7F,
    0x80,
    0xFF,
    0x7FFF,
    0x8000,
    0xFFFF,
    2**31 - 1,
    2**31,
    2**32 - 1,
    2**63 - 1,
    2**63,
    2**64 - 1,
)
_WORDS = (
    "",
    " ",
    "-1",
    "0",
    "1e400",
    "nan",
    "inf",
    "-0.5",
    "9" * 30,
    "9" * 5000,
    "０",
    "\ufeff",
    "\u2028",
    "\0",
    "../../x",
    "/",
    "#",
    "null",
    "true",
    "###",
    "\t\t",
    ",,",
    "😀" * 9,
    "x" * 70_000,
)
_VALUES: tuple[Any, ...] = (
    None,
    True,
    -1,
    0,
    1.5,
    1e308,
    float("nan"),
    2**70,
    "",
    "1",
    "\0",
    [],
    [[]],
    {},
    {"id": 1},
    [None] * 4,
)


def flipped(draw: random.Random, content: bytes) -> bytes:
    """A few bytes have other values; half of the times, all of them near the beginning."""
    changed = bytearray(content)
    reach = len(changed) if draw.random() < 0.5 else min(len(changed), 200)
    for _ in range(draw.randint(1, 8) if changed else 0):
        changed[draw.randrange(reach)] = draw.randrange(256)
    return bytes(changed)


def cut(draw: random.Random, content: bytes) -> bytes:
    """The end, the beginning or something between is missing."""
    start, end = sorted((draw.randint(0, len(content)), draw.randint(0, len(content))))
    return draw.choice((content[:start], content[end:], content[:start] + content[end:]))


def repeated(draw: random.Random, content: bytes) -> bytes:
    """A piece stands there again, elsewhere."""
    start, end = sorted((draw.randint(0, len(content)), draw.randint(0, len(content))))
    place = draw.randint(0, len(content))
    return content[:place] + content[start : min(end, start + 5000)] * draw.randint(1, 5) + content[place:]


def lengths(draw: random.Random, content: bytes) -> bytes:
    """A whole number of 1 to 8 bytes, as lengths and offsets are, has an extreme value."""
    changed = bytearray(content)
    reach = len(changed) if draw.random() < 0.5 else min(len(changed), 200)
    for _ in range(draw.randint(1, 3)):
        size, order = draw.choice((1, 2, 4, 8)), draw.choice(("little", "big"))
        if reach > size:
            place = draw.randrange(reach - size)
            value = draw.choice(_EXTREMES) & ((1 << 8 * size) - 1)
            changed[place : place + size] = value.to_bytes(size, order)  # type: ignore[arg-type]
    return bytes(changed)


def words(draw: random.Random, content: bytes) -> bytes:
    """A number or a word of a text is another one, or missing."""
    places = list(re.finditer(rb"[^\s,\t:\[\]{}\"]+", content[:100_000]))
    for place in sorted(draw.sample(places, min(len(places), draw.randint(1, 3))), key=lambda one: -one.start()):
        word = draw.choice(_WORDS).encode()
        content = content[: place.start()] + word + content[place.end() :]
    return content


def lines(draw: random.Random, content: bytes) -> bytes:
    """Lines are missing, doubled, in another order, or ended otherwise."""
    rows = content.split(b"\n")
    first, second = draw.randrange(len(rows)), draw.randrange(len(rows))
    way = draw.randrange(5)
    if way == 0:
        del rows[first]
    elif way == 1:
        rows.insert(second, rows[first])
    elif way == 2:
        rows[first], rows[second] = rows[second], rows[first]
    end = {3: b"\r\n", 4: b"\r"}.get(way, b"\n")
    return end.join(rows)


def encodings(draw: random.Random, content: bytes) -> bytes:
    """A text in another encoding, or with a byte order mark."""
    text = content.decode("utf-8", "replace")
    name = draw.choice(("utf-8-sig", "utf-16", "utf-16-le", "utf-32", "latin-1", "cp037"))
    return text.encode(name, "replace")


def fields(draw: random.Random, content: bytes) -> bytes:
    """A field of a JSON file is missing, or of another type."""
    try:
        whole = json.loads(content)
    except ValueError:
        return content
    holders: list[Any] = []
    _collect(whole, holders)
    for holder in draw.sample(holders, min(len(holders), draw.randint(1, 3))):
        keys = list(holder) if isinstance(holder, dict) else list(range(len(holder)))
        if keys:
            key = draw.choice(keys)
            if draw.random() < 0.3:
                del holder[key]
            else:
                holder[key] = draw.choice(_VALUES)
    return json.dumps(whole).encode()


def _collect(value: Any, holders: list[Any]) -> None:
    if isinstance(value, (dict, list)):
        holders.append(value)
        for one in value.values() if isinstance(value, dict) else value:
            _collect(one, holders)


def floats(draw: random.Random, content: bytes) -> bytes:
    """Four or eight bytes become NaN, infinity or a huge number."""
    changed = bytearray(content)
    form = draw.choice(("<f", "<d", ">f", ">d"))
    if len(changed) > 8:
        value = draw.choice((float("nan"), float("inf"), 3e38, -1e30))
        struct.pack_into(form, changed, draw.randrange(len(changed) - 8), value)
    return bytes(changed)


BINARY: tuple[Mutator, ...] = (flipped, cut, repeated, lengths, floats)
TEXT: tuple[Mutator, ...] = (flipped, cut, repeated, words, words, lines, encodings)
JSON: tuple[Mutator, ...] = (*TEXT, fields, fields, fields)
