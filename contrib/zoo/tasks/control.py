"""Control: a network that values the actions of an environment plays episodes of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from utils.datasets.episodes import EPISODE_SUFFIXES, Episode, Episodes, read_episodes
from utils.datasets.sample import Sample
from utils.environments import Rollout, play, wander
from utils.metrics.returns import MeanReturn, agreement
from zoo.task import Run, Task, as_list
from zoo_core.errors import DataError

# Random steps from the start of an episode to the observation on which runtimes are compared.
_STEPS = 20
DRAWN = ("CartPole-v0", "CartPole-v1")


@dataclass(frozen=True)
class Control(Task):
    """environment: the id in Gymnasium's registry of the one that the network plays. returns: the least and the largest
    return that an episode can have.

    A sample is an `Episode`, or the path of a file that names exactly one. Its prediction is the `Rollout` in which the
    network took the action that it valued highest in every step.
    """

    environment: str
    returns: tuple[float, float]

    suffixes = EPISODE_SUFFIXES
    data_name = "episode"
    continuous = False  # whether actions are numbers within limits
    picture_suffix = ".gif"

    @property
    def source_identity(self) -> str:
        return f"Gymnasium {self.environment}, greedy actions"

    def preprocess(self, data: Any, out: tuple[np.ndarray, ...] | None = None) -> tuple[tuple[np.ndarray, ...], Any]:
        """An observation of the episode, for comparing tensors: the one after some random steps."""
        found = wander(self._episode(data), _STEPS, self.continuous)
        if out is None:
            return (found,), None
        np.copyto(out[0], found, casting="same_kind")
        return out, None

    def postprocess(self, outputs: list[np.ndarray], metas: list[Any]) -> list[Any]:
        """The actions, counted from 0."""
        return [int(action) for action in _best(outputs[0])]

    def play(self, engine: Run, samples: Sequence[Sample]) -> list[Rollout]:
        """All episodes together: one call of the engine a step, for those that are not over yet."""
        episodes = [self._episode(sample.data) for sample in samples]
        return play(lambda observations: _best(as_list(engine([observations]))[0]), episodes)

    def dataset(self, root: Path) -> Sequence[Sample]:
        found = Episodes(root)
        for sample in found:
            self._episode(sample.data)
        return found

    def samples_in(self, path: Path) -> list[Sample]:
        return [Sample(f"{path.name}:{one.seed}", self._episode(one)) for one in read_episodes(path)]

    def metric(self) -> MeanReturn:
        return MeanReturn(*self.returns)

    def agreement(self, one: Rollout, other: Rollout) -> bool:
        return agreement(one, other)

    def describe(self, prediction: Rollout, topk: int) -> str:
        ended = "time limit" if prediction.limited else "ended by the environment"
        return f"return {prediction.total:g} in {len(prediction.actions)} steps ({ended})"

    def to_json(self, prediction: Rollout) -> dict[str, Any]:
        return {
            "return": prediction.total,
            "steps": len(prediction.actions),
            "time_limit": prediction.limited,
            "actions": prediction.actions.tolist(),
        }

    def draw(self, data: Any, prediction: Rollout) -> Any:
        """The episode as an animation. Raises DataError for an environment that has no drawing."""
        if self.environment not in DRAWN:
            raise DataError(f"there is no drawing for episodes of {self.environment}, only for {', '.join(DRAWN)}.")
        from utils.draw.cartpole import draw_cartpole

        return draw_cartpole(prediction.observations, prediction.rewards, prediction.limited, self.environment)

    def _episode(self, data: Any) -> Episode:
        """Raises DataError for an episode of another environment."""
        if not isinstance(data, Episode):
            found = read_episodes(data)
            if len(found) != 1:
                raise DataError(f"{data}: names {len(found)} episodes, one is expected here.")
            (data,) = found
        if data.environment != self.environment:
            raise DataError(
                f"this network plays {self.environment}; an episode of {data.environment} (seed {data.seed}) was given."
            )
        return data


def _best(values: np.ndarray) -> np.ndarray:
    """The most valued action of each row. Raises DataError for values that are not finite."""
    if not np.isfinite(values).all():
        raise DataError("the network values an action with NaN or infinity; in float16 this is often an overflow.")
    return values.argmax(axis=1)
