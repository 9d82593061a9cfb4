"""Points of a face: a face in a picture in, the places of its points out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from utils.datasets.face_points import FacePoints
from utils.datasets.folder import IMAGE_SUFFIXES
from utils.datasets.sample import Sample
from utils.metrics.face_points import PointsError, points_error
from utils.postprocess.pytorch.face_points import FoundPoints, PointsDecoder
from utils.preprocess.pytorch.pose import Cut, Person, PoseTransform
from zoo.tasks.boxed import boxed
from zoo.tasks.transformed import Transformed
from zoo_core.errors import DataError

SAME = 0.01  # of the distance between the eyes
_SHOWN = 5


@dataclass(frozen=True)
class FaceLandmarks(Transformed):
    """A network that gives x and y of each point, [N, 2 x points], from 0 to 1 in what the input shows.

    In a picture that a person gives, every face whose box is in a file of the same name with .boxes.txt behind it
    (left, top, width, height a line, in pixels) is a sample; without such a file, one face fills the picture. Two
    runtimes agree on a face where its points are a hundredth of the distance between the eyes apart at most.

    decoder: of the output; says how many points there are, one of the orders of `utils.face_points.LAYOUTS`.
    first: what the files of a data set call the first pixel: 1 in 300-W.
    """

    transform: PoseTransform
    decoder: PointsDecoder
    first: int = 1
    suffixes: tuple[str, ...] = IMAGE_SUFFIXES
    data_name: str = "face"

    def postprocess(self, outputs: list[np.ndarray], metas: list[Cut]) -> list[FoundPoints]:
        return self.decoder(outputs, metas)

    def dataset(self, root: Path) -> Sequence[Sample]:
        return FacePoints(root, self.decoder.count, self.first)

    def metric(self) -> PointsError:
        return PointsError(self.decoder.count)

    def agreement(self, one: FoundPoints, other: FoundPoints) -> bool:
        try:
            return points_error(other.points, one.points, self.decoder.count) <= SAME
        except DataError:  # both eyes in one place
            return bool(np.array_equal(one.points, other.points))

    def describe(self, prediction: FoundPoints, topk: int) -> str:
        """How many points, and the first of them; `topk` or five, whichever is more."""
        shown = prediction.points[: max(topk, _SHOWN)].tolist()
        places = ", ".join(f"({x:.1f}, {y:.1f})" for x, y in shown)
        more = ", …" if len(shown) < len(prediction.points) else ""
        return f"{len(prediction.points)} points: {places}{more}"

    def to_json(self, prediction: FoundPoints) -> dict[str, Any]:
        """{"box": [left, top, right, bottom], "points": [[x, y], …]}."""
        return {"box": list(prediction.box), "points": prediction.points.tolist()}

    def draw(self, data: Any, prediction: FoundPoints) -> Any:
        from utils.draw.face import draw_points
        from utils.preprocess.image import upright

        picture = data.picture if isinstance(data, Person) else data
        return draw_points(upright(picture), prediction.points, prediction.box)

    def adapted(self, size: int | None, topk: int) -> FaceLandmarks:
        return replace(self, transform=self.transform.resized(size)) if size else self

    def samples_in(self, path: Path) -> list[Sample]:
        """Every face of a picture."""
        return boxed(path, "one face fills")
