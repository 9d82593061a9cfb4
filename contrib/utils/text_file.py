"""Reading text files, lists and JSON: UTF-8 with or without a byte order mark, and a sentence for everything else."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from zoo_core.contents import JSON, beginning_of, instead
from zoo_core.errors import UnreadableError

_CONVERT = "Save the file as UTF-8, or convert it: iconv -f ENCODING -t UTF-8."
# UTF-32 before UTF-16, whose marks are its beginning
_OTHER_MARKS = {
    b"\xff\xfe\0\0": "UTF-32",
    b"\0\0\xfe\xff": "UTF-32",
    b"\xff\xfe": "UTF-16",
    b"\xfe\xff": "UTF-16",
}


def read_text(path: str | Path) -> str:
    """The content of a text file in UTF-8, with or without a byte order mark.

    Raises:
        UnreadableError: missing, a folder, unreadable, or not UTF-8 (which other encoding, or the line).
    """
    try:
        content = Path(path).read_bytes()
    except OSError as error:
        raise UnreadableError(f"{path}: this file cannot be read: {error.strerror}.") from error
    for mark, encoding in _OTHER_MARKS.items():
        if content.startswith(mark):
            raise UnreadableError(f"{path}: this is {encoding}, as its byte order mark says, not UTF-8. {_CONVERT}")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        what = beginning_of(content[:512])
        if what:
            raise UnreadableError(f"{path}: this is no text. It is {what}.") from error
        line = content.count(b"\n", 0, error.start) + 1
        raise UnreadableError(
            f"{path}, line {line}: this is not UTF-8 (byte 0x{content[error.start]:02x}). {_CONVERT}"
        ) from error
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        raise UnreadableError(f"{path}, line {line}: NUL characters, which no text has. Is it UTF-16? {_CONVERT}")
    return text


def read_lines(path: str | Path) -> list[str]:
    """The lines of a text file in UTF-8, as `lines_in` has them.

    Raises:
        UnreadableError: as `read_text`.
    """
    return lines_in(read_text(path))


def lines_in(text: str) -> list[str]:
    """The lines of a text, without their ends.

    A line ends with a line feed, with or without a carriage return before it; in a text without any line feed, with a
    carriage return. Nothing else that Unicode calls the end of a line is one: words and sentences hold such characters.
    """
    end = "\n" if "\n" in text else "\r"
    lines = text.split(end)
    if not lines[-1]:  # behind the last line feed there is no line
        del lines[-1]
    return [line.removesuffix("\r") for line in lines]


def read_json(path: str | Path, expected: str) -> Any:
    """The content of a JSON file in UTF-8, with or without a byte order mark.

    Args:
        path: the file.
        expected: what the message asks for where it is no JSON: '{"nodes": […], "edges": […]}'.

    Raises:
        UnreadableError: as `read_text`; no JSON, named by line and column.
    """
    text = read_text(path)
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise UnreadableError(
            f"{path}:{error.lineno}:{error.colno}: this is not JSON: {error.msg}. Expected {expected}.{_instead(path)}"
        ) from error
    except (ValueError, RecursionError) as error:  # a number of thousands of digits; lists nested too deep
        raise UnreadableError(f"{path}: this is not JSON that can be read: {error}. Expected {expected}.") from error


def _instead(path: str | Path) -> str:
    """What a file is that is no JSON; nothing of one that begins as JSON, and is not whole."""
    what = instead(path)
    return "" if JSON in what else what
