"""The files and texts that a request brings: as its whole body, as a form, or as JSON."""

from __future__ import annotations

from email.message import Message
from typing import Any

from .limits import RefusedError
from .protocol import parsed
from .worker import Upload

_FORM = "multipart/form-data"


def uploads(body: bytes, content_type: str, name: str, takes_text: bool) -> list[Upload]:
    """What a body holds.

    Args:
        body: all of it.
        content_type: as the header says: a form with files, JSON with text or texts, plain text, else a file.
        name: of the file, where the body is one.
        takes_text: whether the network takes text.

    Raises:
        RefusedError: it holds nothing, or is not what its type says.
    """
    kind = _header(content_type).get_content_type() if content_type else ""
    if kind == _FORM:
        return _form(body, content_type)
    if kind == "application/json" and takes_text:
        return [Upload(text) for text in _texts(parsed(body))]
    if kind == "text/plain" and takes_text and not name:
        try:
            return [Upload(body.decode("utf-8"))]
        except UnicodeDecodeError as error:
            raise RefusedError(400, f"the text is not UTF-8 (byte 0x{body[error.start]:02x})") from error
    if not body:
        raise RefusedError(400, "the request is empty; its body is a file, or a form with files")
    return [Upload(body, _plain(name))]


def _texts(said: Any) -> list[str]:
    found = said.get("texts", [said["text"]] if "text" in said else None) if isinstance(said, dict) else None
    if not isinstance(found, list) or not found or not all(isinstance(one, str) for one in found) or len(said) != 1:
        raise RefusedError(400, f'{{"text": "…"}} or {{"texts": ["…"]}} is expected, got {said!r:.60}')
    return found


def _form(body: bytes, content_type: str) -> list[Upload]:
    """The files of a form, in order. Fields without a file name are refused: nothing is known that they could mean."""
    boundary = _header(content_type).get_param("boundary")
    if not isinstance(boundary, str) or not 1 <= len(boundary) <= 70:
        raise RefusedError(400, f"{_FORM} needs a boundary of 1 to 70 characters in Content-Type")
    mark = b"--" + boundary.encode("latin-1", "replace")
    first, *parts = (b"\r\n" + body).split(b"\r\n" + mark)
    if first or not parts or not parts[-1].startswith(b"--"):
        raise RefusedError(400, "the form is cut off, or its boundary is not the one in Content-Type")
    found = [_part(part) for part in parts[:-1]]
    if not found:
        raise RefusedError(400, "the form has no file")
    return found


def _part(part: bytes) -> Upload:
    head, blank, content = part.partition(b"\r\n\r\n")
    said = [line.partition(b":") for line in head.split(b"\r\n")[1:]]
    headers = {name.strip().lower(): value.strip() for name, _, value in said}
    disposition = _header(headers.get(b"content-disposition", b"").decode("utf-8", "replace"))
    name = disposition.get_param("filename")
    if not blank or not isinstance(name, str):
        raise RefusedError(400, "a part of the form is no file: its Content-Disposition has no filename")
    if not content:
        raise RefusedError(400, f"the file {_plain(name)!r} of the form is empty")
    return Upload(content, _plain(name))


def _header(value: str) -> Message:
    made = Message()
    made["content-type"] = value.replace("\r", " ").replace("\n", " ")
    return made


def _plain(name: str) -> str:
    """A file's name without folders, and of a length to be shown."""
    return "".join(one for one in name.replace("\\", "/").rpartition("/")[2] if one.isprintable())[:100]
