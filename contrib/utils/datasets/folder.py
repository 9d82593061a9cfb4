"""Finding files below a folder."""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from zoo_core.errors import DataError

# The same endings that torchvision's ImageFolder takes.
IMAGE_SUFFIXES = (".jpg", ".jpeg", ".png", ".ppm", ".bmp", ".pgm", ".tif", ".tiff", ".webp")


def files_in(folder: str | Path, suffixes: Sequence[str] = IMAGE_SUFFIXES) -> list[Path]:
    """All files below `folder` with one of the `suffixes` (upper or lower case), in sorted order.

    Looks into sub-folders, also through links; passes over hidden names (those that begin with a dot).

    Raises:
        DataError: the folder is missing, is a file, cannot be read, or holds no such file.
    """
    folder = Path(folder)
    check_folder(folder)
    found = sorted(walk(folder, suffixes))
    if not found:
        raise DataError(f"{folder}: no file below this folder ends with {', '.join(suffixes)}.")
    return found


def check_folder(folder: Path) -> None:
    """Raise DataError unless `folder` is an existing folder."""
    if folder.is_dir():
        return
    if folder.exists():
        raise DataError(f"{folder}: this is a file, a folder is expected.")
    raise DataError(f"{folder}: there is no such folder.")


def walk(folder: Path, suffixes: Sequence[str]) -> Iterator[Path]:
    """Yield the files below `folder` that end with one of `suffixes`, in no particular order."""
    endings = tuple(suffix.lower() for suffix in suffixes)
    for root, folders, names in os.walk(folder, onerror=_refuse, followlinks=True):
        folders[:] = [name for name in folders if not name.startswith(".") and not _leads_up(root, name)]
        for name in names:
            if name.lower().endswith(endings) and not name.startswith("."):
                yield Path(root, name)


def _leads_up(root: str, name: str) -> bool:
    """Whether the folder `name` in `root` is a link to a folder that holds it, which would never end."""
    path = os.path.join(root, name)
    if not os.path.islink(path):
        return False
    target = os.path.realpath(path)
    return os.path.commonpath([target, os.path.realpath(root)]) == target


def _refuse(error: OSError) -> None:
    raise DataError(f"{error.filename}: this folder cannot be read: {error.strerror}.") from error
