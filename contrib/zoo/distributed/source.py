"""What a validation on a cluster counts: shards that carry their samples, or shards of what each node reads itself."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from utils.datasets.sample import Sample
from zoo.accuracy.content import content, data_digest, joined_digest, listed
from zoo.accuracy.unchanged import look_at, require_unchanged, unchanged
from zoo.accuracy.valid import DECODER_SAMPLES, samples_digest
from zoo.accuracy.verify import spread
from zoo.running.padding import Arranged
from zoo_core.interrupts import check, wait_for

from .carried import Carried, Digests, packed
from .shards import Shard

_TRIED, _MOST_BYTES = 4, 64 << 10  # samples that are looked at, and what each of them may have to be carried
_READERS = 4  # threads that read files ahead of the shards


@dataclass(frozen=True)
class Own:
    """A job: samples that a node reads itself. shard: None is all. samples, data: what it must find there."""

    shard: Shard | None
    samples: str
    data: str

    @property
    def effect(self) -> bool:
        """Whether to tell what the fast decoder changes, instead of counting."""
        return self.shard is None


@dataclass(frozen=True)
class Shards:
    """What is counted: samples in their order, the shards of them, and how many batches make one."""

    samples: Sequence[Sample]
    shards: Sequence[Shard]
    per: int


class Source(Protocol):
    """The shards of a data set, as jobs.

    Attributes:
        shards, per: as `Shards` has them.
        identity: of the data, as far as it is known at the beginning.
    """

    shards: Sequence[Shard]
    per: int
    identity: dict[str, Any]

    def jobs(self) -> Sequence[Any]:
        """A job a shard; one is made when it is asked for."""

    def effect(self) -> Any:
        """The job of telling what the fast decoder changes."""

    def data(self, number: int) -> str:
        """The identity of a shard's own data; "" where that of the whole says it."""

    def reading(self) -> Any:
        """A context in which jobs are asked for. Raises CheckFailedError where the data change meanwhile."""

    def whole(self) -> str:
        """The identity of all of the data set: that of `data_digest`."""


def can_carry(place: Path, samples: Sequence[Sample]) -> bool:
    """Whether samples can travel: each names files of the data set, and has little beside them.

    Samples of tables and archives are read from one file, which every node has to look at anyway.
    """
    if not place.is_dir():
        return False
    for sample in spread(samples, _TRIED):
        try:
            carried, names = packed([sample], str(place))
        except Exception:
            # what a sample holds is a data set's own, and pickle raises whatever it likes
            return False
        if not names or len(carried) > _MOST_BYTES:
            return False
    return True


class Whole:
    """Each node reads the data set itself, all of it, and has to find what is here."""

    def __init__(self, place: Path, counted: Shards, resume: Path | None):
        self.shards, self.per = counted.shards, counted.per
        self._place, self._resume = place, resume
        self.identity = {"samples": samples_digest(one.id for one in counted.samples), "data": data_digest(place)}

    def jobs(self) -> Sequence[Any]:
        return [Own(shard, **self.identity) for shard in self.shards]

    def effect(self) -> Any:
        return Own(None, **self.identity)

    def data(self, number: int) -> str:
        return ""

    def reading(self) -> Any:
        return unchanged(self._place, self._resume)

    def whole(self) -> str:
        return self.identity["data"]


class Carrying:
    """Shards carry their samples, and the digests of the files that these name, which are read here while others count.

    Args:
        place: the data set's folder.
        every: the data set.
        counted: what of it is counted.
        put: gives Ray an object, and returns the reference to it.
        resume: a file that is no part of the data.
    """

    def __init__(
        self,
        place: Path,
        every: Sequence[Sample],
        counted: Shards,
        put: Callable[[Any], Any],
        resume: Path | None,
    ):
        self.shards, self.per = counted.shards, counted.per
        self._root, self._put, self._samples = str(place), put, counted.samples
        self._looks = listed(place)
        if resume is not None:
            with suppress(ValueError):
                self._looks.pop(resume.resolve().relative_to(place.resolve()).as_posix(), None)
        self._folders: dict[str, list[str]] = {}
        beside = dict.fromkeys(self._looks)
        ids: list[str] = []
        self._packed: list[tuple[bytes, list[str]]] = []
        for shard in self.shards:
            check()
            some = list(counted.samples[shard.start : shard.end])
            ids += [sample.id for sample in some]
            self._packed.append(self._taken(some, beside))
        self._rest: list[str] = []  # of samples that are not counted
        if len(every) > len(counted.samples):
            taken = {name for _, names in self._packed for name in names}
            _, names = self._taken(list(every), beside)
            self._rest = [name for name in names if name not in taken]
        self._beside = self._read(beside)
        self._reference: Any = None
        self._read_ahead: list[Future[Digests]] = []
        self.identity = {"samples": samples_digest(ids), "data beside the samples": joined_digest(self._beside)}

    def _taken(self, samples: list[Sample], beside: dict[str, None]) -> tuple[bytes, list[str]]:
        """Samples packed, and all files that they name, which are taken out of `beside`."""
        carried, named = packed(samples, self._root)
        names = []
        for name in named:
            names.append(name)
            if name not in self._looks:
                names += self._below(name)
        for name in names:
            beside.pop(name, None)
        return carried, names

    def _below(self, folder: str) -> list[str]:
        """The names of the files below what may be a folder that a sample names."""
        if folder not in self._folders:
            beginning = f"{folder}/" if folder else ""
            self._folders[folder] = [beginning + name for name in listed(self._path(folder))]
        return self._folders[folder]

    def _path(self, name: str) -> str:
        return os.path.join(self._root, name) if name else self._root

    def _read(self, names: Any) -> dict[str, bytes | None]:
        """The digests of files. Raises CheckFailedError where one was changed since the beginning."""
        found = {}
        for name in names:
            seen, found[name] = content(self._path(name))
            if seen != self._looks.get(name, seen):
                require_unchanged([self._path(name)])
        return found

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Files are read ahead in the block. What is read here only is looked at once more at its end."""
        readers = ThreadPoolExecutor(_READERS, thread_name_prefix="digests")
        try:
            self._reference = self._put(self._beside)
            self._read_ahead = [readers.submit(self._read, names) for _, names in self._packed]
            self._read_ahead.append(readers.submit(self._read, self._rest))
            yield
        finally:
            readers.shutdown(wait=True, cancel_futures=True)
        looks = {name: self._looks[name] for name in self._beside}
        require_unchanged(path for name, seen in looks.items() if look_at(path := self._path(name)) != seen)

    def jobs(self) -> Sequence[Any]:
        return _Jobs(self)

    def job(self, number: int) -> Carried:
        """The samples of a shard and the digests of what they name."""
        shard = self.shards[number]
        part = self._samples[shard.start : shard.end]
        lengths = part.lengths if isinstance(part, Arranged) else None
        return Carried(self._packed[number][0], lengths, self._digests(number), self._reference)

    def _digests(self, number: int) -> Digests:
        wait_for([self._read_ahead[number]])
        return self._read_ahead[number].result()

    def effect(self) -> Any:
        carried, names = self._taken(list(spread(self._samples, DECODER_SAMPLES)), {})
        return Carried(carried, None, self._read(names), self._reference, effect=True)

    def data(self, number: int) -> str:
        return joined_digest(self._digests(number))

    def whole(self) -> str:
        every: dict[str, bytes | None] = dict(self._beside)
        for number in range(len(self._read_ahead)):
            every |= {name: one for name, one in self._digests(number).items() if name in self._looks}
        return joined_digest(every)


class _Jobs(Sequence[Any]):
    """A job a shard, made when it is asked for."""

    def __init__(self, source: Carrying):
        self._source = source

    def __len__(self) -> int:
        return len(self._source.shards)

    def __getitem__(self, number: Any) -> Any:
        return self._source.job(number)
