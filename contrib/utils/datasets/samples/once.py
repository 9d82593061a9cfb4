"""How a folder of sample data appears: whole, and once."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Concatenate, ParamSpec

from zoo_core.files import atomic_folder, has_content

P = ParamSpec("P")


def written_once(write: Callable[Concatenate[Path, P], None]) -> Callable[Concatenate[str | Path, P], None]:
    """A writer that fills a folder, as one whose folder appears as a whole, and stays as it is if it has content.

    Args:
        write: fills the empty folder that it is given.

    Returns:
        `write`, which raises DataError where the folder cannot be written.
    """

    @wraps(write)
    def once(folder: str | Path, *args: P.args, **kwargs: P.kwargs) -> None:
        if not has_content(Path(folder)):
            with atomic_folder(Path(folder)) as temporary:
                write(temporary, *args, **kwargs)

    return once
