"""What compiling targets have compiled, kept for the next start.

An entry is a folder `<home>/engines/<target>-<key>`: the runtime's own files, and entry.json with the facts that
the key is made of and the digest of every file. It appears as a whole or not at all.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import re
import secrets
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from zoo_core.home import home

_T = TypeVar("_T")
_log = logging.getLogger(__name__)
_ENTRY = "entry.json"

# a file that changed less than two seconds ago may change again within one tick of the file system's clock
_SETTLED_NS = 2_000_000_000

# a protobuf map entry of ONNX's external_data: key "location", then the tag and length of the file's name
_EXTERNAL = re.compile(rb"\x0a\x08location\x12([\x01-\x7f])")


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
    """The SHA-256 of a model: of its file, and of the files beside it that hold its weights.

    It is remembered as long as size and time of these files stay; one that has just changed is read again.
    """
    memo = folder() / ".digests" / hashlib.sha256(str(ckpt.absolute()).encode()).hexdigest()[:24]
    try:
        said = json.loads(memo.read_text(encoding="utf-8"))
        if all(_stamp(ckpt.parent / name) == stamp for name, stamp in said["files"].items()):
            return said["digest"]
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        pass  # no memo, or none that helps: read the model
    names = _files_of(ckpt)
    stamps = {name: _stamp(ckpt.parent / name) for name in names}
    digest = hashlib.sha256("".join(_digest(ckpt.parent / name) for name in names).encode()).hexdigest()
    if all(time.time_ns() - stamp[1] > _SETTLED_NS for stamp in stamps.values()):
        _remember(memo, {"files": stamps, "digest": digest})
    return digest


def _files_of(ckpt: Path) -> list[str]:
    """The model's own file first, then those beside it that it takes weights from."""
    names = [ckpt.with_suffix(".bin").name] if ckpt.suffix == ".xml" else []
    if ckpt.suffix == ".onnx":
        content = ckpt.read_bytes()
        for match in _EXTERNAL.finditer(content):
            names.append(content[match.end() : match.end() + match[1][0]].decode("utf-8", "replace"))
    return [ckpt.name, *sorted({name for name in names if (ckpt.parent / name).is_file()})]


def _remember(memo: Path, said: Mapping[str, Any]) -> None:
    temporary = memo.with_name(f"{memo.name}-{secrets.token_hex(6)}")
    try:
        memo.parent.mkdir(parents=True, exist_ok=True)
        temporary.write_text(json.dumps(said), encoding="utf-8")
        os.replace(temporary, memo)
    except OSError as error:
        _log.debug("the digest of a model is not remembered: %s", error)


def file_digest(path: Path | None) -> str:
    """The SHA-256 of a small file, such as a pass file; empty without one."""
    return hashlib.sha256(path.read_bytes()).hexdigest() if path else ""


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
    """Copy a file so that whoever has the old `path` open keeps it, and nobody sees half of the new one."""
    temporary = path.with_name(f".tmp-{secrets.token_hex(6)}-{path.name}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, temporary)
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def _name(facts: Mapping[str, Any]) -> str:
    text = json.dumps(facts, sort_keys=True, default=str)
    return f"{facts['target']}-{hashlib.sha256(text.encode()).hexdigest()[:24]}"


def _kept(entry: Path, facts: Mapping[str, Any], build: Callable[[Path], None], load: Callable[[Path], _T]) -> _T:
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
    temporary = entry.with_name(f".tmp-{secrets.token_hex(6)}-{entry.name}")
    temporary.mkdir()
    try:
        start = time.perf_counter()
        build(temporary)
        files = {file.name: [*_stamp(file), _digest(file)] for file in sorted(temporary.iterdir())}
        said = {"facts": facts, "seconds": round(time.perf_counter() - start, 3), "files": files}
        (temporary / _ENTRY).write_text(json.dumps(said, indent=2, default=str) + "\n", encoding="utf-8")
        os.replace(temporary, entry)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _require_whole(entry: Path) -> None:
    try:
        files = json.loads((entry / _ENTRY).read_text(encoding="utf-8"))["files"]
        changed = [name for name, stamp in files.items() if not _same(entry / name, stamp)]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DamagedEntryError(str(error)) from error
    if changed:
        raise DamagedEntryError(f"changed since it was written: {', '.join(changed)}")


def _same(path: Path, stamp: list[Any]) -> bool:
    """Whether a file is what it was: by size and time, or, where it has been copied since, by its digest."""
    return _stamp(path) == stamp[:2] or _digest(path) == stamp[2]


def _stamp(path: Path) -> list[int]:
    stat = path.stat()
    return [stat.st_size, stat.st_mtime_ns]


def _digest(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(1 << 20):
            digest.update(chunk)
    return digest.hexdigest()


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
