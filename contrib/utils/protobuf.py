"""The fields of a protocol buffer message, read without its definition."""

from __future__ import annotations

from collections.abc import Iterator

_VARINT, _EIGHT, _LENGTH, _FOUR = 0, 1, 2, 5


def varint(content: bytes, place: int) -> tuple[int, int]:
    """The number that begins at `place`, and where it ends. Raises ValueError where it is cut off."""
    found = shift = 0
    while shift < 70:
        if place >= len(content):
            raise ValueError("it is cut off")
        byte = content[place]
        found |= (byte & 0x7F) << shift
        place, shift = place + 1, shift + 7
        if byte < 0x80:
            return found, place
    raise ValueError("a number of more than 64 bits")


def fields(content: bytes) -> Iterator[tuple[int, int | bytes]]:
    """Yield (number, value) of each field in order: whole numbers, or the bytes of what has a length or a fixed size.

    Raises:
        ValueError: it is cut off, or has a kind of field that does not exist.
    """
    place = 0
    while place < len(content):
        key, place = varint(content, place)
        kind = key & 7
        if kind == _VARINT:
            value, place = varint(content, place)
            yield key >> 3, value
            continue
        if kind == _LENGTH:
            size, place = varint(content, place)
        elif kind in (_EIGHT, _FOUR):
            size = 8 if kind == _EIGHT else 4
        else:
            raise ValueError(f"a field of kind {kind}")
        if place + size > len(content):
            raise ValueError("it is cut off")
        yield key >> 3, content[place : place + size]
        place += size
