"""What a person is told: every error whose text is a sentence for the one who started the job."""

import re
import unicodedata

_COLOURS = re.compile(r"\x1b\[[0-9;]*m")  # that libraries put into their messages for terminals


class ZooCoreError(Exception):
    """Base of all errors that are written for people; a job prints their text, and no traceback."""


class DataError(ZooCoreError):
    """A file, a folder, a label or a value cannot be used; the message says which, why, and what to do."""


class UnreadableError(DataError, OSError):
    """A file cannot be read or decoded. It is an OSError too, as the libraries that read files raise it."""


class SettingError(ZooCoreError):
    """An environment variable has a value that makes no sense."""


def first_line(error: BaseException) -> str:
    """What `error` says, in a line; its class when it says nothing."""
    lines = _COLOURS.sub("", str(error)).strip().splitlines()
    return lines[0] if lines else type(error).__name__


def told(error: BaseException) -> str:
    """What became of something that may raise anything, in a line: an error that is none of ours has its class."""
    text = first_line(error)
    return text if isinstance(error, ZooCoreError) else f"{type(error).__name__}: {text}"


def in_one_line(text: str) -> str:
    """A text whose line feeds, escapes and other control characters are written out, as \\n is.

    The name of a file may hold any: printed as they are, they would begin a line that nobody said, or hide one.
    """
    return "".join(
        repr(letter)[1:-1] if unicodedata.category(letter) in ("Cc", "Zl", "Zp") else letter for letter in text
    )
