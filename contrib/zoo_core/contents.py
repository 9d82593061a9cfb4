"""What a file is that is called otherwise, told by its first bytes."""

from __future__ import annotations

import json
from pathlib import Path

_START = 512
_TAR = (257, b"ustar")
_HTML = (b"<!doctype html", b"<html", b"<head", b"<body")
_BLANK = b"\xef\xbb\xbf \t\r\n"
_BEGINNINGS = (
    (b"version https://git-lfs", "a Git-LFS pointer, which stands for the file: git lfs pull fetches the file itself"),
    (b"\x89HDF", "an HDF5 file (Keras)"),
    (b"\x93NUMPY", "a numpy array"),
    (b"GGUF", "a GGUF file"),
    (b"\x1f\x8b", "packed with gzip: unpack it first"),
    (b"\xfd7zXZ", "packed with xz: unpack it first"),
    (b"\x28\xb5\x2f\xfd", "packed with zstd: unpack it first"),
    (b"BZh", "packed with bzip2: unpack it first"),
    (b"7z\xbc\xaf", "a 7z archive: unpack it first"),
    (b"Rar!", "a RAR archive: unpack it first"),
)
JSON = "a JSON text"


def content_of(path: Path) -> str:
    """What a file is, in words that go behind "it is": "empty: it has 0 bytes", "a Git-LFS pointer, …", "an HTML page".

    Returns:
        "" where the first bytes do not tell. Nothing is said of pickles and zip archives, which checkpoints are.
    """
    with path.open("rb") as file:
        start = file.read(_START)
    if not start:
        return "empty: it has 0 bytes"
    return beginning_of(start) or _text_of(start)


def beginning_of(start: bytes) -> str:
    """As `content_of` has it, of a file's first bytes; "" of texts without a mark of their own too."""
    for beginning, what in _BEGINNINGS:
        if start.startswith(beginning):
            return what
    return "a tar archive: unpack it first" if start[_TAR[0] :].startswith(_TAR[1]) else ""


def instead(path: str | Path) -> str:
    """A sentence to end a message with, a blank before it: what a file is that cannot be read as what it should be.

    Returns:
        " It is a Git-LFS pointer, …."; "" where the first bytes do not tell, or cannot be read.
    """
    try:
        what = content_of(Path(path))
    except OSError:
        return ""
    return f" It is {what}." if what else ""


def _text_of(start: bytes) -> str:
    text = start.lstrip(_BLANK).lower()
    if text.startswith(b"<?xml"):
        return "an XML text"
    if text.startswith(_HTML) or (text.startswith(b"<") and any(tag in text for tag in _HTML)):
        return "an HTML page (a server's login or error page was saved)"
    try:
        said = start.decode("utf-8", "strict" if len(start) < _START else "ignore")
    except UnicodeDecodeError:
        return ""
    if not all(letter.isprintable() or letter in "\ufeff\t\r\n" for letter in said):
        return ""
    if text.startswith((b"{", b"[")):
        return JSON
    first = said.strip("\ufeff \t\r\n").partition("\n")[0].strip()
    return f"a text that begins with {json.dumps(first[:60], ensure_ascii=False)}"
