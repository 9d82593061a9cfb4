"""Reference data: public, labelled sets that are fetched by address and digest, and arranged for a task."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from zoo_core.errors import DataError
from zoo_core.files import atomic_folder
from zoo_core.hashing import sha256
from zoo_core.home import home

from .data import ReferenceData
from .errors import ZooError
from .fetching.remote import Remote
from .model import Model
from .progress import progress

_LINE = re.compile(r"[^\t]+\t[0-9]+\t([0-9a-f]{64}|[0-9a-f]{32})\t[^\t]+")


class NotPlacedError(ZooError):
    """Files that a person has to place are not there, or are others."""


def files_of(data: ReferenceData) -> list[tuple[str, Remote]]:
    """The files of a data set, each with the name by which it is arranged.

    Raises:
        ZooError: the listing is missing, empty or damaged, or a name in it leads out of the folder or comes twice.
    """
    try:
        lines = data.listing.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ZooError(f"{data.listing}, which lists the files of {data.title}, cannot be read: {error}") from error
    found: dict[str, Remote] = {}
    made = any(line.startswith("#") for line in lines)  # a remark says why a listing has no files
    for number, line in enumerate(lines, start=1):
        if line.startswith("#"):
            continue
        place = f"{data.listing}, line {number}"
        if not _LINE.fullmatch(line):
            raise ZooError(
                f"{place}: address, bytes, sha256 (or md5) and name are expected, with tabs between; got {line!r}"
            )
        url, size, digest, name = line.split("\t")
        path = PurePosixPath(name)
        if path.is_absolute() or ".." in path.parts or name in found:
            raise ZooError(f"{place}: the name {name!r} leads out of the folder, or stands there twice")
        sha = len(digest) == 64
        found[name] = Remote(url, sha256=digest if sha else None, md5=None if sha else digest, size=int(size) or None)
    if not found and not made:
        raise ZooError(f"{data.listing} lists no file of {data.title}")
    return list(found.items())


def place_of(data: ReferenceData) -> Path:
    """Where a data set is, or will be: its folder carries the digest of the listing."""
    return home() / "reference" / f"{data.name}-{sha256(data.listing)[:12]}"


def reference_folder(data: ReferenceData, accept_terms: bool = False) -> Path:
    """The data set in the format of its task, fetched and arranged if it is not there yet.

    Args:
        accept_terms: whether the person has accepted the terms of the data.

    Raises:
        ZooError: there are terms that have not been accepted, or a file cannot be had; the message says the ways on.
        NotPlacedError: a file that a person has to place is not there, or is another one.
    """
    import shutil
    import tempfile

    place = place_of(data)
    if place.is_dir():
        return place
    if data.terms and not accept_terms:
        raise ZooError(
            f"{data.title} has terms of its own: {data.terms}. Whoever uses it accepts them: "
            f"zoo data fetch {data.name} --accept-terms"
        )
    with tempfile.TemporaryDirectory(prefix="reference-") as folder:
        for name, path in _placed(data) if data.placed else _fetched(data):
            target = Path(folder) / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, target)
        try:
            with atomic_folder(place) as made:
                data.arrange(Path(folder), made)
        except DataError as error:
            raise ZooError(f"{data.title} was fetched, and cannot be arranged: {error}") from error
    return place


def _fetched(data: ReferenceData) -> Iterator[tuple[str, Path]]:
    """Every file, with the name by which it is arranged. What has been fetched before an interruption is taken up."""
    from .fetching.cache import fetch  # most runs fetch nothing
    from .fetching.transfer import FetchError

    files = files_of(data)
    for name, remote in progress(files, len(files), f"fetching {data.name}", "file"):
        try:
            yield name, fetch(remote)
        except FetchError as error:
            raise ZooError(
                f"{data.title}: {error}. Two ways on: name a folder or an address that has the files in "
                "TECO_ZOO_MIRROR, or give data of your own as --data_path"
            ) from error


def _placed(data: ReferenceData) -> list[tuple[str, Path]]:
    """Every file that a person has placed, verified, with the name by which it is arranged."""
    folder = home() / "placed" / data.name
    found, wrong = [], []
    for name, remote in files_of(data):
        path = folder / name
        damage = remote.damage(path) if path.is_file() else "it is not there"
        found.append((name, path))
        if damage:
            wrong.append(f"{name} ({remote.url}): {damage}")
    if wrong:
        raise NotPlacedError(
            f"{data.title} is not fetched by a program: {data.placed}, put the files into {folder}, and call this "
            f"again. {'; '.join(wrong)}"
        )
    return found


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
