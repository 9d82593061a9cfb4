"""Reference data: public, labelled sets that are fetched by address and digest, and arranged for a task."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from zoo_core.errors import DataError
from zoo_core.files import atomic_folder
from zoo_core.hashing import sha256
from zoo_core.home import home

from .data import ReferenceData
from .downloads import fetch
from .errors import ZooError
from .model import Model, Pretrained
from .progress import progress


@dataclass(frozen=True)
class Remote:
    """One line of a listing."""

    address: str
    bytes: int
    sha256: str
    name: str


def files_of(data: ReferenceData) -> list[Remote]:
    """The files of a data set. Raises ZooError where the listing is damaged."""
    found = []
    for number, line in enumerate(data.listing.read_text(encoding="utf-8").splitlines(), start=1):
        words = line.split("\t")
        if len(words) != 4 or not words[1].isdigit() or len(words[2]) != 64:
            raise ZooError(f"{data.listing}, line {number}: address, bytes, sha256 and name are expected, got {line!r}")
        found.append(Remote(words[0], int(words[1]), words[2], words[3]))
    return found


def place_of(data: ReferenceData) -> Path:
    """Where a data set is, or will be: its folder carries the digest of the listing."""
    return home() / "reference" / f"{data.name}-{sha256(data.listing)[:12]}"


def reference_folder(data: ReferenceData, accept_terms: bool = False) -> Path:
    """The data set in the format of its task, fetched and arranged if it is not there yet.

    Args:
        accept_terms: whether the person has accepted the terms of the data.

    Raises:
        ZooError: there are terms that have not been accepted, or a file cannot be had; the message says the ways on.
    """
    place = place_of(data)
    if place.is_dir():
        return place
    if data.terms and not accept_terms:
        raise ZooError(
            f"{data.title} has terms of its own: {data.terms}. Whoever uses it accepts them: add --accept-terms"
        )
    remotes = files_of(data)
    with tempfile.TemporaryDirectory(prefix="reference-") as folder:
        for remote, path in _fetched(remotes, data.name):
            target = Path(folder) / remote.name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, target)
        try:
            with atomic_folder(place) as made:
                data.arrange(Path(folder), made)
        except DataError as error:
            raise ZooError(f"{data.title} was fetched, and cannot be arranged: {error}") from error
    return place


def _fetched(remotes: list[Remote], name: str) -> Iterator[tuple[Remote, Path]]:
    bar = progress(remotes, len(remotes), f"fetching {name}", "file")
    for remote in bar:
        source = Pretrained(remote.address, megabytes=remote.bytes / 1e6, sha256=remote.sha256)
        yield remote, fetch(source, quiet=True)


def data_folder(model: Model, path: str | Path, accept_terms: bool = False) -> Path:
    """The folder behind --data_path: "sample" is the model's sample data, "reference" its reference data.

    Raises:
        ZooError: the model has no reference data, or they cannot be had.
    """
    if str(path) != "reference":
        return model.data(path)
    if model.reference is None:
        raise ZooError(f"{model.id} {model.variant} has no reference data; give a folder as --data_path, or sample")
    return reference_folder(model.reference, accept_terms)
