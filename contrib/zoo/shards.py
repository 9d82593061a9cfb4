"""Weights in several files: what an index of transformers (model.safetensors.index.json) names, beside it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from zoo_core.contents import JSON, content_of
from zoo_core.files import own_name, read_json
from zoo_core.hashing import facts_digest, sha256

from .errors import ZooError

INDEX = ".index.json"


def shards_of(path: Path) -> tuple[Path, ...]:
    """The files that an index names, in the order of their names; none of what is no index.

    Raises:
        ZooError: it names no files, one that is not there, or one in another folder.
    """
    if not path.name.endswith(INDEX):
        return ()
    said = read_json(path)
    table = said.get("weight_map") if isinstance(said, dict) else None
    if not isinstance(table, dict) or not table or not all(isinstance(name, str) for name in table.values()):
        what = content_of(path)
        why = "it has no weight_map of tensors and files" if what in ("", JSON) else f"it is {what}"
        raise ZooError(f"{path} is no index of weights: {why}")
    names = sorted(set(table.values()))
    strange = [name for name in names if not own_name(name) or name.endswith(INDEX)]
    if strange:
        raise ZooError(f"{path} names {strange[0]!r:.80}, which is no file of weights in its folder; it is not opened")
    missing = [name for name in names if not path.with_name(name).is_file()]
    if missing:
        raise ZooError(f"{path} names {len(names)} files; not there: {', '.join(missing[:4])}")
    return tuple(path.with_name(name) for name in names)


def weights_digest(path: Path) -> str:
    """The digest of weights: of the file, or of an index and all that it names."""
    shards = shards_of(path)
    return facts_digest([sha256(one) for one in (path, *shards)]) if shards else sha256(path)


def merged(path: Path, read: Callable[[Path], Any]) -> Any:
    """What `read` finds in a file, or together in all that an index names.

    Raises:
        ZooError: a file of the index holds no names and tensors, or one that another has already.
    """
    shards = shards_of(path)
    if not shards:
        return read(path)
    whole: dict[str, Any] = {}
    for shard in shards:
        found = read(shard)
        if not isinstance(found, Mapping):
            raise ZooError(f"{shard}, which {path.name} names, does not hold a state dict (names to tensors)")
        twice = whole.keys() & found.keys()
        if twice:
            raise ZooError(f"{shard} holds {min(map(str, twice))}, which is in another file of {path.name} too")
        whole |= found
    return whole
