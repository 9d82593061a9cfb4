"""What compiling targets have compiled, kept for the next start.

An entry is a folder `<home>/engines/<target>-<key>`: the runtime's own files, and entry.json with the facts that
the key is made of and the digest of every file. It appears as a whole or not at all.
"""

from __future__ import annotations

import json
import logging
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from zoo_core.errors import DataError
from zoo_core.files import atomic_folder, atomic_write, read_json
from zoo_core.hashing import facts_digest, sha256, text_digest
from zoo_core.home import home
from zoo_core.temporary import clear_leftovers

from ...errors import EngineError, ModelFileError, OptionError
from .onnx_file import files_of

_T = TypeVar("_T")
_log = logging.getLogger(__name__)
_ENTRY = "entry.json"


@dataclass(frozen=True)
class Entry:
    """One compiled network: `facts` is what its key is made of."""

    folder: Path
    facts: Mapping[str, Any]
    seconds: float
    bytes: int


class DamagedEntryError(Exception):
    """An entry is not as it was written; `compiled` makes it again."""


def folder() -> Path:
    """Where the entries are. Not created here."""
    return home() / "engines"


def entries() -> list[Entry]:
    """Every complete entry, sorted by name."""
    found = []
    for path in sorted(folder().glob(f"[!.]*/{_ENTRY}")):
        try:
            said = json.loads(path.read_text(encoding="utf-8"))
            size = sum(file.stat().st_size for file in path.parent.iterdir())
            found.append(Entry(path.parent, said["facts"], said["seconds"], size))
        except (OSError, ValueError, KeyError, TypeError):
            _log.warning("%s cannot be read; it will be made again when it is needed", path)
    return found


def clear() -> int:
    """Remove every entry, and what interrupted runs left; returns how many there were."""
    count = len(entries())
    shutil.rmtree(folder(), ignore_errors=True)
    return count


def model_digest(ckpt: Path) -> str:
    """The SHA-256 of a model: of its file, and of the files beside it that hold its weights. Read anew each time.

    Raises:
        ModelFileError: the model takes weights from outside its folder, or from a file that is not there.
    """
    try:
        return text_digest("".join(f"{file.name}:{sha256(file)};" for file in files_of(ckpt)))
    except DataError as error:
        raise ModelFileError(str(error)) from error


def digest_if_given(path: Path | None) -> str:
    """The SHA-256 of a small file, such as a pass file; empty without one."""
    return sha256(path) if path else ""


def compiled(
    facts: Mapping[str, Any],
    build: Callable[[Path], None],
    load: Callable[[Path], _T],
    *,
    keep: bool = True,
) -> _T:
    """`load(folder)` of the entry for `facts`, after `build(folder)` if there is none yet, or a damaged one.

    facts["target"] begins the entry's name. Processes that want the same entry at once build it once. Without
    `keep`, and where the cache cannot be written, the entry lives in a temporary folder until it is loaded.
    """
    if keep:
        try:
            folder().mkdir(parents=True, exist_ok=True)
            writeable = os.access(folder(), os.W_OK)
        except OSError:
            writeable = False
        if writeable:
            return _kept(folder() / _name(facts), facts, build, load)
        _log.warning("compiled engines cannot be kept: %s is not writeable", folder())
    with tempfile.TemporaryDirectory(prefix="engine-") as temporary:
        build(Path(temporary))
        return load(Path(temporary))


def copy_whole(source: Path, path: Path) -> None:
    """Copy a file so that whoever has the old `path` open keeps it, and nobody sees half of the new one.

    Raises:
        OptionError: the system refused to write there.
    """
    try:
        with atomic_write(path) as temporary:
            shutil.copyfile(source, temporary)
    except DataError as error:
        raise OptionError(str(error)) from error


def _name(facts: Mapping[str, Any]) -> str:
    return f"{facts['target']}-{facts_digest(facts)[:32]}"


def _kept(entry: Path, facts: Mapping[str, Any], build: Callable[[Path], None], load: Callable[[Path], _T]) -> _T:
    clear_leftovers(folder())
    with _locked(entry.with_name(f".{entry.name}.lock")):
        if entry.exists():
            try:
                _require_whole(entry)
                return load(entry)
            except Exception as error:
                # whatever the runtime says of a file that it wrote itself: it cannot be used
                _log.warning("the compiled engine %s is damaged (%s); compiling it again", entry.name, error)
                shutil.rmtree(entry)
        _build(entry, facts, build)
        return load(entry)


def _build(entry: Path, facts: Mapping[str, Any], build: Callable[[Path], None]) -> None:
    try:
        with atomic_folder(entry) as temporary:
            start = time.perf_counter()
            build(temporary)
            files = {file.name: sha256(file) for file in sorted(temporary.iterdir())}
            said = {"facts": facts, "seconds": round(time.perf_counter() - start, 3), "files": files}
            (temporary / _ENTRY).write_text(json.dumps(said, indent=2, default=str) + "\n", encoding="utf-8")
    except DataError as error:
        raise EngineError(f"what was compiled cannot be kept: {error}") from error


def _require_whole(entry: Path) -> None:
    """Compare every file with the digest of what was written: size and time say nothing about content."""
    said = read_json(entry / _ENTRY)
    files = said.get("files") if isinstance(said, dict) else None
    if not isinstance(files, dict) or not files or "target" not in said.get("facts", ()):
        raise DamagedEntryError(f"its {_ENTRY} cannot be read")
    if _name(said["facts"]) != entry.name:
        raise DamagedEntryError("it was made for something else")
    changed = [name for name, digest in files.items() if not _is(entry / name, digest)]
    if changed:
        raise DamagedEntryError(f"changed since it was written: {', '.join(changed)}")


def _is(path: Path, digest: str) -> bool:
    return path.is_file() and sha256(path) == digest


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Hold a lock between processes and threads; it ends with the process, however that ends."""
    try:
        import fcntl
    except ImportError:  # not on Windows: there, the last of several that build at once wins
        yield
        return
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
