"""Quality of a face: a face that was cut out in, the angles of the head and five points out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from utils.datasets.face_quality import FaceQualities
from utils.datasets.folder import IMAGE_SUFFIXES
from utils.datasets.sample import Sample
from utils.face_points import FIVE
from utils.metrics.face_quality import QualityError
from utils.postprocess.pytorch.face_quality import FaceQuality, QualityDecoder
from utils.preprocess.pytorch.stretch import Stretch
from zoo.tasks.transformed import Transformed

ANGLES = ("yaw", "pitch", "roll")
SAME_ANGLE = 1.0  # degrees
SAME_PLACE = 0.05  # of the distance between the eyes


@dataclass(frozen=True)
class FaceQualityTask(Transformed):
    """A network that gives angles [N, 3], of which 1 is 90 degrees, and a map of logits for each point [N, 5, H, W].

    Two runtimes agree on a face where no angle differs by more than a degree, and no point by more than a twentieth of
    the distance between the eyes.
    """

    transform: Stretch
    decoder: QualityDecoder = field(default_factory=QualityDecoder)
    suffixes: tuple[str, ...] = IMAGE_SUFFIXES
    data_name: str = "face"

    def postprocess(self, outputs: list[np.ndarray], metas: list[Any]) -> list[FaceQuality]:
        return self.decoder(outputs, metas)

    def dataset(self, root: Path) -> Sequence[Sample]:
        return FaceQualities(root)

    def metric(self) -> QualityError:
        return QualityError()

    def agreement(self, one: FaceQuality, other: FaceQuality) -> bool:
        eyes = float(np.linalg.norm(one.points[0] - one.points[1]))
        moved = np.linalg.norm(one.points - other.points, axis=1)
        turned = np.abs(one.angles - other.angles)
        return bool((turned <= SAME_ANGLE).all() and (moved <= SAME_PLACE * eyes).all())

    def tied(self, one: FaceQuality, other: FaceQuality, apart: float) -> bool:
        """Whether the angles agree, and where a point is elsewhere, both cells are as good as equal."""
        eyes = float(np.linalg.norm(one.points[0] - one.points[1]))
        moved = np.linalg.norm(one.points - other.points, axis=1) > SAME_PLACE * eyes
        near = np.abs(one.scores - other.scores) <= apart * np.maximum(one.scores, other.scores)
        return bool((np.abs(one.angles - other.angles) <= SAME_ANGLE).all() and (near | ~moved).all())

    def describe(self, prediction: FaceQuality, topk: int) -> str:
        """Such as "quality 0.93: yaw 12.1, pitch -3.0, roll 4.5 degrees; left_eye (40, 51) 0.31, …"."""
        angles = ", ".join(
            f"{name} {value:.1f}" for name, value in zip(ANGLES, prediction.angles.tolist(), strict=True)
        )
        rows = zip(FIVE, prediction.points.tolist(), prediction.scores.tolist(), strict=True)
        points = ", ".join(f"{name} ({x:.0f}, {y:.0f}) {score:.2f}" for name, (x, y), score in rows)
        return f"quality {prediction.quality:.2f}: {angles} degrees; {points}"

    def to_json(self, prediction: FaceQuality) -> dict[str, Any]:
        """{"quality": …, "angles": {"yaw": degrees, …}, "points": {"left_eye": [x, y, score], …}}."""
        rows = zip(FIVE, prediction.points.tolist(), prediction.scores.tolist(), strict=True)
        return {
            "quality": prediction.quality,
            "angles": dict(zip(ANGLES, prediction.angles.tolist(), strict=True)),
            "points": {name: [*place, score] for name, place, score in rows},
        }

    def draw(self, data: Any, prediction: FaceQuality) -> Any:
        from utils.draw.face import draw_turned
        from utils.preprocess.image import upright

        return draw_turned(upright(data), prediction.points, prediction.angles)
