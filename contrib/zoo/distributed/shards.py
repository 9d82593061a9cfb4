"""The pieces of a data set that workers count, and the file that keeps what was counted of them."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

from zoo.errors import ZooError
from zoo_core.files import write_text
from zoo_core.hashing import facts_digest

A_WORKER = 8  # shards at least, where there are enough batches: the last ones even out who was slow
MOST_BATCHES = 64  # of a shard: what is lost with a worker


@dataclass(frozen=True)
class Shard:
    """Samples `start` to `end` (without it) of a data set in the order of one machine; whole batches of that."""

    start: int
    end: int

    def __len__(self) -> int:
        return self.end - self.start


def cut(batches: Sequence[Sequence[int]], per: int) -> list[Shard]:
    """Shards of `per` batches; the last one may have fewer."""
    pieces = [batches[first : first + per] for first in range(0, len(batches), per)]
    return [Shard(piece[0][0], piece[-1][-1] + 1) for piece in pieces]


def per_shard(batches: int, workers: int) -> int:
    """How many batches make a shard: so few that every worker has several, and that little is lost with one."""
    return max(1, min(batches // (A_WORKER * max(workers, 1)), MOST_BATCHES))


def per_in(path: Path | None) -> int | None:
    """Batches a shard, as a file says that `ShardFile` keeps; None where there is no such file."""
    try:
        with (path or Path(os.devnull)).open(encoding="utf-8", errors="replace") as file:
            head = _said(file.readline())
    except OSError:
        return None  # who reads the file says so
    per = head.get("per") if head else None
    return per if isinstance(per, int) and per > 0 else None


class ShardFile:
    """Keeps what was counted, a line a shard, each with a digest of its own.

    Used as a context: behind a complete run the file is removed. A last line that is not whole is what a killed process
    was writing, and is done again.

    Args:
        path: the file; None keeps nothing.
        identity: what must be the same when the run is continued.
        per: batches a shard, where the file does not say it.

    Attributes:
        per: batches a shard.
        counted: by number of the shard, what was counted.
        data: by number of the shard, the identity of its data; "" where that of the run says it.

    Raises:
        ZooError: the file is damaged, is something else, or belongs to another run; the message says what differs.
    """

    def __init__(self, path: Path | None, identity: Mapping[str, Any], per: int):
        self.per = per
        self.counted: dict[int, dict[str, Any]] = {}
        self.data: dict[int, str] = {}
        self._path = path
        self._identity = json.loads(json.dumps(dict(identity)))
        if path is not None and path.exists():
            self._read(path)

    def _read(self, path: Path) -> None:
        try:
            lines = path.read_text(encoding="utf-8", errors="replace").splitlines(keepends=True)
        except OSError as error:
            raise ZooError(f"{path}: cannot be read: {error.strerror}") from error
        whole = [line for line in lines if line.endswith("\n")]
        head = _said(whole[0]) if whole else None
        if head is None or set(head) != {"over_ray", "per"}:
            raise ZooError(f"{path} is not the state of a validation over Ray; remove it, or name another file")
        for name, value in self._identity.items():
            other = head["over_ray"].get(name)
            if other != value:
                raise ZooError(
                    f"{path} belongs to another run: its {name} is {other}, this run's is {value}; remove it, or name "
                    "another file"
                )
        self.per = head["per"]
        for number, line in enumerate(whole[1:], start=2):
            said = _said(line)
            if said is None:
                raise ZooError(
                    f"{path}, line {number}: damaged or edited (its digest does not fit); remove it and begin again"
                )
            self.counted[said["shard"]], self.data[said["shard"]] = said["counted"], said["data"]
        if len(whole) < len(lines):
            write_text(path, "".join(whole))

    def __enter__(self) -> ShardFile:
        if self._path is not None and not self._path.exists():
            write_text(self._path, _line({"over_ray": self._identity, "per": self.per}))
        return self

    def require_same(self, number: int, data: str) -> None:
        """Raise ZooError where a shard was counted of other data."""
        if self.data[number] != data:
            raise ZooError(
                f"{self._path} belongs to another run: the data of its shard {number} are {self.data[number]}, this "
                f"run's are {data}; remove it, or name another file"
            )

    def add(self, number: int, counted: dict[str, Any], data: str = "") -> None:
        """Keep what was counted of a shard, of which data. One that was counted before is not counted again."""
        if number in self.counted:
            return
        line = _line({"shard": number, "counted": counted, "data": data})
        self.counted[number] = json.loads(line)["counted"]  # as it will be read: tuples become lists
        self.data[number] = data
        if self._path is not None:
            with self._path.open("a", encoding="utf-8") as file:
                file.write(line)
                file.flush()
                os.fsync(file.fileno())

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None and self._path is not None:
            with suppress(OSError):
                self._path.unlink()


def _line(said: dict[str, Any]) -> str:
    said = json.loads(json.dumps(said))
    return json.dumps(said | {"digest": facts_digest(said)}) + "\n"


def _said(line: str) -> dict[str, Any] | None:
    """What a line says; None where its digest does not fit."""
    try:
        said = json.loads(line)
        digest = said.pop("digest")
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None
    return said if isinstance(said, dict) and digest == facts_digest(said) else None
