"""Where an export is made before it appears, and what its steps took."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from zoo.errors import ZooError
from zoo_core.temporary import clear_leftovers, held_folder

_PREFIX = ".export-"
_log = logging.getLogger(__name__)


@contextmanager
def workspace(output: Path) -> Iterator[Path]:
    """A temporary folder inside `output`, so that renaming out of it is atomic. Leftovers of killed exports go, and so
    does `output` where it was made for what failed."""
    there = output.exists()
    try:
        output.mkdir(parents=True, exist_ok=True)
        clear_leftovers(output, _PREFIX)
        held = held_folder(output, _PREFIX)
        folder = held.__enter__()
    except OSError as error:
        raise ZooError(f"cannot write to {output}: {error.strerror}; choose another folder with --output") from error
    try:
        yield folder
    finally:
        held.__exit__(None, None, None)
        if not there and not any(output.iterdir()):
            output.rmdir()


@contextmanager
def step(name: str) -> Iterator[None]:
    """Say what is being done, and how long it took."""
    start = time.perf_counter()
    yield
    _log.info("%-48s %5.1f s", name, time.perf_counter() - start)
