"""Finding files below a folder."""

import os
import stat
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path, PureWindowsPath

from utils.notices import notice
from zoo_core.errors import DataError

# The same endings that torchvision's ImageFolder takes.
IMAGE_SUFFIXES = (".jpg", ".jpeg", ".png", ".ppm", ".bmp", ".pgm", ".tif", ".tiff", ".webp")

# Pictures too, which neither torchvision's ImageFolder nor we take
OTHER_IMAGES = (".gif", ".jfif", ".jp2", ".avif", ".heic", ".heif", ".jpe", ".svg")
# Folders that systems leave behind, beside those whose names begin with a dot
_LEFT_BEHIND = ("__MACOSX", "@eaDir", "$RECYCLE.BIN", "System Volume Information", "lost+found", "__pycache__")


def is_passed_over(name: str) -> bool:
    """Whether a file or folder of this name is none of the person's: hidden, or left behind by a system."""
    return name.startswith(".") or name in _LEFT_BEHIND


def files_in(folder: str | Path, suffixes: Sequence[str] = IMAGE_SUFFIXES) -> list[Path]:
    """All files below `folder` with one of the `suffixes` (upper or lower case), in sorted order.

    Looks into sub-folders, also through links; passes over hidden names (those that begin with a dot) and what systems
    leave behind (__MACOSX).

    Raises:
        DataError: the folder is missing, is a file, cannot be read, or holds no such file.
    """
    folder = Path(folder)
    check_folder(folder)
    found = sorted(walk(folder, suffixes))
    if not found:
        raise DataError(f"{folder}: no file below this folder ends with {', '.join(suffixes)}.")
    return found


def by_name(folder: str | Path, suffixes: Sequence[str] = IMAGE_SUFFIXES) -> dict[str, Path]:
    """The files that `files_in` finds, by what is true of each is found by: its path below `folder`, without suffix.

    Raises:
        DataError: as `files_in`; or two files differ in their suffix only, so that both would have one truth.
    """
    found: dict[str, Path] = {}
    for path in files_in(folder, suffixes):
        name = path.relative_to(folder).with_suffix("").as_posix()
        if name in found:
            raise DataError(
                f"{path}: {found[name].name} has the same name, and one truth cannot be of both. Remove one."
            )
        found[name] = path
    return found


def say_alone(paths: Iterable[Path], what: str) -> None:
    """A notice for each of these files, which belong to no sample of a data set.

    Args:
        paths: of the files, sorted here.
        what: they are, and what is missing: "a matte without a picture".
    """
    for path in sorted(paths):
        notice(what, str(path), f"passed over: this is {what}.")


def within(folder: Path, name: str, where: str) -> Path:
    """The file `name` of a folder, as a list or a table of a data set calls it; whether it is there is not looked at.

    Args:
        folder: what the name begins at.
        name: with slashes, as it stands there.
        where: the list, and the line or entry.

    Raises:
        DataError: the name is an address, or leads out of the folder.
    """
    if "://" in name:
        raise DataError(f"{where}: {name!r:.120} is an address. Fetch the files into {folder}, and name them there.")
    parts = PureWindowsPath(name)  # which knows of both slashes, and of drives
    if not name or "\0" in name or parts.drive or parts.root or ".." in parts.parts:
        raise DataError(
            f"{where}: {name!r:.120} is no name within {folder}, where this data set's files are looked for. Put the "
            "file there, and name it from there on."
        )
    return folder / name


def check_folder(folder: Path) -> None:
    """Raise DataError unless `folder` is an existing folder."""
    if folder.is_dir():
        return
    if folder.exists():
        raise DataError(f"{folder}: this is a file, a folder is expected.")
    raise DataError(f"{folder}: there is no such folder.")


def walk(folder: Path, suffixes: Sequence[str]) -> Iterator[Path]:
    """Yield the files below `folder` that end with one of `suffixes`, in no particular order.

    A notice names links that lead nowhere, pictures of formats that are not among the suffixes, and pipes.
    """
    return (folder / name for name in names_below(folder, suffixes))


def names_below(folder: Path, suffixes: Sequence[str]) -> Iterator[str]:
    """What `walk` finds, by its path below `folder`, with forward slashes: for folders with a million files."""
    endings = tuple(suffix.lower() for suffix in suffixes)
    waiting = [("", str(folder))]
    while waiting:
        beginning, root = waiting.pop()
        for entry in _entries(root):
            name = entry.name
            if is_passed_over(name):
                continue
            if _is_folder(entry):
                if not _leads_up(root, name):
                    waiting.append((f"{beginning}{name}/", entry.path))
            elif not name.lower().endswith(endings):
                _say_passed_over(root, name, endings)
            elif entry.is_file(follow_symlinks=False) or _may_be_read(entry.path):
                yield beginning + name


def in_order(names: Iterable[str]) -> list[str]:
    """Paths with forward slashes, sorted as `Path`s are: folder by folder."""
    return sorted(names, key=lambda name: name.split("/"))


def _entries(folder: str) -> list[os.DirEntry[str]]:
    """What lies in a folder; the system says of each what it is, without looking at it once more."""
    try:
        with os.scandir(folder) as found:
            return list(found)
    except OSError as error:
        raise DataError(f"{error.filename}: this folder cannot be read: {error.strerror}.") from error


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:
        return False  # what cannot be looked at is told when it is read


def _may_be_read(path: str) -> bool:
    """Whether reading it ends: not that of a pipe. What cannot be looked at is told when it is read."""
    try:
        plain = stat.S_ISREG(os.stat(path).st_mode)
    except OSError:
        return True
    if not plain:
        notice("no files", path, "passed over: this is no file, but a pipe, a socket or a device.")
    return plain


def _say_passed_over(root: str, name: str, endings: tuple[str, ...]) -> None:
    path = os.path.join(root, name)
    if os.path.islink(path) and not os.path.exists(path):
        notice("links that lead nowhere", path, f"this link leads to {os.readlink(path)}, which is not there.")
    elif name.lower().endswith(OTHER_IMAGES) and endings == IMAGE_SUFFIXES:
        notice("other endings", path, f"passed over: pictures end with {', '.join(IMAGE_SUFFIXES)}.")


def _leads_up(root: str, name: str) -> bool:
    """Whether the folder `name` in `root` is a link to a folder that holds it, which would never end."""
    path = os.path.join(root, name)
    if not os.path.islink(path):
        return False
    target = os.path.realpath(path)
    return os.path.commonpath([target, os.path.realpath(root)]) == target
