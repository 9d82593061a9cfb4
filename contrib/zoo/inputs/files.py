"""The files behind what a person names: a path, an address, a pattern, a folder, a column, standard input."""

from __future__ import annotations

import os
import re
import weakref
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO

from utils.columns import TABLES
from utils.datasets.folder import IMAGE_SUFFIXES, files_in
from utils.video import VIDEOS, cameras, is_camera
from zoo.errors import ZooError
from zoo.task import Task

STDIN = "-"
PDF = ".pdf"
_MOST_BYTES = 4 << 30  # of an address, and of standard input
_CHUNK = 1 << 20
_ADDRESS = re.compile(r"https?://", re.IGNORECASE)


@dataclass(frozen=True)
class File:
    """A file that was given.

    Attributes:
        path: where it lies.
        name: what the person calls it.
        drawn: what a picture of it is called, without the folder that it goes to.
        column: of a table, the name of the column that is meant.
    """

    path: Path
    name: str
    drawn: str
    column: str | None = None


def takes_pictures(task: Task) -> bool:
    """Whether a sample of the task is a picture."""
    return bool(set(task.suffixes) & set(IMAGE_SUFFIXES))


def is_video(task: Task, path: Path) -> bool:
    """Whether this is a video, or a camera, whose frames are samples of the task."""
    if takes_pictures(task) and is_camera(path):
        return True
    return takes_pictures(task) and path.suffix.lower() in VIDEOS and path.suffix.lower() not in task.suffixes


class Files:
    """Finds files; those that it fetches or writes last as long as it does.

    Args:
        task: what they are for.
    """

    def __init__(self, task: Task):
        self._task = task
        self._folder = ""
        self._made = 0

    def named(self, text: str) -> list[File] | None:
        """The file of this name or at this address, or those below the folder; None where there is none.

        Raises:
            ZooError: an address that cannot be fetched, or has a web page; a camera that is not there.
            DataError: a folder without any file of the task's.
        """
        if _ADDRESS.match(text):
            return [self._fetched(text)]
        write = self._task.made(text)
        if write:
            return self._made_of(text, write)
        path = Path(text)
        if is_camera(text) and takes_pictures(self._task):
            return [_camera(path)]
        if os.path.isdir(text):
            names = [(file, file.relative_to(path).as_posix()) for file in files_in(path, self._task.suffixes)]
            return [File(file, name, name) for file, name in names]
        if os.path.isfile(text):
            return [File(path, text, path.name)]
        table, _, column = text.rpartition(":")
        if table.lower().endswith(TABLES) and os.path.isfile(table):
            return [File(Path(table), text, path.name, column)]
        return None

    def _made_of(self, text: str, write: Callable[[Path], None]) -> list[File]:
        """What the task makes of a word of its own."""
        folder = self.place("")
        folder.mkdir()
        write(folder)
        return [File(path, text, path.name) for path in files_in(folder, self._task.suffixes)]

    def matching(self, pattern: str) -> list[File]:
        """The files that a pattern with * means, sorted; none where it is no pattern."""
        from glob import glob, has_magic

        found = sorted(name for name in glob(pattern, recursive=True) if os.path.isfile(name))
        if not has_magic(pattern) or not found:
            return []
        common = os.path.commonpath([os.path.dirname(os.path.abspath(name)) for name in found])
        return [File(Path(name), name, os.path.relpath(os.path.abspath(name), common)) for name in found]

    def read(self, stream: IO[bytes]) -> File:
        """What comes from a stream, as a file.

        Raises:
            ZooError: nothing comes, or too much.
        """
        path, size = self.place(""), 0
        with path.open("wb") as file:
            while chunk := stream.read(_CHUNK):
                size += len(chunk)
                if size > _MOST_BYTES:
                    raise ZooError(f"standard input has more than {_MOST_BYTES} bytes; write it to a file, and name it")
                file.write(chunk)
        if not size:
            raise ZooError("standard input is empty")
        return File(self._with_suffix(path), "stdin", "stdin")

    def written(self, content: bytes) -> Path:
        """Bytes in memory, as a file."""
        path = self.place("")
        path.write_bytes(content)
        return self._with_suffix(path)

    @property
    def folder(self) -> Path:
        """A new folder, which goes with these files."""
        if not self._folder:
            import shutil  # of what is given, most lies in files already
            import tempfile

            self._folder = tempfile.mkdtemp(prefix="zoo-given-")
            weakref.finalize(self, shutil.rmtree, self._folder, ignore_errors=True)
        return Path(self._folder)

    def place(self, suffix: str) -> Path:
        """For a new file in that folder."""
        return self.folder / f"{self.number()}{suffix}"

    def number(self) -> str:
        """The next one, from 1: the name of what has none."""
        self._made += 1
        return str(self._made)

    def _fetched(self, url: str) -> File:
        from urllib.parse import unquote, urlsplit

        from zoo.fetching.remote import is_html
        from zoo.fetching.transfer import FetchError, transfer

        name = PurePosixPath(unquote(urlsplit(url).path)).name or "file"
        path = self.place(PurePosixPath(name).suffix)
        try:
            transfer(url, path, limit=_MOST_BYTES)
        except FetchError as error:
            raise ZooError(f"{url} cannot be fetched: {error}") from error
        if is_html(path) and "" not in self._task.suffixes:
            raise ZooError(
                f"{url} is a web page (HTML), not what this network takes ({self._task.data_name}); give the address "
                "of the file itself"
            )
        return File(path if path.suffix else self._with_suffix(path), url, name)

    def _with_suffix(self, path: Path) -> Path:
        """A file without one, named after what it holds where that decides how it is read."""
        with path.open("rb") as file:
            suffix = _suffix(file.read(16)) if takes_pictures(self._task) else ""
        return path.rename(path.with_suffix(suffix or _first(self._task.suffixes)))


def _camera(path: Path) -> File:
    """Raises ZooError where there is none of this name."""
    if not path.exists():
        here = cameras()
        raise ZooError(f"there is no camera {path}; this machine has {', '.join(here) if here else 'none'}")
    return File(path, str(path), path.name)


def _first(suffixes: Sequence[str]) -> str:
    return suffixes[0] if suffixes else ""


def _suffix(head: bytes) -> str:
    """Of what is more than one picture, by how it begins."""
    if head.startswith(b"%PDF"):
        return PDF
    if head.startswith(b"\x1a\x45\xdf\xa3"):
        return ".mkv"
    if head[:4] == b"RIFF" and head[8:12] == b"AVI ":
        return ".avi"
    if head[4:8] == b"ftyp" and head[8:12] not in (b"avif", b"avis", b"heic", b"heix", b"mif1", b"msf1"):
        return ".mp4"
    return ""
