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

from .home import home

_T = TypeVar("_T")
_log = logging.getLogger(__name__)
_ENTRY = "entry.json"

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
    for path in sorted(folder().glob(f"*/{_ENTRY}")):
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
    """The SHA-256 of a model: of its file, and of the files beside it that hold its weights."""
    content = ckpt.read_bytes()
    digest = hashlib.sha256(content)
    names = {ckpt.with_suffix(".bin").name} if ckpt.suffix == ".xml" else set()
    if ckpt.suffix == ".onnx":
        for match in _EXTERNAL.finditer(content):
            names.add(content[match.end() : match.end() + match[1][0]].decode("utf-8", "replace"))
    for name in sorted(names):
        if (ckpt.parent / name).is_file():
            digest.update(name.encode())
            digest.update((ckpt.parent / name).read_bytes())
    return digest.hexdigest()


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
        files = {file.name: _digest(file) for file in sorted(temporary.iterdir())}
        said = {"facts": facts, "seconds": round(time.perf_counter() - start, 3), "files": files}
        (temporary / _ENTRY).write_text(json.dumps(said, indent=2, default=str) + "\n", encoding="utf-8")
        os.replace(temporary, entry)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _require_whole(entry: Path) -> None:
    try:
        files = json.loads((entry / _ENTRY).read_text(encoding="utf-8"))["files"]
        changed = [name for name, digest in files.items() if _digest(entry / name) != digest]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DamagedEntryError(str(error)) from error
    if changed:
        raise DamagedEntryError(f"changed since it was written: {', '.join(changed)}")


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
