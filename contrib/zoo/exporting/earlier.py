"""What an earlier export left in the folder of this one: what is taken over, and what goes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from zoo_core.files import own_name, read_json
from zoo_core.hashing import sha256


def earlier(path: Path) -> dict[str, Any]:
    """The manifest of an export before this one; {} where there is none that can be read, or that names other files."""
    before = read_json(path)
    try:
        entries = before["files"].values()
        complete = all(isinstance(entry["sha256"], str) and own_name(entry["name"]) for entry in entries)
    except (KeyError, TypeError, AttributeError):
        return {}
    return before if complete else {}


def kept(before: dict[str, Any], manifest: dict[str, Any], folder: Path) -> dict[str, Any]:
    """What an earlier export of the very same network wrote in other formats, where the files are still its own."""
    if any(before.get(name) != manifest[name] for name in ("model", "variant", "weights", "input_size", "versions")):
        return {}
    return {
        kind: entry
        for kind, entry in _others(before, manifest).items()
        if kind not in manifest["failed"] and _unchanged(folder, entry)
    }


def stale(before: dict[str, Any], manifest: dict[str, Any], folder: Path) -> list[Path]:
    """Files of an earlier export of another network, which would be taken for this one's."""
    left = [entry for entry in _others(before, manifest).values() if _unchanged(folder, entry)]
    return [folder / entry["name"] for entry in left]


def _others(before: dict[str, Any], manifest: dict[str, Any]) -> dict[str, Any]:
    return {kind: entry for kind, entry in before.get("files", {}).items() if kind not in manifest["files"]}


def _unchanged(folder: Path, entry: dict[str, Any]) -> bool:
    path = folder / entry["name"]
    return path.is_file() and not path.is_symlink() and sha256(path) == entry["sha256"]
