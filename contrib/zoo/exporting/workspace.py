"""Where an export is made before it appears, and what its steps took."""

from __future__ import annotations

import logging
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from zoo.errors import ZooError

_log = logging.getLogger(__name__)


@contextmanager
def workspace(output: Path) -> Iterator[Path]:
    """A temporary folder inside `output`, so that renaming out of it is atomic. Leftovers of killed exports go."""
    try:
        output.mkdir(parents=True, exist_ok=True)
        for stale in output.glob(".export-*"):
            if not _alive(stale.name.split("-")[1]):
                shutil.rmtree(stale, ignore_errors=True)
        folder = Path(tempfile.mkdtemp(prefix=f".export-{os.getpid()}-", dir=output))
    except OSError as error:
        raise ZooError(f"cannot write to {output}: {error.strerror}; choose another folder with --output") from error
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _alive(pid: str) -> bool:
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return False
    except (PermissionError, ValueError):
        return True
    return True


@contextmanager
def step(name: str) -> Iterator[None]:
    """Say what is being done, and how long it took."""
    start = time.perf_counter()
    yield
    _log.info("%-48s %5.1f s", name, time.perf_counter() - start)
