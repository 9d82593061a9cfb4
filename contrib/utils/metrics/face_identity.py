"""How well embeddings of faces tell people apart: pairs as LFW has them, and queries in a gallery."""

from __future__ import annotations

import base64
import math
from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np

from utils.datasets.face_gallery import GalleryFace
from utils.datasets.face_pairs import PairedFace, Place
from utils.metrics.base import MetricInfo, require_as_many
from utils.metrics.counts import fields_of, foreign, is_count
from zoo_core.errors import DataError

Truth = PairedFace | GalleryFace
PAIRS = tuple(
    MetricInfo(name, "fraction", 0.0, 1.0, True) for name in ("accuracy", "tar_at_far_1e-2", "tar_at_far_1e-3")
)
GALLERY = tuple(MetricInfo(name, "fraction", 0.0, 1.0, True) for name in ("rank1", "map", "tar_at_far_1e-1"))
# squared distances of unit vectors, from which the threshold is chosen, as in FaceNet's and ArcFace's evaluation
THRESHOLDS = np.arange(0, 4, 0.01)


class Embedded(Protocol):
    """What was made of a picture: float [D]."""

    @property
    def vector(self) -> np.ndarray: ...


class FaceIdentity:
    """Figures of pairs or of a gallery: which of them, the truths say.

    Of pairs: accuracy is the mean over the folds of how many pairs are told rightly, at the threshold that is best on
    all other folds (of several, the smallest). tar_at_far_1e-2 and _1e-3: how many pairs of one person are accepted at
    the threshold that accepts at most that part of the pairs of two, over all folds.

    Of a gallery: rank1 is how often the nearest picture of the gallery is the person asked for; map the mean over the
    queries of the average precision; tar_at_far_1e-1 as above, over all pairs of a query and a picture of the gallery.
    Where two are as near, the wrong one counts as nearer.
    """

    def __init__(self) -> None:
        self._faces: dict[str, tuple[np.ndarray, Truth]] = {}

    @property
    def infos(self) -> tuple[MetricInfo, ...]:
        """Those of the truths that were counted; those of pairs before that."""
        gallery = any(isinstance(truth, GalleryFace) for _, truth in self._faces.values())
        return GALLERY if gallery else PAIRS

    def update(self, predictions: Sequence[Embedded], truths: Sequence[Truth]) -> None:
        """Count one batch.

        Raises:
            DataError: different lengths, a truth that is neither, pairs beside a gallery, a picture that was counted
                before, or an embedding of zeros, infinity or NaN. Nothing of the batch has been counted then.
        """
        require_as_many(predictions, truths)
        found = {}
        for prediction, truth in zip(predictions, truths, strict=True):
            if not isinstance(truth, PairedFace | GalleryFace):
                raise DataError(f"truth {truth!r:.80}: a picture of a pair or of a gallery is expected.")
            if truth.name in self._faces or truth.name in found:
                raise DataError(f"{truth.name} comes a second time.")
            vector = np.asarray(prediction.vector, np.float64)
            length = float(np.linalg.norm(vector))
            if not math.isfinite(length) or not length:
                raise DataError(f"the embedding of {truth.name} has length {length}; it has no direction.")
            found[truth.name] = ((vector / length).astype(np.float32), truth)
        self._require_one_kind(found)
        self._faces |= found

    def compute(self) -> dict[str, float]:
        """The figures; NaN while there are no pairs to compare, as in one of several processes that share the pictures.

        DataError when nothing was counted.
        """
        if not self._faces:
            raise DataError("no face was counted, so there is no accuracy. Is the data set empty?")
        names = [info.name for info in self.infos]
        figures = _gallery(list(self._faces.values())) if self.infos is GALLERY else _pairs(self._faces)
        return dict(zip(names, figures or (math.nan,) * len(names), strict=True))

    def state(self) -> dict[str, Any]:
        """{"faces": {name: [embedding as float32 in base64, what is known of it]}}."""
        return {
            "faces": {
                name: [base64.b64encode(vector.astype("<f4").tobytes()).decode(), _told(truth)]
                for name, (vector, truth) in self._faces.items()
            }
        }

    def merge(self, state: dict[str, Any]) -> None:
        """Add what another process counted, as its `state()` gave it; DataError when it is not that."""
        faces = fields_of(state, ("faces",), "embeddings of faces")["faces"]
        if not isinstance(faces, dict) or not all(isinstance(one, list) and len(one) == 2 for one in faces.values()):
            raise foreign("embeddings of faces", state)
        found = {}
        for name, (vector, told) in faces.items():
            truth, read = _truth(name, told), _vector(vector)
            if truth is None or read is None:
                raise foreign("embeddings of faces", state)
            found[name] = (read, truth)
        twice = [name for name in found if name in self._faces]
        if twice:
            raise DataError(f"{twice[0]} was counted here and there.")
        self._require_one_kind(found)
        self._faces |= found

    def _require_one_kind(self, found: dict[str, tuple[np.ndarray, Truth]]) -> None:
        both = [*self._faces.values(), *found.values()]
        if len({type(truth) for _, truth in both}) > 1:
            raise DataError("pictures of pairs beside those of a gallery: these are two data sets.")
        if len({len(vector) for vector, _ in both}) > 1:
            raise DataError("embeddings of different lengths: these are two networks.")


def _told(truth: Truth) -> list[Any]:
    if isinstance(truth, GalleryFace):
        return [truth.person, truth.query]
    return [list(place) for place in truth.places]


def _truth(name: str, told: Any) -> Truth | None:
    """What `_told` made a list of; None where it did not."""
    if not isinstance(told, list) or not told:
        return None
    if isinstance(told[0], str):
        fits = len(told) == 2 and type(told[1]) is bool
        return GalleryFace(name, told[0], told[1]) if fits else None
    if not all(isinstance(one, list) and len(one) == 3 for one in told):
        return None
    if not all(is_count(pair) and is_count(fold) and type(same) is bool for pair, fold, same in told):
        return None
    return PairedFace(name, tuple(Place(*one) for one in told))


def _vector(written: Any) -> np.ndarray | None:
    """A direction, of base64; None where it is not that."""
    try:
        vector = np.frombuffer(base64.b64decode(written, validate=True), "<f4")
    except (TypeError, ValueError):
        return None
    return vector if math.isclose(float(np.linalg.norm(vector.astype(np.float64))), 1, rel_tol=1e-5) else None


def _pairs(faces: dict[str, tuple[np.ndarray, Truth]]) -> tuple[float, ...] | None:
    """The figures of all pairs of which both pictures were counted; None where these are of one kind or one fold."""
    waiting: dict[Place, np.ndarray] = {}
    rows = []
    for vector, truth in faces.values():
        for place in truth.places if isinstance(truth, PairedFace) else ():
            if place in waiting:
                rows.append((*place, _distance(waiting.pop(place), vector)))
            else:
                waiting[place] = vector
    table = np.array(sorted(rows)).reshape(-1, 4)
    folds, same, distances = table[:, 1], table[:, 2] > 0, table[:, 3]
    if len(set(folds.tolist())) < 2 or same.all() or not same.any():
        return None
    return fold_accuracy(distances, same, folds), *(accepted(-distances, same, far) for far in (1e-2, 1e-3))


def _distance(one: np.ndarray, other: np.ndarray) -> float:
    return float(((one.astype(np.float64) - other.astype(np.float64)) ** 2).sum())


def fold_accuracy(distances: np.ndarray, same: np.ndarray, folds: np.ndarray) -> float:
    """The mean over the folds of the pairs told rightly, at the threshold that is best on the other folds.

    Args:
        distances: float [pairs], squared distances of unit vectors. same: bool [pairs]. folds: [pairs], which of them.
    """
    right = (distances[:, None] < THRESHOLDS) == same[:, None]
    figures = []
    for fold in np.unique(folds):
        own = folds == fold
        best = int(right[~own].mean(axis=0).argmax())
        figures.append(right[own, best].mean())
    return float(np.mean(figures))


def accepted(scores: np.ndarray, same: np.ndarray, far: float) -> float:
    """The part of the pairs of one person that a threshold accepts which accepts at most `far` of the others.

    Args:
        scores: float [pairs], higher for pairs that are more alike. same: bool [pairs]; some are, and some are not.
    """
    others = np.sort(scores[~same])[::-1]
    allowed = int(far * len(others) + 1e-9)
    if allowed >= len(others):
        return 1.0
    return float((scores[same] > others[allowed]).mean())


def _gallery(faces: list[tuple[np.ndarray, Truth]]) -> tuple[float, float, float] | None:
    """rank1, map and tar_at_far_1e-1; None where there is no query or nothing to find."""
    parts: dict[bool, list[tuple[np.ndarray, str]]] = {True: [], False: []}
    for vector, truth in faces:
        if isinstance(truth, GalleryFace):
            parts[truth.query].append((vector, truth.person))
    if not parts[True] or not parts[False]:
        return None
    asked, held = (np.stack([vector for vector, _ in parts[query]]).astype(np.float64) for query in (True, False))
    scores = asked @ held.T
    same = np.array([person for _, person in parts[True]])[:, None] == np.array([person for _, person in parts[False]])
    if same.all() or not same.any():
        return None
    judged = [average_precision(row, right) for row, right in zip(scores, same, strict=True) if right.any()]
    first, precision = np.mean(judged, axis=0).tolist()
    return first, precision, accepted(scores.ravel(), same.ravel(), 1e-1)


def average_precision(scores: np.ndarray, right: np.ndarray) -> tuple[float, float]:
    """(1 or 0 for the nearest, average precision) of one query.

    Args:
        scores: float [pictures], higher for the nearer. right: bool [pictures], some of which are.
    """
    order = np.lexsort((right, -scores))
    hits = right[order]
    ranks = np.flatnonzero(hits)
    return float(hits[0]), float(((np.arange(len(ranks)) + 1) / (ranks + 1)).mean())
