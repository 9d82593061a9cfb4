"""`Remote`: a file at a public address, and what its source says of its content."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from zoo_core.hashing import CHUNK, facts_digest

_HTML = (b"<!doctype html", b"<html")


@dataclass(frozen=True)
class Remote:
    """A file at an address.

    Args:
        url: the address.
        megabytes: about how large it is, for people.
        sha256, md5, sha1: digests as the source states them; the beginning of one is enough. Where there is a `member`,
            they are the member's.
        member: where the address is a zip archive, the name of the wanted file in it.
        size: the exact size of what lies at the address, in bytes.
    """

    url: str
    megabytes: float | None = None
    sha256: str | None = None
    md5: str | None = None
    sha1: str | None = None
    member: str = ""
    size: int | None = None

    def digests(self) -> dict[str, str]:
        """Those that the source states, by algorithm."""
        stated = {"sha256": self.sha256, "sha1": self.sha1, "md5": self.md5}
        return {kind: digest.lower() for kind, digest in stated.items() if digest}

    @property
    def name(self) -> str:
        """What the file is called, without the characters that a file name must not have."""
        last = self.member or unquote(urlsplit(self.url).path)
        return re.sub(r"[^\w.+=-]", "_", last.rpartition("/")[2]).lstrip(".") or "file"

    @property
    def key(self) -> str:
        """Tells it from every other file, also from one of the same name."""
        return facts_digest([self.url, self.member, self.digests()])[:32]

    @property
    def about(self) -> str:
        """Address and size, as messages name them."""
        megabytes = self.size / 1e6 if self.size else self.megabytes
        size = f"{megabytes:.{0 if megabytes >= 1 else 1}f} MB" if megabytes else "size unknown"
        return f"{self.url} ({size})"

    def damage(self, path: Path) -> str:
        """How the file at `path` differs from what the source states; "" where it does not."""
        if not self.name.endswith((".html", ".htm")) and is_html(path):
            return "it is an HTML page (a login or an error page of the server), not the file"
        if self.size is not None and not self.member and path.stat().st_size != self.size:
            return f"it has {path.stat().st_size} bytes, expected {self.size}"
        got = _digests_of(path, list(self.digests()))
        for kind, want in self.digests().items():
            if not got[kind].startswith(want):
                return f"its {kind} is {got[kind][: len(want)]}, expected {want}"
        return ""


def is_html(path: Path) -> bool:
    """Whether a file begins as web pages do."""
    with path.open("rb") as file:
        return file.read(512).lstrip(b"\xef\xbb\xbf \t\r\n").lower().startswith(_HTML)


def _digests_of(path: Path, kinds: list[str]) -> dict[str, str]:
    """Several digests in one reading."""
    made = {kind: hashlib.new(kind) for kind in kinds}
    with path.open("rb") as file:
        while made and (chunk := file.read(CHUNK)):
            for digest in made.values():
                digest.update(chunk)
    return {kind: digest.hexdigest() for kind, digest in made.items()}
