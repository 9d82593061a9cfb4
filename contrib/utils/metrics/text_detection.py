"""Metrics of finding text: precision, recall and their harmonic mean by the protocol of ICDAR 2015 (IoU above 0.5)."""

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np

from utils.metrics.base import MetricInfo, require_as_many
from utils.metrics.counts import counts_of, foreign
from zoo_core.errors import DataError

IOU = 0.5
COUNTS = ("images", "there", "found", "matched")


class Found(Protocol):
    """A text that was found: corners [K, 2] in pixels of the image, and how sure the network is."""

    @property
    def polygon(self) -> np.ndarray:
        """float [K, 2]: x and y of the corners in pixels of the image."""

    @property
    def score(self) -> float:
        """How sure the network is, 0 to 1."""


class Truth(Protocol):
    """A text that is there. One that is ignored counts neither as found nor as missed."""

    @property
    def polygon(self) -> np.ndarray:
        """float [K, 2]: x and y of the corners in pixels of the image."""

    @property
    def ignored(self) -> bool:
        """Whether it counts neither as found nor as missed."""


class TextDetectionMetric:
    """The figures of ICDAR 2015, incidental scene text, localisation.

    A found text of which more than half lies in an ignored one is ignored too. Then, in the order of the true texts and
    for each in that of the found ones, a pair whose intersection is more than half of its union is matched, each text
    once. Counts are added up over all images. A polygon that crosses itself is taken as its convex hull.
    """

    infos = (
        MetricInfo("hmean", "fraction", 0.0, 1.0, True),
        MetricInfo("precision", "fraction", 0.0, 1.0, True),
        MetricInfo("recall", "fraction", 0.0, 1.0, True),
    )

    def __init__(self) -> None:
        self._counts = dict.fromkeys(COUNTS, 0)

    def update(self, predictions: Sequence[Sequence[Found]], truths: Sequence[Sequence[Truth]]) -> None:
        """Count one batch: for each image its found texts and its true ones; DataError on different lengths."""
        require_as_many(predictions, truths)
        counted = [self._counted(found, true) for found, true in zip(predictions, truths, strict=True)]
        for there, found, matched in counted:
            for name, count in zip(COUNTS, (1, there, found, matched), strict=True):
                self._counts[name] += count

    def _counted(self, found: Sequence[Found], true: Sequence[Truth]) -> tuple[int, int, int]:
        """(true texts, found texts, pairs that are right) of one image, without what is ignored."""
        ignored = [shape(one.polygon) for one in true if one.ignored]
        wanted = [one for one in true if not one.ignored]
        shapes = [(shape(one.polygon), one) for one in found]
        free = [pair for pair in shapes if not any(_part(pair[0], other) > IOU for other in ignored)]
        counting, right = len(free), 0
        for one in wanted:
            own = shape(one.polygon)
            partner = next((place for place, (other, _) in enumerate(free) if iou(own, other) > IOU), None)
            if partner is not None:
                right += self._is_right(free.pop(partner)[1], one)
        return len(wanted), counting, right

    def _is_right(self, found: Any, true: Any) -> bool:
        """Whether a pair of texts in one place counts."""
        return True

    def compute(self) -> dict[str, float]:
        """{"hmean", "precision", "recall"}, 0 where nothing was found or is there; DataError for no image."""
        images, there, found, matched = (self._counts[name] for name in COUNTS)
        if not images:
            raise DataError("no image was counted, so there is no precision. Is the data set empty?")
        precision, recall = (matched / count if count else 0.0 for count in (found, there))
        hmean = 2 * precision * recall / (precision + recall) if matched else 0.0
        return {"hmean": hmean, "precision": precision, "recall": recall}

    def state(self) -> dict[str, Any]:
        """{"images": n, "there": n, "found": n, "matched": n}, without what is ignored."""
        return dict(self._counts)

    def merge(self, state: dict[str, Any]) -> None:
        """Add the counts of another process, as its `state()` gave them; DataError when they are not that."""
        counts = counts_of(state, COUNTS, "found texts")
        if counts["matched"] > min(counts["there"], counts["found"]) or counts["images"] == 0 < max(counts.values()):
            raise foreign("found texts", state)
        for name, count in counts.items():
            self._counts[name] += count


def shape(polygon: np.ndarray) -> Any:
    """Corners [K, 2] as a shapely polygon without crossings."""
    from shapely.geometry import MultiPoint, Polygon

    made = Polygon(polygon)
    return made if made.is_valid else MultiPoint(polygon).convex_hull


def iou(one: Any, other: Any) -> float:
    """Intersection over union of two shapely polygons; 0 for two without area."""
    shared = one.intersection(other).area
    union = one.area + other.area - shared
    return shared / union if union else 0.0


def agreement(one: Sequence[Found], other: Sequence[Found], least: float, margin: float, overlap: float = 0.9) -> bool:
    """Whether two runtimes found the same texts: each has a partner of IoU `overlap` or more in the other.

    Texts whose score is within `margin` of `least`, the score below which none is reported, need no partner.
    """
    return _covered(one, other, least + margin, overlap) and _covered(other, one, least + margin, overlap)


def _covered(one: Sequence[Found], other: Sequence[Found], sure: float, overlap: float) -> bool:
    partners = [shape(found.polygon) for found in other]
    return all(
        any(iou(shape(found.polygon), partner) >= overlap for partner in partners)
        for found in one
        if found.score >= sure
    )


def _part(one: Any, other: Any) -> float:
    """How much of `one` lies in `other`."""
    return one.intersection(other).area / one.area if one.area else 0.0
