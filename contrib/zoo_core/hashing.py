"""Digests: identity is content, never a name, a size or a time."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from .errors import DataError

CHUNK = 1 << 20


def file_digest(path: str | Path, algorithm: str = "sha256") -> str:
    """The digest of a file's content, in hexadecimal digits.

    Args:
        path: the file.
        algorithm: as hashlib names it: "sha256", "sha1", "md5".

    Raises:
        DataError: the file cannot be read.
    """
    digest = hashlib.new(algorithm)
    chunk = memoryview(bytearray(CHUNK))  # used again: new memory for each would cost as much as the reading
    try:
        with open(path, "rb", buffering=0) as file:
            while count := file.readinto(chunk):
                digest.update(chunk[:count])
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror}.") from error
    return digest.hexdigest()


def sha256(path: str | Path) -> str:
    """The SHA-256 of a file's content, as 64 hexadecimal digits. Raises DataError where it cannot be read."""
    return file_digest(path)


def text_digest(text: str) -> str:
    """The SHA-256 of a text in UTF-8, as 64 hexadecimal digits."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def facts_digest(facts: Any) -> str:
    """The SHA-256 of plain data (what JSON holds; other values by their text), whatever the order of its keys."""
    return text_digest(json.dumps(facts, sort_keys=True, default=str))
