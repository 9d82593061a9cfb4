"""Stand-in until the room for downloads is merged: a mirror by address, the digest verified."""

from __future__ import annotations

import os
from pathlib import Path

from zoo_core.hashing import sha256

from .errors import ZooError
from .model import Pretrained


def fetch(source: Pretrained, quiet: bool = False) -> Path:
    """The file of an address, out of the mirror."""
    mirror = os.environ.get("TECO_ZOO_MIRROR", "")
    path = Path(mirror) / source.url.partition("://")[2]
    if not mirror or not path.is_file():
        raise ZooError(f"{source.url} is not in the mirror")
    if source.sha256 and sha256(path) != source.sha256:
        raise ZooError(f"{source.url}: wrong digest")
    return path
