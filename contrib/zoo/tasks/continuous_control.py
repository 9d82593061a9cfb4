"""Control by continuous actions: a network that says how much of each action is done plays episodes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from utils.datasets.sample import Sample
from utils.environments import Rollout, play
from zoo.task import Run, as_list
from zoo.tasks.control import Control
from zoo_core.errors import DataError

# Part of the range of returns within which two runtimes mean the same: each of their actions is rounded otherwise.
_SAME = 0.01
DRAWN = ("Pendulum-v1",)


@dataclass(frozen=True)
class ContinuousControl(Control):
    """The network's output, [N, actions], is from -1 to 1: from the least to the largest that the environment takes."""

    continuous = True

    @property
    def source_identity(self) -> str:
        return f"Gymnasium {self.environment}, the most probable actions"

    def postprocess(self, outputs: list[np.ndarray], metas: list[Any]) -> list[np.ndarray]:
        """The actions, float32 [actions] each."""
        return list(_actions(outputs[0]))

    def play(self, engine: Run, samples: Sequence[Sample]) -> list[Rollout]:
        """All episodes together: one call of the engine a step, for those that are not over yet."""
        episodes = [self._episode(sample.data) for sample in samples]
        return play(lambda observations: _actions(as_list(engine([observations]))[0]), episodes, continuous=True)

    def agreement(self, one: Rollout, other: Rollout) -> bool:
        low, high = self.returns
        return abs(one.total - other.total) <= _SAME * (high - low)

    def draw(self, data: Any, prediction: Rollout) -> Any:
        """The episode as an animation. Raises DataError for an environment that has no drawing."""
        if self.environment not in DRAWN:
            raise DataError(f"there is no drawing for episodes of {self.environment}, only for {', '.join(DRAWN)}.")
        from utils.draw.pendulum import draw_pendulum

        return draw_pendulum(prediction.observations, prediction.actions[:, 0], prediction.rewards)


def _actions(values: np.ndarray) -> np.ndarray:
    """Raises DataError for values that are not finite."""
    if not np.isfinite(values).all():
        raise DataError("the network's action is NaN or infinite; in float16 this is often an overflow.")
    return np.asarray(values, np.float32)
