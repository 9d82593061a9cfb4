"""Samples on their way to another machine: files below the data set's root travel by name, with their digests.

Whoever asks reads the data set once. A shard takes its samples along, and the digest of every file that they name; the
node that counts it compares those files with its own, and no others.
"""

from __future__ import annotations

import io
import os
import pickle
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from utils.datasets.sample import Sample
from zoo.accuracy.content import Look, content
from zoo.accuracy.unchanged import look_at, require_unchanged
from zoo.errors import ZooError
from zoo.running.padding import Arranged

Digests = Mapping[str, bytes | None]

_PATH = type(Path())


class _Packer(pickle.Pickler):
    """Packs samples; a path below the root is packed as its name there, and noted."""

    def __init__(self, file: io.BytesIO, root: str):
        super().__init__(file, protocol=5)
        self._root, self._beginning = root, os.path.join(root, "")
        self.names: dict[str, None] = {}

    def persistent_id(self, one: Any) -> tuple[str, bool] | None:
        kind = type(one)  # this is asked of every object
        if kind is str:
            text = one
        elif kind is _PATH:
            text = str(one)
        else:
            return None
        if text.startswith(self._beginning):
            name = text[len(self._beginning) :]
        elif text == self._root:
            name = ""
        else:
            return None
        if os.sep != "/":
            name = name.replace(os.sep, "/")
        self.names[name] = None
        return name, kind is _PATH


class _Unpacker(pickle.Unpickler):
    """Unpacks what `_Packer` packed, with paths below a root of this machine."""

    def __init__(self, file: io.BytesIO, root: str):
        super().__init__(file)
        self._root = root

    def persistent_load(self, one: tuple[str, bool]) -> str | Path:
        name, is_path = one
        text = os.path.join(self._root, name) if name else self._root
        return Path(text) if is_path else text


def packed(samples: Sequence[Sample], root: str) -> tuple[bytes, list[str]]:
    """Samples for another machine, and the names below `root` of all files and folders that they name."""
    file = io.BytesIO()
    packer = _Packer(file, root)
    packer.dump([(sample.id, sample.data, sample.truth) for sample in samples])
    return file.getvalue(), list(packer.names)


@dataclass(frozen=True)
class Carried:
    """A job: samples to be counted.

    Args:
        samples: packed.
        lengths: of each of them, where the task pads its inputs.
        files: of all that they name, the digests on the machine that asks; None of what is not there.
        effect: whether to tell what the fast decoder changes, instead of counting.
    """

    samples: bytes
    lengths: Sequence[int] | None
    files: Digests
    effect: bool = False


@dataclass(frozen=True)
class Beside:
    """A job: to compare those files of the data set that no sample names. files: their digests."""

    files: Digests


# -- on a node -------------------------------------------------------------------------------------


class Unpacking:
    """What a node makes of carried samples.

    Args:
        root: of the data set here.
        host: this node, for people.
    """

    def __init__(self, root: Path, host: str):
        self._root, self._host = str(root), host
        self._looks: dict[str, Look | None] = {}  # of the files beside the samples

    @contextmanager
    def samples(self, job: Carried) -> Iterator[Sequence[Sample]]:
        """The samples of a job, once all that they are read from is the same as where the job is from.

        Raises:
            ZooError: a file has another content, is missing or is one too many here; the message names it and the node.
            CheckFailedError: at the end, a file was changed meanwhile.
        """
        looks = self._same(job.files)
        found = [Sample(*one) for one in _Unpacker(io.BytesIO(job.samples), self._root).load()]
        yield found if job.lengths is None else Arranged(found, range(len(found)), job.lengths)
        _require_same_looks(looks)

    def compare(self, job: Beside) -> None:
        """Raise ZooError where one of the files beside the samples is another one here; it names it and the node."""
        self._looks = self._same(job.files)

    def close(self) -> None:
        """Raise CheckFailedError where a file beside the samples was changed since it was compared."""
        _require_same_looks(self._looks)

    def _same(self, files: Digests) -> dict[str, Look | None]:
        """Compare files with those of the machine that asks. Returns how they look, by their paths."""
        looks = {}
        for name, wanted in files.items():
            path = os.path.join(self._root, name) if name else self._root
            seen, found = content(path)
            if found != wanted:
                raise ZooError(
                    f"node {self._host} {_differs(path, wanted, found)}, so that its counts would be of something "
                    "else; make the data set the same on every node, and begin again"
                )
            looks[path] = seen
        return looks


def _differs(path: str, wanted: bytes | None, found: bytes | None) -> str:
    if found is None:
        return f"has no {path}, which the machine that began this has"
    if wanted is None:
        return f"has {path}, which the machine that began this has not"
    return f"has another content of {path} than the machine that began this"


def _require_same_looks(looks: Mapping[str, Look | None]) -> None:
    require_unchanged(path for path, seen in looks.items() if seen is not None and look_at(path) != seen)
