"""Whether a data set stays what it is while it is read: a figure of half of one and half of another is of neither."""

from __future__ import annotations

import os
import stat
from array import array
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from utils.datasets.packed import Packed
from utils.datasets.sample import Lazy, Sample
from zoo.errors import CheckFailedError

from .content import Look, look, looks_below

_NAMED = 3
_HALF = 1 << 63


@contextmanager
def unchanged(place: Path, own: Path | None = None) -> Iterator[None]:
    """Look at every file of a data set before and after the block. Files that are new since do not count: nothing was
    read of them.

    Args:
        place: a file, or a folder with all that is below it.
        own: a file that the block itself writes.

    Raises:
        CheckFailedError: a file was changed or removed meanwhile.
    """
    # names and numbers behind one another: of a million files, objects would take more than all the rest of a run
    paths, seen = Packed(), array("q")
    for path, one in _looks(place):
        paths.extend([path])
        seen.extend(_numbers(one))
    yield
    require_unchanged(
        path
        for index in range(len(paths))
        if not _looks_as(path := paths[index], seen[3 * index : 3 * index + 3]) and path != str(own)
    )


@contextmanager
def watched(samples: Sequence[Sample], place: Path, own: Path | None = None) -> Iterator[Sequence[Sample]]:
    """The samples to be run in the block, of a data set whose files must not change meanwhile.

    Where each sample is a file of its own, that file is looked at when its sample is asked for, which is before it is
    read: a run need not look at a million files before it begins. Other data sets are looked at as `unchanged` does.

    Args:
        samples: what is to be run.
        place, own: as `unchanged` has them.

    Raises:
        CheckFailedError: a file was changed or removed since it was looked at.
    """
    if not getattr(samples, "own_files", False):
        with unchanged(place, own):
            yield samples
        return
    seen = Watched(samples)
    yield seen
    require_unchanged(seen.changed())


class Watched(Lazy):
    """Samples whose data are files of their own, each looked at when it is asked for the first time."""

    def __init__(self, samples: Sequence[Sample]):
        self._samples, self._places = samples, range(len(samples))
        self._looks = np.zeros((len(samples), 3), np.int64)  # whose memory comes as it is written to
        self._looked = np.zeros(len(samples), bool)

    def _read(self, place: int) -> Sample:
        sample = self._samples[place]
        if not self._looked[place] and (seen := look_at(sample.data)) is not None:
            self._looks[place], self._looked[place] = _numbers(seen), True
        return sample

    def changed(self) -> Iterator[str]:
        """The files that are not what they were."""
        for index in np.flatnonzero(self._looked).tolist():
            path = self._samples[index].data
            if not _looks_as(path, self._looks[index].tolist()):
                yield str(path)


def require_unchanged(changed: Iterable[str]) -> None:
    """Raise CheckFailedError where files were changed: it names the first of them."""
    every = list(changed)
    if every:
        more = f" and {len(every) - _NAMED} others" if len(every) > _NAMED else ""
        raise CheckFailedError(
            f"the data set changed while it was read, so that its figure says nothing: {', '.join(every[:_NAMED])}"
            f"{more}; let it be, and begin again"
        )


def look_at(path: str | Path) -> Look | None:
    """How a file looks now; None where it is not there, or is no file."""
    try:
        seen = os.stat(path)
    except OSError:
        return None
    return look(seen) if stat.S_ISREG(seen.st_mode) else None


def _numbers(seen: Look) -> tuple[int, ...]:
    """A look as numbers of 64 bits with a sign, which the inodes of some file systems and odd times are not."""
    return tuple((number + _HALF) % (2 * _HALF) - _HALF for number in seen)


def _looks_as(path: str | Path, numbers: Sequence[int]) -> bool:
    seen = look_at(path)
    return seen is not None and _numbers(seen) == tuple(numbers)


def _looks(place: Path) -> Iterator[tuple[str, Look]]:
    if place.is_file():
        yield str(place), look(place.stat())
        return
    for name, seen in looks_below(place):
        yield os.path.join(place, name), seen
