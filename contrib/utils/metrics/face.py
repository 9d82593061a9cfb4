"""Metrics of face detection: average precision at an IoU of 0.5, computed by pycocotools, and the landmarks' error."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from utils.boxes import iou
from utils.datasets.wider_face import Faces
from utils.metrics.base import MetricInfo, require_as_many
from utils.metrics.coco_evaluation import annotation, are_rows, precision
from utils.metrics.counts import fields_of, foreign, is_count, is_number
from utils.postprocess.pytorch.face import FoundFaces
from zoo_core.errors import DataError

OVERLAP = 0.5
_TRUE, _FOUND = 5, 5  # numbers in a row of the state
_FARTHEST = 1e8  # pixels from the corner of a picture


class FaceMetric:
    """ap50 (primary), nme, and located, over all faces that are not marked as invalid.

    ap50: average precision at an IoU of 0.5, interpolated at 101 recalls as COCO does it, with any number of faces a
    picture. Faces marked as invalid count neither as found nor as missed, nor does what was found there. WIDER FACE's
    own figures (easy, medium, hard) are of three parts of its faces, and not comparable with the one over all.

    nme: mean distance of the five landmarks, divided by the square root of the true box's area, as RetinaFace's authors
    measure it; covered points count too. It is the mean over the faces with landmarks that were found, which are the
    fraction `located` of them: those for which a box has an IoU of 0.5 or more, each box serving one face, best
    scores first. Where the data or the network has no landmarks, both are left out.
    """

    infos = (
        MetricInfo("ap50", "fraction", 0.0, 1.0, True),
        MetricInfo("nme", "fraction of the box", 0.0, float("inf"), False),
        MetricInfo("located", "fraction", 0.0, 1.0, True),
    )

    def __init__(self) -> None:
        self._pictures: list[dict[str, Any]] = []
        self._landmarks = {"faces": 0, "located": 0, "error": 0.0}

    def update(self, predictions: Sequence[FoundFaces], truths: Sequence[Faces]) -> None:
        """Count one batch; DataError for different lengths or truths that are no `Faces`, and nothing is counted."""
        require_as_many(predictions, truths)
        for truth in truths:
            if not isinstance(truth, Faces):
                raise DataError(f"truth {truth!r:.80}: the faces of a picture are expected (Faces).")
        for found, truth in zip(predictions, truths, strict=True):
            self._pictures.append(_entry(found, truth))
            self._count_landmarks(found, truth)

    def compute(self) -> dict[str, float]:
        """{"ap50": …, "nme": …, "located": …}; DataError when nothing was counted, or there is no face to find."""
        if not self._pictures:
            raise DataError("no sample was counted, so there is no average precision. Is the data set empty?")
        if not any(not row[4] for entry in self._pictures for row in entry["truth"]):
            raise DataError(f"the {len(self._pictures)} pictures that were counted have no face to find.")
        # among equal scores the order of the pictures decides: so it does not depend on how the work was shared
        pictures = sorted(self._pictures, key=lambda entry: (entry["truth"], entry["found"]))
        figures = {"ap50": _average_precision(pictures)}
        faces, located = self._landmarks["faces"], self._landmarks["located"]
        if located:
            figures["nme"] = self._landmarks["error"] / located
        if faces:
            figures["located"] = located / faces
        return figures

    def state(self) -> dict[str, Any]:
        """{"pictures": [{"truth": [[left, top, right, bottom, invalid], …], "found": [[…, score], …]}, …],
        "landmarks": {"faces": n, "located": n, "error": sum}}."""
        return {"pictures": list(self._pictures), "landmarks": dict(self._landmarks)}

    def merge(self, state: dict[str, Any]) -> None:
        """Add the counts of another process, as its `state()` gave them; DataError when they are not that."""
        fields = fields_of(state, ("pictures", "landmarks"), "a face metric")
        if not _are_landmarks(fields["landmarks"], self._landmarks) or not _are_pictures(fields["pictures"]):
            raise foreign("a face metric", state)
        self._pictures += fields["pictures"]
        for name, count in fields["landmarks"].items():
            self._landmarks[name] += count

    def _count_landmarks(self, found: FoundFaces, truth: Faces) -> None:
        if not found.landmarks.shape[1]:
            return
        judged = np.flatnonzero(~truth.invalid & ~np.isnan(truth.landmarks).any(axis=(1, 2)))
        self._landmarks["faces"] += len(judged)
        for mine, theirs in matched(found, truth.boxes):
            if theirs not in judged:
                continue
            left, top, right, bottom = truth.boxes[theirs].tolist()
            apart = np.linalg.norm(found.landmarks[mine] - truth.landmarks[theirs], axis=1).mean()
            self._landmarks["located"] += 1
            self._landmarks["error"] += float(apart) / ((right - left) * (bottom - top)) ** 0.5


def matched(found: FoundFaces, boxes: np.ndarray, overlap: float = OVERLAP) -> list[tuple[int, int]]:
    """Pairs (found, of `boxes`) with an IoU of at least `overlap`: the best scores choose first, each box once."""
    near = iou(found.boxes.astype(np.float64), boxes.astype(np.float64))
    pairs = []
    for mine in range(len(near)):
        theirs = int(near[mine].argmax()) if near.shape[1] else 0
        if near.shape[1] and near[mine, theirs] >= overlap:
            near[:, theirs] = -1
            pairs.append((mine, theirs))
    return pairs


def agreement(one: FoundFaces, other: FoundFaces, score: float, margin: float = 0.02, overlap: float = 0.9) -> bool:
    """Whether two runtimes found the same: each face above `score` has a counterpart with an IoU of `overlap`.

    A face within `margin` of the threshold may be on one side only.
    """
    for mine, theirs in ((one, other), (other, one)):
        sure = mine.above(score + margin)
        if len(matched(sure, theirs.above(score - margin).boxes, overlap)) != len(sure.boxes):
            return False
    return True


def _entry(found: FoundFaces, truth: Faces) -> dict[str, Any]:
    return {
        "truth": [[*map(float, box), int(bad)] for box, bad in zip(truth.boxes, truth.invalid, strict=True)],
        "found": [[*map(float, box), float(score)] for box, score in zip(found.boxes, found.scores, strict=True)],
    }


def _are_landmarks(said: Any, own: dict[str, Any]) -> bool:
    if not isinstance(said, dict) or set(said) != set(own) or not is_number(said["error"], 0):
        return False
    return is_count(said["faces"]) and is_count(said["located"]) and said["located"] <= said["faces"]


def _are_pictures(said: Any) -> bool:
    return isinstance(said, list) and all(
        isinstance(entry, dict)
        and set(entry) == {"truth", "found"}
        and are_rows(entry["truth"], _TRUE)
        and are_rows(entry["found"], _FOUND)
        and all(row[4] in (0, 1) and max(map(abs, row)) <= _FARTHEST for row in entry["truth"])
        for entry in said
    )


def _average_precision(pictures: Sequence[dict[str, Any]]) -> float:
    true, found = [], []
    for number, entry in enumerate(pictures):
        for *box, invalid in entry["truth"]:
            left, top, right, bottom = box
            area = 0.0 if invalid else max((right - left) * (bottom - top), 1e-6)
            true.append(annotation(number, 0, box, iscrowd=0, area=area))
        found += [annotation(number, 0, box, score=score) for *box, score in entry["found"]]
    precisions = precision(
        true,
        found,
        pictures=len(pictures),
        classes=1,
        iouThrs=np.array([OVERLAP]),
        maxDets=[max(len(entry["found"]) for entry in pictures) or 1],
        # what has an area outside of this range is neither right nor wrong: so are the faces marked as invalid
        areaRng=[[1e-9, 1e18]],
        areaRngLbl=["all"],
    )
    return float(precisions.mean())
