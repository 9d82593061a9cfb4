"""What a data set holds: its files, and digests that tell one content from another."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path

from zoo_core.errors import DataError
from zoo_core.hashing import sha256

Look = tuple[int, int, int]

# Of a file in a folder, what its identity is taken from: everything up to this size, else as much of its two ends
_WHOLE_BYTES, _END_BYTES = 64 << 10, 4 << 10


def listed(folder: str | Path) -> dict[str, Look]:
    """The files below a folder, by their names from there on with forward slashes, and of each what a change of it
    would change. One within the same tick of the clock stays unseen.

    Links to files count as files, those to folders and to nowhere are passed over, and so is what cannot be looked
    at: who reads it says so.
    """
    return dict(looks_below(folder))


def looks_below(folder: str | Path) -> Iterator[tuple[str, Look]]:
    """As `listed`, one file after the other: of a million of them, nothing is kept."""
    waiting = [("", os.fspath(folder))]
    while waiting:
        beginning, path = waiting.pop()
        for entry in _entries(path):
            try:
                if entry.is_dir(follow_symlinks=False):
                    waiting.append((f"{beginning}{entry.name}/", entry.path))
                elif stat.S_ISREG((seen := _seen(entry)).st_mode):
                    yield beginning + entry.name, look(seen)
            except OSError:
                continue


def _entries(folder: str) -> Iterator[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as found:
            yield from found
    except OSError:
        return


def _seen(entry: os.DirEntry[str]) -> os.stat_result:
    return os.stat(entry.path) if os.name == "nt" else entry.stat()  # whose st_ino is always 0 there


def look(seen: os.stat_result) -> Look:
    """What a change of a file would change."""
    return seen.st_size, seen.st_mtime_ns, seen.st_ino


def content(path: str) -> tuple[Look | None, bytes | None]:
    """How a file looks, and the SHA-256 of its size and its bytes (of those of a file larger than 64 KiB, the first
    and last 4 KiB). A folder has no look, and its digest is that of the names below it; what is not there has neither.

    Raises:
        DataError: it cannot be read.
    """
    try:
        seen = os.stat(path)
        if stat.S_ISDIR(seen.st_mode):
            return None, hashlib.sha256("\n".join(sorted(listed(path))).encode("utf-8", "surrogatepass")).digest()
        if not stat.S_ISREG(seen.st_mode):
            return None, b""
        return look(seen), hashlib.sha256(b"%d\n" % seen.st_size + _telling_bytes(path, seen.st_size)).digest()
    except (FileNotFoundError, NotADirectoryError):
        return None, None
    except OSError as error:
        raise DataError(f"{error.filename}: cannot be read: {error.strerror}.") from error


def _telling_bytes(path: str, size: int) -> bytes:
    with open(path, "rb", buffering=0) as source:
        if size <= _WHOLE_BYTES:
            return source.read()
        head = source.read(_END_BYTES)
        source.seek(-_END_BYTES, os.SEEK_END)
        return head + source.read()


def joined_digest(digests: Mapping[str, bytes | None]) -> str:
    """The identity of several files, of the digests that `content` gives, by their names."""
    digest = hashlib.sha256()
    for name in sorted(digests):
        digest.update(f"\n{name}\n".encode("utf-8", "surrogatepass"))
        digest.update(digests[name] or b"")
    return digest.hexdigest()


def data_digest(place: Path) -> str:
    """The identity of a data set: of a file its SHA-256, of a folder that of the names and the contents of its files.

    Raises:
        DataError: a file cannot be read.
    """
    if place.is_file():
        return sha256(place)
    return joined_digest({name: content(os.path.join(place, name))[1] for name in listed(place)})
