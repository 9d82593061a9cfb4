"""Whatever a person has, as samples of a task."""

from __future__ import annotations

import errno
import os
import shutil
import stat
import tempfile
import weakref
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from glob import glob, has_magic
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import urlsplit

import numpy as np

from utils.datasets.folder import IMAGE_SUFFIXES, files_in
from utils.datasets.sample import Sample
from zoo.errors import ZooError
from zoo.fetching.transfer import FetchError, transfer
from zoo.task import Task
from zoo_core.errors import DataError


@dataclass(frozen=True)
class Unread:
    """A sample that could not be read, and why."""

    id: str
    error: DataError


class Samples:
    """Turns what is given into samples; files that it fetches or writes last as long as it does.

    Attributes:
        several: whether a list, a folder or a pattern was given, which may hold any number.
    """

    def __init__(self, task: Task):
        self._task = task
        self.several = False
        self._folder = ""
        self._count = 0

    def of(self, given: Any) -> list[Sample | Unread]:
        """The samples in one thing, or in several.

        Args:
            given: a path, an address (https), a pattern with *, a folder, text where the task takes it, bytes of a
                file, a PIL picture, an array (uint8 [H, W], [H, W, 3] red, green, blue, or [H, W, 4]), or several.

        Returns:
            Samples, and in the place of a file that cannot be read what to say of it.

        Raises:
            ZooError: it is none of these, or the task has no use for it.
        """
        return list(self._of(given))

    def _of(self, given: Any) -> Iterator[Sample | Unread]:
        if isinstance(given, (str, Path)):
            yield from self._named(given)
        elif isinstance(given, (bytes, bytearray, memoryview)):
            path = self._written(bytes(given))
            yield from self._file(path, path.stem)
        elif isinstance(given, np.ndarray):
            yield Sample(self._number(), self._picture(given))
        elif hasattr(given, "getbands"):
            self._require_pictures("a PIL picture")
            yield Sample(self._number(), given)
        elif isinstance(given, Iterable):
            self.several = True
            for one in given:
                yield from self._of(one)
        else:
            raise ZooError(
                f"what this network takes ({self._task.data_name}) is a path, an address, bytes or a list; got "
                f"{type(given).__name__}"
            )

    def _named(self, given: str | Path) -> Iterator[Sample | Unread]:
        text = str(given)
        path, kind = Path(text), _kind(text)
        if isinstance(given, str) and urlsplit(text).scheme in ("http", "https"):
            yield from self._file(self._fetched(text), text)
        elif kind == "folder":
            self.several = True
            for file in files_in(path, self._task.suffixes):
                yield from self._file(file, file.relative_to(path).as_posix())
        elif kind == "file":
            yield from self._file(path, text)
        elif isinstance(given, str) and self._task.text_help:
            yield Sample(text, self._task.from_text(text))
        elif has_magic(text) and (found := sorted(glob(text, recursive=True))):
            self.several = True
            for name in found:
                yield from self._file(Path(name), name)
        else:
            raise ZooError(f"there is no file {text}; give a path, an address, a pattern or a folder")

    def _file(self, path: Path, name: str) -> Iterator[Sample | Unread]:
        try:
            found = self._task.samples_in(path)
        except DataError as error:
            yield Unread(name, error)
            return
        for sample in found:
            yield Sample(name + sample.id.removeprefix(path.name), sample.data, sample.truth)

    def _place(self, suffix: str) -> Path:
        """For a new file, in a folder that goes with these samples."""
        if not self._folder:
            self._folder = tempfile.mkdtemp(prefix="zoo-given-")
            weakref.finalize(self, shutil.rmtree, self._folder, ignore_errors=True)
        return Path(self._folder, f"{self._number()}{suffix}")

    def _number(self) -> str:
        self._count += 1
        return str(self._count)

    def _fetched(self, url: str) -> Path:
        path = self._place(PurePosixPath(urlsplit(url).path).suffix)
        try:
            transfer(url, path)
        except FetchError as error:
            raise ZooError(f"{url} cannot be fetched: {error}") from error
        return path

    def _written(self, content: bytes) -> Path:
        path = self._place(self._task.suffixes[0] if self._task.suffixes else "")
        path.write_bytes(content)
        return path

    def _picture(self, array: np.ndarray) -> Any:
        from PIL import Image

        self._require_pictures("an array")
        wrong = array.ndim not in (2, 3) or (array.ndim == 3 and array.shape[2] not in (3, 4)) or not array.size
        if wrong or array.dtype != np.uint8:
            raise ZooError(
                f"an array of a picture is uint8 [H, W], [H, W, 3] (red, green, blue) or [H, W, 4], 0 to 255; got "
                f"{array.dtype} {list(array.shape)}"
            )
        return Image.fromarray(array)

    def _require_pictures(self, what: str) -> None:
        if not set(self._task.suffixes) & set(IMAGE_SUFFIXES):
            raise ZooError(f"{what} was given, and this network takes {' '.join(self._task.suffixes) or 'no files'}")


def _kind(text: str) -> str:
    """What lies there, "file" or "folder"; "" for nothing. A text may be longer than any name, or empty.

    Raises ZooError where the system refuses to look.
    """
    try:
        mode = os.stat(text).st_mode
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return ""
    except OSError as error:
        if error.errno in (errno.ENAMETOOLONG, errno.ELOOP):
            return ""
        raise ZooError(f"{text} cannot be looked at: {error.strerror}") from error
    return "folder" if stat.S_ISDIR(mode) else "file" if stat.S_ISREG(mode) else ""
