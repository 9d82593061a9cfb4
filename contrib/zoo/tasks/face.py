"""Face detection: a picture in, boxes with five landmarks each out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from utils.datasets.folder import IMAGE_SUFFIXES
from utils.datasets.references import LISTINGS, wider_face
from utils.datasets.sample import Sample
from utils.datasets.wider_face import WiderFace
from utils.metrics.face import FaceMetric, agreement
from utils.postprocess.pytorch.face import CenterFaceDecoder, FoundFaces
from zoo.data import ReferenceData
from zoo.tasks.detection import DetectionTransform
from zoo.tasks.transformed import Transformed

WIDER_FACE = ReferenceData(
    "wider_face_val",
    "WIDER FACE, validation",
    LISTINGS / "wider_face_val.tsv",
    wider_face.arrange,
    "none stated",
    3226,
    terms="WIDER FACE (The Chinese University of Hong Kong): pictures of the web, for research",
    other="the published figure is of the faces that the authors' evaluation calls easy, and this one of all",
    placed="download WIDER_val.zip (363 MB) and wider_face_split.zip from its authors' page, "
    "http://shuoyang1213.me/WIDERFACE",
)
POINTS = ("left_eye", "right_eye", "nose", "left_mouth", "right_mouth")


@dataclass(frozen=True)
class FaceDetection(Transformed):
    """shown: the least score of a face that is printed, drawn and written; the metric sees all that `decoder` keeps.

    In a printed line, --topk faces at most are named.
    """

    transform: DetectionTransform
    faces: Callable[[Sequence[np.ndarray], Sequence[Any]], list[FoundFaces]] = field(default_factory=CenterFaceDecoder)
    shown: float = 0.5
    suffixes: tuple[str, ...] = IMAGE_SUFFIXES
    data_name: str = "image"

    @property
    def listed(self) -> str:
        return (
            f"faces with a score of {self.shown} or more; the counts in --json of example_valid.py hold all that the "
            "metric sees"
        )

    def postprocess(self, outputs: list[np.ndarray], metas: list[Any]) -> list[FoundFaces]:
        return self.faces(outputs, metas)

    def dataset(self, root: Path) -> Sequence[Sample]:
        return WiderFace(root)

    def metric(self) -> FaceMetric:
        return FaceMetric()

    def agreement(self, one: FoundFaces, other: FoundFaces) -> bool:
        return agreement(one, other, self.shown)

    def describe(self, prediction: FoundFaces, topk: int) -> str:
        """The number of faces, and the boxes of the best: (left, top) to (right, bottom), score."""
        found = prediction.above(self.shown)
        count = len(found.scores)
        boxes = [
            f"({left:.0f}, {top:.0f})-({right:.0f}, {bottom:.0f}) {score:.2f}"
            for (left, top, right, bottom), score in zip(found.boxes.tolist(), found.scores.tolist(), strict=True)
        ]
        more = [f"{count - topk} more"] if count > topk else []
        return "; ".join([f"{count or 'no'} face{'' if count == 1 else 's'}", *boxes[:topk], *more])

    def to_json(self, prediction: FoundFaces) -> dict[str, Any]:
        """{"faces": [{"box": [left, top, right, bottom], "score": …, "landmarks": {"left_eye": [x, y], …}}, …]}.

        There are no landmarks where the network finds none.
        """
        found = prediction.above(self.shown)
        rows = zip(found.boxes.tolist(), found.scores.tolist(), found.landmarks.tolist(), strict=True)
        return {
            "faces": [
                {"box": box, "score": score} | ({"landmarks": dict(zip(POINTS, points, strict=True))} if points else {})
                for box, score, points in rows
            ]
        }

    def draw(self, data: Any, prediction: FoundFaces) -> Any:
        from utils.draw.face import draw_faces
        from utils.preprocess.pytorch.detection import upright

        return draw_faces(upright(data), prediction.above(self.shown))

    def adapted(self, size: int | None, topk: int) -> FaceDetection:
        return replace(self, transform=self.transform.resized(size)) if size else self
