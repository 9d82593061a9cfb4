"""Commands of the zoo on the nodes of a cluster: each runs in a process of its own, and what it wrote comes back."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from zoo.errors import ZooError
from zoo.provenance import provenance
from zoo_core.errors import DataError
from zoo_core.files import atomic_write
from zoo_core.machine import cores

from .brief import CONTRIB, ROOMS, require_same, sources
from .cluster import Cluster, Place
from .pool import Done, Pool

FOLDER = "{folder}"  # in a command's words: a folder of its own, gone behind it
_TAIL_CHARACTERS = 4000
_DIE_WITH_PARENT = 1  # PR_SET_PDEATHSIG


@dataclass(frozen=True)
class Command:
    """A command that can be run on any node.

    Args:
        name: for people.
        words: behind `zoo`; FOLDER in them stands for a folder of its own.
        results: patterns of the files below that folder that come back.
    """

    name: str
    words: Sequence[str]
    results: Sequence[str]


@dataclass(frozen=True)
class Ran:
    """How a command ended: its exit code, the end of what it printed, and its files, by their path below the folder."""

    code: int
    said: str
    files: Mapping[str, bytes] = field(default_factory=dict)

    def last_line(self) -> str:
        """What it said at its end."""
        lines = self.said.strip().splitlines()
        return lines[-1] if lines else f"exit code {self.code}"


def run_each(cluster: Cluster, commands: Sequence[Command]) -> Generator[tuple[Command, Ran, Place], None, None]:
    """Run commands on the workers of a cluster; each is given when it has ended. Closing it ends those under way.

    Raises:
        ZooError: a node has another version of the zoo.
        CheckFailedError: a command ended its worker three times, or no node is left.
    """
    if not commands:
        return
    here = _facts()
    pool = Pool(
        cluster,
        commanding,
        None,
        accept=lambda place, facts: require_same(here, facts, place),
        named=lambda number: commands[number].name,
    )
    done: Done
    with closing(pool.each(commands)) as every:
        for done in every:
            yield commands[done.number], done.value, done.place


def written(ran: Ran, folder: Path) -> list[Path]:
    """Write what came back below a folder of this machine."""
    for name, content in ran.files.items():
        with atomic_write(folder / name) as temporary:
            temporary.write_bytes(content)
    return [folder / name for name in ran.files]


# -- on a node -------------------------------------------------------------------------------------


def _facts() -> dict[str, Any]:
    return {"zoo": sources(*(CONTRIB / room for room in ROOMS)), "versions": provenance()["versions"]}


@contextmanager
def commanding(argument: None, place: Place) -> Iterator[tuple[dict[str, Any], Callable[[Command], Ran]]]:
    """A worker that runs commands, one after the other."""
    yield _facts(), lambda command: _run(command, place)


def _run(command: Command, place: Place) -> Ran:
    with tempfile.TemporaryDirectory(prefix="zoo-command-") as made:
        words = [word.replace(FOLDER, made) for word in command.words]
        environ = {**os.environ, "PYTHONPATH": os.pathsep.join([str(CONTRIB), *_others()])}
        if place.cores < cores():
            environ["OMP_NUM_THREADS"] = str(place.cores)
        else:
            environ.pop("OMP_NUM_THREADS", None)  # which Ray sets
        log = Path(made) / ".log"
        with log.open("wb") as sink:
            process = subprocess.Popen(
                [sys.executable, "-m", "zoo", *words],
                cwd=made,
                env=environ,
                stdin=subprocess.DEVNULL,
                stdout=sink,
                stderr=subprocess.STDOUT,
                preexec_fn=_end_with_parent,
            )
            try:
                code = process.wait()
            finally:
                process.kill()
        said = log.read_text(encoding="utf-8", errors="replace")[-_TAIL_CHARACTERS:]
        return Ran(code, said, _files(command, Path(made)))


def _others() -> list[str]:
    return [path for path in os.environ.get("PYTHONPATH", "").split(os.pathsep) if path]


def _end_with_parent() -> None:
    """In the command's process: it is told to end where its worker is killed."""
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(_DIE_WITH_PARENT, signal.SIGTERM)


def _files(command: Command, folder: Path) -> dict[str, bytes]:
    found = {path for pattern in command.results for path in folder.glob(pattern) if path.is_file()}
    try:
        return {path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(found)}
    except OSError as error:
        raise DataError(f"{error.filename}: cannot be read: {error.strerror}.") from error


def require_ran(command: Command, ran: Ran, place: Place) -> None:
    """Raise ZooError where a command was used wrongly, or ended before it wrote anything."""
    if ran.code not in (0, 1) or (ran.code == 1 and not ran.files):
        raise ZooError(f"{command.name} (on node {place.host}): {ran.last_line().removeprefix('error: ')}")
