"""What comes over the network: https, within limits of size and time, complete or not at all."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any
from urllib.parse import urlsplit

from zoo.errors import ZooError
from zoo_core.machine import environment_int
from zoo_core.numbers import is_whole

if TYPE_CHECKING:  # the network is for those who fetch: it is a tenth of what every run imports
    from http.client import HTTPMessage
    from urllib.request import OpenerDirector, Request

MAX_BYTES = 64 << 30  # what no file of a zoo is larger than
_SILENCE_SECONDS = 30
_CHUNK = 1 << 18
_LOOPBACK = ("127.0.0.1", "localhost", "::1")


class FetchError(ZooError):
    """A file cannot be had; the message says which, and why."""


def transfer(url: str, path: Path, size: int | None = None, plain: bool = False, limit: int = MAX_BYTES) -> None:
    """Write what lies at `url` to `path`.

    Args:
        size: its exact size in bytes, where that is known.
        plain: whether http is good enough; it always is on this machine itself.
        limit: bytes at most, where the size is not known.

    Raises:
        FetchError: it cannot be had, is larger than it may be, or takes longer than TECO_ZOO_FETCH_SECONDS.
        OSError: it cannot be written.
    """
    _require_https(url, plain)
    limit = limit if size is None else size
    with path.open("wb") as file:
        for chunk in _chunks(url, path, size, plain):
            if file.tell() + len(chunk) > limit:
                raise FetchError(f"it is larger than {limit} bytes")
            file.write(chunk)


def _chunks(url: str, path: Path, size: int | None, plain: bool) -> Iterator[bytes]:
    """What arrives, piece by piece, with a bar; errors of the network become a FetchError."""
    from http.client import HTTPException
    from urllib.error import URLError
    from urllib.request import Request

    from tqdm import tqdm

    seconds = environment_int("TECO_ZOO_FETCH_SECONDS", 3600, 1)
    end = time.monotonic() + seconds
    try:
        request = Request(url, headers={"User-Agent": "teco-modelzoo"})
        with _opener(plain).open(request, timeout=min(_SILENCE_SECONDS, seconds)) as response:
            total = _expected(response.headers, size)
            _require_room(path, total)
            arrived = 0
            with tqdm(total=total, desc=path.name, unit="B", unit_scale=True, leave=False, disable=None) as bar:
                while chunk := response.read1(_CHUNK):
                    arrived += len(chunk)
                    bar.update(len(chunk))
                    yield chunk
                    if time.monotonic() > end:
                        raise FetchError(f"it took longer than {seconds} s (TECO_ZOO_FETCH_SECONDS allows more)")
            if total is not None and arrived != total:
                raise FetchError(f"the connection ended after {arrived} of {total} bytes")
    except (URLError, HTTPException, ConnectionError, TimeoutError, UnicodeError, ValueError) as error:
        raise FetchError(str(getattr(error, "reason", "") or error) or type(error).__name__) from error


def _expected(headers: HTTPMessage, size: int | None) -> int | None:
    """How many bytes will come. Raises FetchError where the server says another number than the source states."""
    text = headers.get("Content-Length", "")
    said = int(text) if is_whole(text, 18) else None
    if said is not None and size is not None and said != size:
        kind = headers.get_content_type()
        raise FetchError(f"the server offers {said} bytes of {kind}, expected {size} bytes")
    return said if said is not None else size


def _require_room(path: Path, size: int | None) -> None:
    free = shutil.disk_usage(path.parent).free
    if size is not None and size > free:
        raise FetchError(
            f"it has {size / 1e6:.0f} MB, and {free / 1e6:.0f} MB are free in {path.parent}; make room, or name "
            "another folder in TECO_ZOO_HOME"
        )


def _require_https(url: str, plain: bool) -> None:
    """Raise FetchError where anybody on the way could read and change what comes."""
    parts = urlsplit(url)
    if parts.scheme == "https" or (parts.scheme == "http" and (plain or parts.hostname in _LOOPBACK)):
        return
    raise FetchError(f"{url} is no address with https")


def _opener(plain: bool) -> OpenerDirector:
    """Follows a server to another address, but not from https to http."""
    from urllib.request import HTTPRedirectHandler, build_opener

    class Redirects(HTTPRedirectHandler):
        def redirect_request(self, req: Request, fp: IO[bytes], code: int, msg: str, headers: Any, newurl: str) -> Any:
            _require_https(newurl, plain)
            return super().redirect_request(req, fp, code, msg, headers, newurl)

    return build_opener(Redirects())
