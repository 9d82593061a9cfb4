"""Pose estimation, bottom-up: a picture in, everybody in it with the places of the body's points out. No boxes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from utils.datasets.coco_keypoints import CocoPeople
from utils.datasets.folder import IMAGE_SUFFIXES
from utils.datasets.sample import Sample
from utils.keypoints import coco_points
from utils.metrics.people import PeoplePrecision, same_people
from utils.postprocess.pytorch.part_fields import PartFieldDecoder
from utils.postprocess.pytorch.pose import Pose
from zoo.tasks.detection import DetectionTransform
from zoo.tasks.transformed import Transformed


@dataclass(frozen=True)
class PeoplesPoses(Transformed):
    """A network that gives maps of points and of limbs, [N, channels, H, W].

    transform: a picture to the network's input. decoder: its maps to people. names: of the points of a person.
    shown, sure: the least score of a point, and of a person, that somebody gets to see; the metric counts all.
    """

    transform: DetectionTransform
    decoder: PartFieldDecoder
    names: tuple[str, ...] = coco_points()
    shown: float = 0.1
    sure: float = 0.3
    suffixes: tuple[str, ...] = IMAGE_SUFFIXES
    data_name: str = "image"

    @property
    def listed(self) -> str:
        return (
            f"people with a score of {self.sure} or more; the counts in --json of example_valid.py hold all that the "
            "metric sees"
        )

    def postprocess(self, outputs: list[np.ndarray], metas: list[Any]) -> list[list[Pose]]:
        return self.decoder(outputs, metas)

    def dataset(self, root: Path) -> Sequence[Sample]:
        return CocoPeople(root, self.names)

    def metric(self) -> PeoplePrecision:
        return PeoplePrecision(self.names)

    def agreement(self, one: list[Pose], other: list[Pose]) -> bool:
        return same_people(one, other, self.shown, self.sure)

    def describe(self, prediction: list[Pose], topk: int) -> str:
        """How many people, and of each its score, how many points were found, and where it is."""
        sure = self._sure(prediction)
        if not sure:
            return f"nobody with a score of {self.sure} or more"
        people = [
            f"{pose.score:.3f} {len(self._seen(pose))} points [{' '.join(str(round(side)) for side in pose.box)}]"
            for pose in sure
        ]
        return f"{len(people)} {'person' if len(people) == 1 else 'people'}: {', '.join(people)}"

    def _sure(self, prediction: list[Pose]) -> list[Pose]:
        return [pose for pose in prediction if pose.score >= self.sure]

    def _seen(self, pose: Pose) -> dict[str, list[float]]:
        rows = zip(self.names, pose.points.tolist(), strict=True)
        return {name: point for name, point in rows if point[2] >= self.shown}

    def to_json(self, prediction: list[Pose]) -> dict[str, Any]:
        """{"people": [{"box": [left, top, right, bottom], "score": …, "points": {"nose": [x, y, score], …}}, …]}, the
        points that were found."""
        return {
            "people": [
                {"box": list(pose.box), "score": pose.score, "points": self._seen(pose)}
                for pose in self._sure(prediction)
            ]
        }

    def draw(self, data: Any, prediction: list[Pose]) -> Any:
        from utils.draw.pose import draw_people
        from utils.preprocess.image import upright

        return draw_people(upright(data), self._sure(prediction), self.names, self.shown)

    def adapted(self, size: int | None, topk: int) -> PeoplesPoses:
        return replace(self, transform=self.transform.resized(size)) if size else self
