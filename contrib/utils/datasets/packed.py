"""A long list of short texts, which takes little more memory than the texts themselves."""

from __future__ import annotations

import os
from array import array
from collections.abc import Iterable


class Packed:
    """Names of files behind one another, and where each of them ends.

    Names that are no text in the system's encoding come back as they were.
    """

    def __init__(self, names: Iterable[str] = ()):
        self._bytes = bytearray()
        self._ends = array("Q", [0])
        self.extend(names)

    def extend(self, names: Iterable[str]) -> None:
        """Put these behind those that are there."""
        for name in names:
            self._bytes += os.fsencode(name)
            self._ends.append(len(self._bytes))

    def __len__(self) -> int:
        return len(self._ends) - 1

    def __getitem__(self, place: int) -> str:
        if not 0 <= place < len(self):
            raise IndexError(f"there are {len(self)} names, and none at {place}")
        return os.fsdecode(bytes(self._bytes[self._ends[place] : self._ends[place + 1]]))
