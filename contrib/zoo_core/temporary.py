"""Temporary folders beside what is being written: held by a lock, so that those of killed processes can be told.

The system lets go of a lock when its process ends, however that ends. The number of a process would say nothing: other
containers that write to the same folder count theirs by themselves.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

PREFIX = ".tmp-"
_LOCK = ".held-by-a-process"
_LEFT_AFTER = 3600  # seconds after which what has no lock is nobody's: of an older version, or without locks here


@contextmanager
def held_folder(parent: Path, prefix: str = PREFIX) -> Iterator[Path]:
    """A new folder in `parent`, which goes at the end of the block, or when `clear_leftovers` finds its process gone.

    Raises:
        OSError: the system refused to make it.
    """
    folder, lock = _held(parent, prefix)
    try:
        yield folder
    finally:
        os.close(lock)
        _remove(folder)


def clear_leftovers(parent: Path, prefix: str = PREFIX) -> None:
    """Remove what killed processes left half written in a folder."""
    with suppress(OSError):
        for path in parent.glob(f"{prefix}*"):
            with suppress(OSError):  # its own process, or another start, has removed it
                _clear(path)


def _remove(folder: Path) -> None:
    import shutil  # with all that packs archives; what only reads files needs none of it

    shutil.rmtree(folder, ignore_errors=True)


def _held(parent: Path, prefix: str) -> tuple[Path, int]:
    """A folder, and the lock on it."""
    while True:
        folder = parent / f"{prefix}{os.urandom(6).hex()}"
        folder.mkdir(mode=0o700)
        try:
            lock = os.open(folder / _LOCK, os.O_RDWR | os.O_CREAT, 0o600)
        except FileNotFoundError:
            continue  # another start came before the lock, and took the folder for a leftover
        _take(lock, wait=True)
        if _is_at(lock, folder / _LOCK):
            return folder, lock
        os.close(lock)


def _clear(path: Path) -> None:
    if path.is_symlink() or not path.is_dir():
        if time.time() - path.lstat().st_mtime > _LEFT_AFTER:
            path.unlink()
        return
    try:
        lock = os.open(path / _LOCK, os.O_RDWR)
    except FileNotFoundError:
        if time.time() - path.stat().st_mtime > _LEFT_AFTER:
            _remove(path)
        else:
            path.rmdir()  # where it is empty: whoever was about to lock it makes another one
        return
    try:
        if _take(lock, wait=False):
            _remove(path)
    finally:
        os.close(lock)


def _take(lock: int, wait: bool) -> bool:
    """Take a lock; whether it is ours now. Where there are no locks (Windows, some network disks), it never is."""
    try:
        import fcntl

        fcntl.flock(lock, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
    except (ImportError, OSError):
        return False
    return True


def _is_at(lock: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(lock), path.stat())
    except FileNotFoundError:
        return False
