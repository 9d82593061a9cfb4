"""Pose estimation, top-down: a person in a picture in, the places of the body's points out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from utils.datasets.coco_keypoints import CocoKeypoints
from utils.datasets.folder import IMAGE_SUFFIXES
from utils.datasets.sample import Sample
from utils.keypoints import coco_points, mirrored
from utils.metrics.keypoints import KeypointPrecision, agreement
from utils.postprocess.pytorch.pose import HeatmapDecoder, Pose
from utils.preprocess.pytorch.pose import Cut, Person, PoseTransform
from zoo.task import Run, as_list
from zoo.tasks.boxed import boxed
from zoo.tasks.transformed import Transformed


@dataclass(frozen=True)
class PoseEstimation(Transformed):
    """A network that gives a map of each point: [N, K, H, W].

    In a picture that a person gives, everybody whose box is in a file of the same name with .boxes.txt behind it (left,
    top, width, height a line, in pixels) is a sample; without such a file, one person fills the picture.

    flip: whether the mirrored input is looked at too, and the maps' means are taken, as pose networks are evaluated.
    shift: by how many cells the mirrored maps are moved to lie on the others (1 for the Simple Baselines).
    shown: the least score of a point that a person gets to see.
    """

    transform: PoseTransform
    decoder: HeatmapDecoder
    names: tuple[str, ...] = coco_points()
    flip: bool = True
    shift: int = 0
    shown: float = 0.2
    suffixes: tuple[str, ...] = IMAGE_SUFFIXES
    data_name: str = "person"

    def run(self, parts: Mapping[str, Run], arrays: list[np.ndarray]) -> list[np.ndarray]:
        """The maps of each person, [N, K, H, W]."""
        (run,) = parts.values()
        (maps,) = as_list(run(arrays))
        if not self.flip:
            return [maps]
        (other,) = as_list(run([np.ascontiguousarray(arrays[0][..., ::-1])]))
        other = other[:, mirrored(self.names), :, ::-1].copy()
        if self.shift:
            other[..., self.shift :] = other[..., : -self.shift].copy()
        return [(maps + other) * maps.dtype.type(0.5)]

    def postprocess(self, outputs: list[np.ndarray], metas: list[Cut]) -> list[Pose]:
        return self.decoder(outputs, metas)

    def dataset(self, root: Path) -> Sequence[Sample]:
        return CocoKeypoints(root, self.names)

    def metric(self) -> KeypointPrecision:
        return KeypointPrecision(self.names)

    def agreement(self, one: Pose, other: Pose) -> bool:
        return agreement(one, other, self.shown)

    def describe(self, prediction: Pose, topk: int) -> str:
        """How many points, the person's score, and each point that is seen."""
        seen = self._seen(prediction)
        points = ", ".join(f"{name} ({x:.0f}, {y:.0f}) {score:.2f}" for name, (x, y, score) in seen.items())
        return f"{len(seen)} of {len(self.names)} points, {prediction.score:.3f}" + (f": {points}" if points else "")

    def _seen(self, prediction: Pose) -> dict[str, list[float]]:
        rows = zip(self.names, prediction.points.tolist(), strict=True)
        return {name: point for name, point in rows if point[2] >= self.shown}

    def to_json(self, prediction: Pose) -> dict[str, Any]:
        """{"box": [left, top, right, bottom], "score": …, "points": {"nose": [x, y, score], …}}, all points."""
        points = dict(zip(self.names, prediction.points.tolist(), strict=True))
        return {"box": list(prediction.box), "score": prediction.score, "points": points}

    def draw(self, data: Any, prediction: Pose) -> Any:
        from utils.draw.pose import draw_pose
        from utils.preprocess.image import upright

        picture = data.picture if isinstance(data, Person) else data
        return draw_pose(upright(picture), prediction, self.names, self.shown)

    def adapted(self, size: int | None, topk: int) -> PoseEstimation:
        return replace(self, transform=self.transform.resized(size)) if size else self

    def samples_in(self, path: Path) -> list[Sample]:
        """Everybody in a picture."""
        return boxed(path, "one person fills")
