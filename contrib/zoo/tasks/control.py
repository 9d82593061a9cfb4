"""Control: a network that values the actions of an environment plays episodes of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from math import inf
from pathlib import Path
from typing import Any

import numpy as np

from utils.datasets.episodes import EPISODE_SUFFIXES, Episode, Episodes, named, read_episodes, write_episodes
from utils.datasets.sample import Sample
from utils.environments import Rollout, play, wander
from utils.gymnasium_environment import registered, spaces_of
from utils.metrics.returns import MeanReturn, agreement
from zoo.task import Run, Task, as_list
from zoo_core.errors import DataError

# Random steps from the start of an episode to the observation on which runtimes are compared.
_STEPS = 20
EPISODES = "episodes.json"
# What has a drawing of its own, which needs no game library
_CARTPOLES = ("CartPole-v0", "CartPole-v1")


@dataclass(frozen=True)
class Control(Task):
    """environment: the id in Gymnasium's registry of the one that the network was made for. returns: the least and the
    largest return that an episode of it can have, where that is known.

    A sample is an `Episode`, or the path of a file that names exactly one; of another environment too, where its
    observations and actions have the same shapes. Its prediction is the `Rollout` in which the network took the action
    that it valued highest in every step.
    """

    environment: str
    returns: tuple[float, float] = (-inf, inf)

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

        def policy(observations: np.ndarray) -> np.ndarray:
            return self._acted(as_list(engine([observations]))[0], episodes[0].environment)

        return play(policy, episodes, self.continuous)

    def _acted(self, values: np.ndarray, environment: str) -> np.ndarray:
        """What is done in each row. Raises DataError for as many values as the environment has no actions."""
        expected = spaces_of(environment).actions
        if values.shape[1:] != expected:
            raise DataError(
                f"the network gives {list(values.shape[1:])} numbers an observation; {environment} takes "
                f"{list(expected)}. Is this the checkpoint of another model?"
            )
        return self._actions(values)

    def _actions(self, values: np.ndarray) -> np.ndarray:
        return _best(values)

    def made(self, text: str) -> Callable[[Path], None] | None:
        """gym:NAME and gym:NAME@N: episodes of an environment by its name, which a module that is named registers."""
        said = named(text)
        if said is None:
            return None
        name, count = said
        if name != self.environment:
            self._require_fit(name)
            name = registered(name)
        return partial(_write, environment=name, count=count)

    def dataset(self, root: Path) -> Sequence[Sample]:
        found = Episodes(root)
        for sample in found:
            self._episode(sample.data)
        several = sorted({sample.data.environment for sample in found})
        if len(several) > 1:
            raise DataError(
                f"{root}: holds episodes of {' and '.join(several)}; a mean return is that of one environment."
            )
        return found

    def samples_in(self, path: Path) -> list[Sample]:
        return [Sample(f"{path.name}:{one.seed}", self._episode(one)) for one in read_episodes(path)]

    def metric(self) -> MeanReturn:
        """Without the range of `returns`: episodes may be of another environment."""
        return MeanReturn()

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
        """The episode as an animation: drawn here, where there is a drawing of this environment; else by the
        environment's own rendering; where that needs a package that is missing, as lines of its numbers."""
        from utils.draw.episode import draw_episode

        return self._drawn(prediction) or draw_episode(self._episode(data), prediction)

    def _drawn(self, rollout: Rollout) -> Any:
        """By a drawing of our own; None where there is none of this environment."""
        name = rollout.environment or self.environment
        if name not in _CARTPOLES:
            return None
        from utils.draw.cartpole import draw_cartpole

        return draw_cartpole(rollout.observations, rollout.rewards, rollout.limited, name)

    def _episode(self, data: Any) -> Episode:
        """Raises DataError for an episode of an environment that this network cannot play."""
        if not isinstance(data, Episode):
            found = read_episodes(data)
            if len(found) != 1:
                raise DataError(f"{data}: names {len(found)} episodes, one is expected here.")
            (data,) = found
        if data.environment != self.environment:
            if ":" in data.environment:
                raise DataError(
                    f"this network plays {self.environment}; an episode of {data.environment} (seed {data.seed}) was "
                    "given, which names a module. Data import no module: name it yourself, as --data_path "
                    f"gym:{data.environment}."
                )
            self._require_fit(data.environment)
        return data

    def _require_fit(self, name: str) -> None:
        """Raise DataError where another environment than the network's own has other spaces than that one."""
        try:
            found, expected = spaces_of(name), spaces_of(self.environment)
        except DataError as error:
            raise DataError(f"this network plays {self.environment}; of {name}: {error}") from error
        if found != expected:
            raise DataError(
                f"this network plays {self.environment} and what is like it: {expected}. {name} has {found}. A network "
                "for it gets a folder by: zoo new reinforcement/MODEL --task control --environment "
                f"{name} --from SOURCE"
            )


def _write(folder: Path, environment: str, count: int) -> None:
    write_episodes(folder / EPISODES, environment, range(count))


def _best(values: np.ndarray) -> np.ndarray:
    """The most valued action of each row. Raises DataError for values that are not finite."""
    if not np.isfinite(values).all():
        raise DataError("the network values an action with NaN or infinity; in float16 this is often an overflow.")
    return values.argmax(axis=1)
