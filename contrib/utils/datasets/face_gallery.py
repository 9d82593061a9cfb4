"""Faces that are looked for among others: gallery/ and query/, a folder a person in each."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from utils.datasets.five_points import read_five_points
from utils.datasets.folder import files_in
from utils.datasets.sample import Listed, Sample
from utils.preprocess.pytorch.face_alignment import FacePhoto
from zoo_core.errors import DataError

GALLERY, QUERY = "gallery", "query"


@dataclass(frozen=True)
class GalleryFace:
    """A picture: its path relative to the data set's folder, who it shows, and whether it is one of the queries."""

    name: str
    person: str
    query: bool


class FaceGallery(Listed):
    """Every picture of both folders: data a `FacePhoto` (with the points of landmarks.txt), truth a `GalleryFace`.

    Args:
        root: root/gallery/<person>/…/<picture> and root/query/<person>/…/<picture>. Of each person who is asked for the
            gallery has a picture; it may hold others.

    Raises:
        DataError: one of the folders is missing or empty; a picture lies in no person's folder; or somebody is asked
            for who is not in the gallery.
    """

    def __init__(self, root: str | Path) -> None:
        root = Path(root)
        points = read_five_points(root)
        self._samples = []
        people: dict[str, set[str]] = {GALLERY: set(), QUERY: set()}
        for part in (GALLERY, QUERY):
            for path in files_in(root / part):
                name = path.relative_to(root).as_posix()
                _, person, *rest = name.split("/")
                if not rest:
                    raise DataError(f"{path}: a picture lies in its person's folder: {root / part}/<person>/{person}.")
                people[part].add(person)
                truth = GalleryFace(name, person, part == QUERY)
                self._samples.append(Sample(name, FacePhoto(path, points.get(name)), truth))
        missing = sorted(people[QUERY] - people[GALLERY])
        if missing:
            raise DataError(f"{root / QUERY}: {missing[0]} is asked for, and is not in {root / GALLERY}.")
