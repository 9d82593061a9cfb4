"""Numbers that somebody else wrote: into a text, or into JSON."""

from __future__ import annotations

import math


def is_whole(text: str, digits: int = 9) -> bool:
    """Whether a text is a whole number from 0 on, in plain digits.

    `str.isdigit` is also true of "²", which is no number, and of more digits than Python turns into one.

    Args:
        text: without blanks.
        digits: the most that it may have.
    """
    return text.isascii() and text.isdecimal() and len(text) <= digits


def is_finite(value: object) -> bool:
    """Whether a value out of JSON is a number, and neither infinite nor beyond what a float holds."""
    try:
        return type(value) in (int, float) and math.isfinite(value)  # type: ignore[arg-type]
    except OverflowError:  # a whole number of hundreds of digits
        return False
