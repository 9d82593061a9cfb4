"""Where a node has a data set: at a path, or as a copy of what lies at an fsspec address."""

from __future__ import annotations

from pathlib import Path, PurePosixPath
from typing import Any

from zoo.errors import ZooError
from zoo.model import Model
from zoo.references import data_folder
from zoo_core.errors import DataError, told
from zoo_core.files import atomic_folder
from zoo_core.hashing import facts_digest
from zoo_core.home import home


def place_of(model: Model, data: str | Path) -> Path:
    """The folder or file of a data set on this machine.

    What lies at an address (s3://…, gs://…, file://…) is copied once a node, below the zoo's home; it is copied again
    where a name or a size there has changed.

    Raises:
        ZooError: there is none at this path, or fsspec does not reach the address.
    """
    if "://" in str(data):
        return _copy_of(str(data))
    return data_folder(model, data)


def _copy_of(address: str) -> Path:
    try:
        import fsspec
    except ImportError as error:
        raise ZooError(f"{address} is an address; --ray takes such ones with fsspec: pip install fsspec") from error
    try:
        system, root = fsspec.core.url_to_fs(address)
        listed: dict[str, Any] = system.find(root, detail=True)
        files = {_below(root, name, address): (name, info["size"]) for name, info in sorted(listed.items())}
    except ZooError:
        raise
    except Exception as error:
        # each file system has errors of its own
        raise ZooError(f"{address}: cannot be listed: {told(error)}") from error
    if not files:
        raise ZooError(f"{address}: there are no files")
    key = facts_digest([address, [[name, size] for name, (_, size) in files.items()]])[:16]
    folder = home() / "addresses" / key
    if not folder.is_dir():
        with atomic_folder(folder) as made:
            for name, (source, size) in files.items():
                _fetch(system, source, size, made / name)
    alone = [name for name, (source, _) in files.items() if source == root]
    return folder / alone[0] if alone else folder


def _below(root: str, name: str, address: str) -> str:
    """The name of a file below the root; that of the root itself where it is the file."""
    root = root.rstrip("/")
    path = PurePosixPath(name).name if name == root else name.removeprefix(root).lstrip("/")
    if not path or ".." in PurePosixPath(path).parts:
        raise ZooError(f"{address}: the name {name!r} leads out of the folder")
    return path


def _fetch(system: Any, source: str, size: int | None, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        system.get_file(source, str(target))
    except Exception as error:
        # each file system has errors of its own
        raise DataError(f"{source}: cannot be read: {told(error)}") from error
    if size is not None and target.stat().st_size != size:
        raise DataError(f"{source}: {target.stat().st_size} bytes came, and {size} were listed; begin again")
