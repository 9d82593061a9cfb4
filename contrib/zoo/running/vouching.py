"""An exported file is compared with its manifest while it is opened: a thread reads it, as another core would idle."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

from engine.base import Engine
from zoo.errors import ZooError
from zoo.manifest import vouching
from zoo_core.interrupts import Uninterrupted, wait_for


def opened_vouched(ckpt: Path, manifest: Path | None, opened: Callable[[], Engine], meanwhile: bool) -> Engine:
    """The engine on a file that its manifest vouches for; nobody gets one before the content has been compared.

    Args:
        ckpt, manifest: as `vouching` has them.
        opened: opens `ckpt`.
        meanwhile: whether it may be opened while it is compared: only where opening a file does nothing but read it.

    Raises:
        ZooError: as `vouching` does, or the file has changed; that comes first where it cannot be opened either.
    """
    check = vouching(ckpt, manifest)
    if check is None:
        return opened()
    if not meanwhile:
        check()
        return opened()
    pool = ThreadPoolExecutor(1, thread_name_prefix="digest")
    job: Future[None] | None = None
    try:
        before = _state(ckpt)
        with Uninterrupted():
            job = pool.submit(check)
        try:
            engine = opened()
        except Exception:
            _require(job)
            raise
        try:
            _require(job)
            if before != _state(ckpt):
                raise ZooError(f"{ckpt} has changed while it was opened; run it again")
        except BaseException:
            engine.release()
            raise
        return engine
    finally:
        # a thread that has come to its end is waited for; one that still reads, after Ctrl-C, is not
        pool.shutdown(wait=job is not None and job.done())


def _require(job: Future[None]) -> None:
    """Wait for the comparison, and raise what it raised."""
    wait_for([job])
    job.result()


def _state(path: Path) -> tuple[int, ...] | None:
    """What tells whether another file took a file's place, or it was written to; None where there is none.

    No proof of its content, which the digest is: this tells whether what was read twice was the same file.
    """
    try:
        said = os.stat(path)
    except OSError:
        return None
    return said.st_dev, said.st_ino, said.st_size, said.st_mtime_ns
