"""One sample of a data set, and the data sets that know all of theirs at once."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass
from typing import Any, overload


@dataclass(frozen=True)
class Sample:
    """What a data set yields.

    Attributes:
        id: names the sample within its data set, the same on every machine (for files: the path relative to
            the root, with forward slashes).
        data: what the preprocessing takes (for images: the file's Path). Files that it is read from stand in it by
            their Paths: on a cluster, those are compared before the sample is counted.
        truth: what is right, or None where it is not known (for classification: the class index, an int).
    """

    id: str
    data: Any
    truth: Any = None


class Lazy(Sequence[Sample]):
    """A data set that reads a sample when it is asked for; a slice is a view of the same data, and reads nothing.

    A loader fills `_places` with what it finds its samples by, and says in `_read` what one of them is.

    own_files: whether each sample's `data` is the Path of a file, and nothing else is read of the data set once it is
        listed.
    """

    own_files = False
    _places: Sequence[Any]

    def __len__(self) -> int:
        return len(self._places)

    @overload
    def __getitem__(self, index: int) -> Sample: ...
    @overload
    def __getitem__(self, index: slice) -> Lazy: ...
    def __getitem__(self, index: int | slice) -> Sample | Lazy:
        if isinstance(index, slice):
            part = copy(self)
            part._places = self._places[index]
            return part
        return self._read(self._places[index])

    @abstractmethod
    def _read(self, place: Any) -> Sample:
        """The sample at one of the places."""


class Listed(Sequence[Sample]):
    """A data set whose samples stand in a list: a loader derives from it and fills `_samples`."""

    _samples: list[Sample]

    def __len__(self) -> int:
        return len(self._samples)

    @overload
    def __getitem__(self, index: int) -> Sample: ...
    @overload
    def __getitem__(self, index: slice) -> list[Sample]: ...
    def __getitem__(self, index: int | slice) -> Sample | list[Sample]:
        return self._samples[index]
