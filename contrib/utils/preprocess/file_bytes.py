"""A file as Magika sees it: its first bytes and its last ones, as numbers."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from zoo_core.errors import UnreadableError


@dataclass(frozen=True)
class FileEnds:
    """The first and the last bytes of a file, without the white space around it.

    Args:
        each: how many of the first bytes, and how many of the last.
        block: from how many bytes at either end they are taken, once white space is off.
        least: bytes that a file must have at least, white space at its beginning left out, for the network to be asked.
        filling: the number behind the first bytes, and before the last ones, where there are fewer.
    """

    each: int = 1024
    block: int = 4096
    least: int = 8
    filling: int = 256

    def __call__(self, data: Path | bytes) -> tuple[np.ndarray, bytes | None]:
        """(int32 [2 * each], None); instead of None, what there is of a file that has too few bytes.

        Args:
            data: a file, of which no more than its two ends is read, or what one holds.

        Raises:
            UnreadableError: it cannot be read.
        """
        first, last = self._ends(data)
        begun = first.lstrip()[: self.each]
        ended = last.rstrip()[-self.each :]
        found = np.full(2 * self.each, self.filling, np.int32)
        found[: len(begun)] = np.frombuffer(begun, np.uint8)
        found[2 * self.each - len(ended) :] = np.frombuffer(ended, np.uint8)
        return found, first if len(begun) < self.least else None

    def _ends(self, data: Path | bytes) -> tuple[bytes, bytes]:
        if isinstance(data, bytes):
            return data[: self.block], data[-self.block :]
        if data.exists() and not data.is_file() and not data.is_dir():
            raise UnreadableError(f"{data}: this is a device or a pipe, no file with a beginning and an end.")
        try:
            with data.open("rb") as file:
                first = file.read(self.block)
                size = file.seek(0, 2)
                file.seek(max(size - self.block, 0))
                return first, file.read(self.block)
        except OSError as error:
            raise UnreadableError(f"{data}: this file cannot be read: {error.strerror}.") from error


def is_utf8(content: bytes) -> bool:
    """Whether bytes are text in UTF-8."""
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True
