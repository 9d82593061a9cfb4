"""Control by continuous actions: a network that says how much of each action is done plays episodes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from utils.environments import Rollout
from zoo.tasks.control import Control
from zoo_core.errors import DataError

# Part of the range of returns, or of the return where that is not known, within which two runtimes mean the same: each
# of their actions is rounded otherwise.
_SAME = 0.01
_PENDULUMS = ("Pendulum-v1",)


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

    def _actions(self, values: np.ndarray) -> np.ndarray:
        return _actions(values)

    def agreement(self, one: Rollout, other: Rollout) -> bool:
        low, high = self.returns
        known = np.isfinite([low, high]).all() and one.environment in ("", self.environment)
        return abs(one.total - other.total) <= _SAME * (high - low if known else max(abs(one.total), abs(other.total)))

    def _drawn(self, rollout: Rollout) -> Any:
        if (rollout.environment or self.environment) not in _PENDULUMS:
            return None
        from utils.draw.pendulum import draw_pendulum

        return draw_pendulum(rollout.observations, rollout.actions[:, 0], rollout.rewards)


def _actions(values: np.ndarray) -> np.ndarray:
    """Raises DataError for values that are not finite."""
    if not np.isfinite(values).all():
        raise DataError("the network's action is NaN or infinite; in float16 this is often an overflow.")
    return np.asarray(values, np.float32)
