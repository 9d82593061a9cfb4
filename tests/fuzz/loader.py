"""What the fuzzer needs to know of a kind of file."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.fuzz.mutate import Mutator


@dataclass(frozen=True)
class Loader:
    """One loader.

    Attributes:
        write: fills an empty folder with a small whole data set.
        damaged: the files that are damaged, relative to the folder.
        mutators: the ways to do it.
        read: reads everything that is in the folder.
    """

    write: Callable[[Path], None]
    damaged: tuple[str, ...]
    mutators: tuple[Mutator, ...]
    read: Callable[[Path], Any]
