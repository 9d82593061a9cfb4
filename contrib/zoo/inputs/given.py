"""Whatever a person has, as samples of a task."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from utils.columns import TABLES, column, columns
from utils.datasets.sample import Sample
from utils.pdf import pages
from utils.recordings import cut
from zoo.errors import ZooError
from zoo.hanging import ended_within
from zoo.task import Task
from zoo_core.errors import DataError

from .files import PDF, File, Files, is_video, takes_pictures


@dataclass(frozen=True)
class Unread:
    """A sample that could not be read, and why."""

    id: str
    error: DataError


class Samples:
    """Turns what is given into samples; files that it fetches or writes last as long as it does.

    Args:
        task: what they are for.
        windows: whether a recording that is longer than the task's window becomes several samples.
        timeout: seconds after which the task's reading of a file is a HangingError; None waits for ever.

    Attributes:
        files: which finds them.
        several: whether a list, a folder or a pattern was given, which may hold any number.
    """

    def __init__(self, task: Task, windows: bool = False, timeout: float | None = None):
        if windows and task.window is None:
            raise ZooError("this network has no window of recordings: it takes those of any length, or none at all")
        self._task = task
        self._windows = windows
        self._timeout = timeout
        self.files = Files(task)
        self.several = False

    def of(self, given: Any) -> list[Sample | Unread]:
        """The samples in one thing, or in several.

        Args:
            given: a path, an address (https), a pattern with *, a folder, a column of a table ("reviews.csv:text"),
                text where the task takes it, bytes of a file, a file opened with "rb", a PIL picture, an array (uint8
                [H, W], [H, W, 3] red, green, blue, or [H, W, 4]), or several.

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
            path = self.files.written(bytes(given))
            yield from self.within(File(path, path.stem, path.stem))
        elif hasattr(given, "readline") and getattr(given, "closed", False):
            raise ZooError(f"the file {getattr(given, 'name', '')} is closed; open it with 'rb', or give its path")
        elif hasattr(given, "readline") and isinstance(given.read(0), bytes):  # its lines are no samples
            yield from self._of(given.read())
        elif isinstance(given, np.ndarray):
            yield Sample(self.files.number(), self._picture(given))
        elif hasattr(given, "getbands"):
            self._require_pictures("a PIL picture")
            yield Sample(self.files.number(), given)
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
        found = self.files.named(text)
        if found is None and isinstance(given, str) and self._task.text_help:
            yield Sample(text, self._task.from_text(text))
            return
        if found is None:
            found = self.files.matching(text)
            self.several = True
        elif Path(text).is_dir():
            self.several = True
        if not found:
            raise ZooError(f"there is no file {text}; give a path, an address, a pattern or a folder")
        for file in found:
            yield from self.within(file)

    def within(self, file: File) -> Iterator[Sample | Unread]:
        """What a file holds: one sample, those of its format, the pages of a PDF, or the rows of a column.

        Raises:
            ZooError: it is a video, whose frames are too many for a list, or a column is asked of a network that takes
                no text.
        """
        if is_video(self._task, file.path):
            raise ZooError(
                f"{file.name} is a video: in a program, `for result in net.frames({file.name!r})`; zoo single and zoo "
                "multi take it as it is"
            )
        try:
            yield from self._within(file)
        except DataError as error:
            yield Unread(file.name, error)

    def _within(self, file: File) -> Iterator[Sample | Unread]:
        suffix = file.path.suffix.lower()
        if file.column is not None:
            yield from self._rows(file, file.column)
        elif suffix == PDF and takes_pictures(self._task):
            for number, page in enumerate(pages(file.path, self.files.folder), start=1):
                name = f"{file.name}:{number}"
                yield Unread(name, page) if isinstance(page, DataError) else Sample(name, page)
        elif suffix in TABLES and suffix not in self._task.suffixes and self._task.text_help:
            raise DataError(
                f"{file.path}: this is a table; name the column of the texts ({file.name}:NAME). Its columns are: "
                f"{', '.join(columns(file.path))}."
            )
        elif self._windows and self._task.window is not None:
            for begin, end, piece in cut(file.path, self._task.window, self.files.folder):
                yield Sample(f"{file.name}:{begin:g}-{end:g} s", piece)
        else:
            name, read = file.path.name, self._task.samples_in
            for sample in ended_within(self._timeout, f"reading of {name}", read, file.path):
                yield Sample(file.name + sample.id.removeprefix(name), sample.data, sample.truth)

    def _rows(self, file: File, name: str) -> Iterator[Sample | Unread]:
        if not self._task.text_help:
            raise ZooError(f"{file.name} is a column of a table, and this network takes no text")
        for number, cell in column(file.path, name):
            row = f"{file.path.name}:{number}"
            try:
                yield Unread(row, cell) if isinstance(cell, DataError) else Sample(row, self._task.from_text(cell))
            except DataError as error:
                yield Unread(row, error)

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
        if not takes_pictures(self._task):
            raise ZooError(f"{what} was given, and this network takes {' '.join(self._task.suffixes) or 'no files'}")
