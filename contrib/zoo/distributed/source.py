"""What a validation on a cluster counts: shards that carry their samples, or shards of what each node reads itself."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Thread
from typing import Any, Protocol, TypeVar

from utils.datasets.sample import Sample
from zoo.accuracy.content import Look, content, data_digest, joined_digest, listed
from zoo.accuracy.unchanged import look_at, require_unchanged, unchanged
from zoo.accuracy.valid import DECODER_SAMPLES, samples_digest
from zoo.accuracy.verify import spread
from zoo.running.padding import Arranged
from zoo_core.interrupts import wait_for

from .carried import Beside, Carried, Digests, packed
from .shards import Shard

_TRIED, _MOST_BYTES = 4, 64 << 10  # samples that are looked at, and what each of them may have to be carried
T = TypeVar("T")
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
    """

    shards: Sequence[Shard]
    per: int

    def identity(self) -> dict[str, Any]:
        """That of the data, without that of the shards' own."""

    @property
    def proof(self) -> Callable[[], Any | None] | None:
        """Gives the job that a worker must have done before what it has counted counts; None while it is not known."""

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

    proof = None  # who has done a job has compared all

    def __init__(self, place: Path, counted: Shards, resume: Path | None):
        self.shards, self.per = counted.shards, counted.per
        self._place, self._resume = place, resume
        self._identity = {"samples": samples_digest(one.id for one in counted.samples), "data": data_digest(place)}

    def identity(self) -> dict[str, Any]:
        return self._identity

    def jobs(self) -> Sequence[Any]:
        return [Own(shard, **self._identity) for shard in self.shards]

    def effect(self) -> Any:
        return Own(None, **self._identity)

    def data(self, number: int) -> str:
        return ""

    def reading(self) -> Any:
        return unchanged(self._place, self._resume)

    def whole(self) -> str:
        return self._identity["data"]


class Carrying:
    """Shards carry their samples, and the digests of the files that these name.

    Samples are packed here, and files read, while others count: a shard can be handed out as soon as it is ready. What
    no sample names is known at the end of that, and compared then (`proof`).

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
        self._root, self._every, self._samples = str(place), every, counted.samples
        self._own = _below(place, resume) if resume is not None else None
        self._looks: dict[str, Look] = {}
        self._folders: dict[str, list[str]] = {}
        self._ready = [Future[tuple[bytes, Future[Digests]]]() for _ in self.shards]
        self._rest: Future[Digests] = Future()  # files of samples that are not counted
        self._beside: Future[Digests] = Future()
        self._ids: list[str] = []
        self._put = put
        self._reference: Any = None
        self._stopped = False

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Samples are packed and files read in the block. What is read here only is looked at once more at its end."""
        readers = ThreadPoolExecutor(_READERS, thread_name_prefix="digests")
        packer = Thread(target=self._take_apart, args=[readers], name="packer", daemon=True)
        packer.start()
        try:
            yield
            looks = {name: self._looks[name] for name in _known(self._beside)}
        finally:
            self._stopped = True
            packer.join()
            readers.shutdown(wait=True, cancel_futures=True)
        require_unchanged(path for name, seen in looks.items() if look_at(path := self._path(name)) != seen)

    def _take_apart(self, readers: ThreadPoolExecutor) -> None:
        """Pack shard after shard, and have the files read of each. What goes wrong is what all that waits is told."""
        every: list[Future[Any]] = [*self._ready, self._rest, self._beside]
        try:
            self._looks |= listed(self._root)
            self._looks.pop(self._own or "", None)
            beside = dict.fromkeys(self._looks)
            taken: set[str] = set()
            for shard, ready in zip(self.shards, self._ready, strict=True):
                if self._stopped:
                    return
                some = list(self._samples[shard.start : shard.end])
                self._ids += [sample.id for sample in some]
                carried, names = self._taken(some, beside)
                taken.update(names if len(self._every) > len(self._samples) else ())
                ready.set_result((carried, readers.submit(self._read, names)))
            rest = self._taken(list(self._every), beside)[1] if len(self._every) > len(self._samples) else []
            self._beside.set_result(self._read(beside))
            self._rest.set_result(self._read(name for name in rest if name not in taken))
        except BaseException as error:
            for one in every:
                if not one.done():
                    one.set_exception(error)

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

    def _read(self, names: Iterable[str]) -> Digests:
        """The digests of files. Raises CheckFailedError where one was changed since the beginning."""
        found: dict[str, bytes | None] = {}
        for name in names:
            seen, found[name] = content(self._path(name))
            if seen != self._looks.get(name, seen):
                require_unchanged([self._path(name)])
        return found

    def identity(self) -> dict[str, Any]:
        beside = joined_digest(_known(self._beside))
        return {"samples": samples_digest(self._ids), "data beside the samples": beside}

    def jobs(self) -> Sequence[Any]:
        return _Jobs(self)

    def job(self, number: int) -> Carried:
        """The samples of a shard and the digests of what they name."""
        shard = self.shards[number]
        part = self._samples[shard.start : shard.end]
        lengths = part.lengths if isinstance(part, Arranged) else None
        return Carried(_known(self._ready[number])[0], lengths, self._digests(number))

    def proof(self) -> Any:
        if self._reference is None and self._beside.done():
            self._reference = self._put(Beside(_known(self._beside)))
        return self._reference

    def _digests(self, number: int) -> Digests:
        return _known(_known(self._ready[number])[1])

    def effect(self) -> Any:
        _known(self._beside)
        carried, names = self._taken(list(spread(self._samples, DECODER_SAMPLES)), {})
        return Carried(carried, None, self._read(names), effect=True)

    def data(self, number: int) -> str:
        return joined_digest(self._digests(number))

    def whole(self) -> str:
        every = [_known(self._beside), _known(self._rest), *map(self._digests, range(len(self.shards)))]
        return joined_digest({name: one for some in every for name, one in some.items() if name in self._looks})


def _known(one: Future[T]) -> T:
    wait_for([one])
    return one.result()


def _below(place: Path, file: Path) -> str | None:
    """The name of a file below a folder; None where it lies elsewhere."""
    try:
        return file.resolve().relative_to(place.resolve()).as_posix()
    except ValueError:
        return None


class _Jobs(Sequence[Any]):
    """A job a shard, made when it is asked for."""

    def __init__(self, source: Carrying):
        self._source = source

    def __len__(self) -> int:
        return len(self._source.shards)

    def __getitem__(self, number: Any) -> Any:
        return self._source.job(number)
