"""One sample of a data set, and the data sets that know all of theirs at once."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, overload


@dataclass(frozen=True)
class Sample:
    """What a data set yields.

    Attributes:
        id: names the sample within its data set, the same on every machine (for files: the path relative to
            the root, with forward slashes).
        data: what the preprocessing takes (for images: the file's Path).
        target: the truth, or None where there is none (for classification: the class index, an int).
    """

    id: str
    data: Any
    target: Any = None


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
