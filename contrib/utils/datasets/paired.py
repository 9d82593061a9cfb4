"""Pictures and what is true of each of their pixels, in two folders with equal names."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PIL import Image

from utils.datasets.folder import by_name, check_folder, say_alone, walk
from utils.preprocess.image import explained
from zoo_core.errors import DataError


def paired(root: Path, pictures: str, truths: str, suffixes: Sequence[str] = (".png",)) -> list[tuple[Path, Path]]:
    """(picture, truth) of every picture below `root`, sorted by name; those in sub-folders have truths in equal ones.

    Args:
        root: the folder with both.
        pictures, truths: what they are called.
        suffixes: of the truths.

    Raises:
        DataError: a folder is missing or empty; a picture has no truth, two of different suffixes, one of another size,
            or the same one as another picture; the message says which.
    """
    check_folder(root)
    for name in (pictures, truths):
        if not (root / name).is_dir():
            raise DataError(f"{root}: there is no folder {name} in it. Give the one with {pictures} and {truths}.")
    found = []
    for name, one in by_name(root / pictures).items():
        found.append((one, _truth(one, (root / truths / name).parent, suffixes)))
    taken = {truth for _, truth in found}
    say_alone(set(walk(root / truths, suffixes)) - taken, "a truth without a picture")
    return found


def _truth(picture: Path, folder: Path, suffixes: Sequence[str]) -> Path:
    there = [path for path in (folder / f"{picture.stem}{suffix}" for suffix in suffixes) if path.is_file()]
    if not there:
        raise DataError(f"{picture}: there is no {picture.stem}{' or '.join(suffixes)} in {folder} that belongs to it.")
    if len(there) > 1:
        raise DataError(f"{there[0]}: {there[1].name} may be the truth of {picture.name} too. Remove one of them.")
    (w, h), (u, v) = (_size(path) for path in (picture, there[0]))
    if (w, h) != (u, v):
        raise DataError(f"{there[0]}: {u} x {v} pixels, and its picture has {w} x {h}. They must be equal.")
    return there[0]


def _size(path: Path) -> tuple[int, int]:
    """Width and height, from the file's head."""
    with explained(path), Image.open(path) as image:
        return image.size
