"""The data that a model names: samples that are made on first use."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from zoo_core.home import home


@dataclass(frozen=True)
class SampleData:
    """A small data set that is written on first use.

    Args:
        name: of its folder below the zoo's home.
        version: raised by whoever changes what `write` writes.
        write: writes the data set into a folder, as a whole or not at all.
        about: what the data are, in a few words ("drawn scenes"): what is said of weights that were trained on such.
    """

    name: str
    version: int
    write: Callable[[Path], None]
    about: str = ""

    def folder(self) -> Path:
        """The data set's folder, written if it does not exist."""
        folder = home() / "samples" / f"{self.name}-v{self.version}"
        if not folder.is_dir():
            folder.parent.mkdir(parents=True, exist_ok=True)
            self.write(folder)
        return folder
