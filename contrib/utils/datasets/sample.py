"""One sample of a data set, and the data sets that know all of theirs at once."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass
from typing import Any, TypeVar, overload

T = TypeVar("T")


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


class Viewed(Sequence[T]):
    """Items that are made when they are asked for; a slice is a view of the same ones, and makes nothing.

    A class that derives from it fills `_places` with what it finds its items by, and says in `_read` what one of them
    is.
    """

    _places: Sequence[Any]

    def __len__(self) -> int:
        return len(self._places)

    @overload
    def __getitem__(self, index: int) -> T: ...
    @overload
    def __getitem__(self, index: slice) -> Viewed[T]: ...
    def __getitem__(self, index: int | slice) -> T | Viewed[T]:
        if isinstance(index, slice):
            part = copy(self)
            part._places = self._places[index]
            return part
        return self._read(self._places[index])

    @abstractmethod
    def _read(self, place: Any) -> T:
        """The item at one of the places."""


class Lazy(Viewed[Sample]):
    """A data set that reads a sample when it is asked for."""


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
