"""An exported file at an address: fetched by its digest, once."""

from __future__ import annotations

import re
import shutil
import sys
from pathlib import Path
from urllib.parse import quote, urljoin

from zoo.errors import ZooError
from zoo.fetching.cache import cached, fetch
from zoo.fetching.remote import Remote
from zoo.manifest import MANIFEST, read_alone, require_of
from zoo.model import Model
from zoo_core.files import atomic_folder
from zoo_core.home import home

_DIGEST = re.compile(r"sha256=([0-9A-Fa-f]{64})")


def fetched(model: Model, address: str) -> Path:
    """The file here.

    Args:
        model: whose export it is.
        address: https://…/VARIANT_dyn.onnx#sha256=DIGEST, or of a manifest (VARIANT.export.json), which brings all
            files that it names from beside it, each by the digest that stands in it.

    Raises:
        ZooError: no digest stands behind the address, the manifest is of another network, or a file cannot be had or is
            another one.
    """
    url, _, behind = address.partition("#")
    digest = _DIGEST.fullmatch(behind)
    if digest is None:
        raise ZooError(
            f"ckpt {address}: the SHA-256 of the file has to stand behind its address, {url}#sha256=…, 64 characters "
            f"as `sha256sum` prints them and *{MANIFEST} has them, so that what comes is what was meant"
        )
    remote = Remote(url, sha256=digest[1].lower())
    if remote.name.endswith(MANIFEST):
        return _export(model, remote)
    if cached(remote) is None:
        _say(model, url)
    return fetch(remote)


def _export(model: Model, remote: Remote) -> Path:
    """All files that a manifest names, in a folder of their own."""
    folder = home() / "exports" / "fetched" / str(remote.sha256)[:32]
    manifest = folder / remote.name
    if not manifest.is_file():
        source = fetch(remote)
        said = read_alone(source)
        require_of(model, said, folder)
        _say(model, remote.url)
        with atomic_folder(folder) as made:
            for entry in said["files"].values():
                file = fetch(Remote(urljoin(remote.url, quote(entry["name"])), sha256=entry["sha256"]))
                file.replace(made / entry["name"])  # the folder keeps it from here on
            shutil.copyfile(source, made / remote.name)
    return manifest


def _say(model: Model, url: str) -> None:
    print(f"fetching {model.id} ({model.variant}) from {url}; nothing is exported", file=sys.stderr, flush=True)
