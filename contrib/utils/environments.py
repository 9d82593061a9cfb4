"""Playing episodes in environments of Gymnasium, many at a time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import numpy as np

from utils.datasets.episodes import Episode
from zoo_core.errors import DataError

# float32 [episodes, …] observations in; int [episodes] actions out, or float [episodes, …] where they are continuous
Policy = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True, eq=False)
class Rollout:
    """What happened in one episode.

    Attributes:
        observations: float32 [steps + 1, …], the first before the first action.
        actions: int64 [steps]; float32 [steps, …] where they are continuous.
        rewards: float64 [steps].
        limited: whether the time limit ended it, and not the environment itself.
    """

    observations: np.ndarray
    actions: np.ndarray
    rewards: np.ndarray
    limited: bool

    @property
    def total(self) -> float:
        """The return: the sum of the rewards, not discounted."""
        return float(self.rewards.sum())


def open_environment(name: str, continuous: bool = False) -> Any:
    """A new gymnasium.Env with Box observations and Discrete actions, which is what a network of Q values can play.

    Args:
        name: its id in Gymnasium's registry.
        continuous: whether it is one with Box actions, all within limits.

    Raises:
        DataError: Gymnasium is not installed, does not know the environment, needs another package for it, or the
            environment has other spaces.
    """
    try:
        import gymnasium
    except ModuleNotFoundError as error:
        raise DataError(
            f"{name} is an environment of Gymnasium, which is not installed: pip install gymnasium"
        ) from error
    try:
        environment = gymnasium.make(name)
    except gymnasium.error.DependencyNotInstalled as error:
        raise DataError(f"environment {name} is not installed: {error}") from error
    except (gymnasium.error.Error, ModuleNotFoundError) as error:
        raise DataError(
            f"Gymnasium has no environment {name} ({error}). Is the package that brings it installed?"
        ) from error
    spaces = gymnasium.spaces
    observed: Any = environment.observation_space
    acted: Any = environment.action_space
    expected: Any = spaces.Box if continuous else spaces.Discrete
    if not isinstance(observed, spaces.Box) or not isinstance(acted, expected):
        environment.close()
        raise DataError(
            f"environment {name} has observations {type(observed).__name__} and actions {type(acted).__name__}; "
            f"supported are Box observations with {expected.__name__} actions."
        )
    if continuous and not np.isfinite([acted.low, acted.high]).all():
        environment.close()
        raise DataError(f"environment {name} has actions without limits; supported are those that have some.")
    return environment


def play(policy: Policy, episodes: Sequence[Episode], continuous: bool = False) -> list[Rollout]:
    """Play all episodes to their ends, together: one call of the policy a step, for those that are not over yet.

    Args:
        policy: says what is done. A continuous action is from -1 to 1 in each place, which stand for the least and the
            largest that the environment takes there.
        episodes: of one environment.
        continuous: whether its actions are.

    Raises:
        DataError: as open_environment; the policy's actions are none of the environment's.
    """
    kind = _ContinuousRun if continuous else _Run
    with ExitStack() as stack:
        runs = [kind(stack, episode) for episode in episodes]
        going = runs
        while going:
            actions = policy(np.stack([run.observations[-1] for run in going]))
            for run, action in zip(going, actions, strict=True):
                run.step(action)
            going = [run for run in going if not run.over]
    return [run.rollout() for run in runs]


def wander(episode: Episode, most: int, continuous: bool = False) -> np.ndarray:
    """The observation, float32, after up to `most` random steps: their number and the actions follow from the seed,
    and an episode that ends before gives the observation before its end."""
    random = np.random.RandomState(episode.seed % 2**32)
    with ExitStack() as stack:
        run = (_ContinuousRun if continuous else _Run)(stack, episode)
        for _ in range(random.randint(most + 1)):
            run.step(run.any_action(random))
            if run.over:
                return run.observations[-2]
        return run.observations[-1]


class _Run:
    """One episode while it is played."""

    continuous = False

    def __init__(self, stack: ExitStack, episode: Episode):
        self._environment = open_environment(episode.environment, self.continuous)
        stack.callback(self._environment.close)
        self._space = self._environment.action_space
        observation, _ = self._environment.reset(seed=episode.seed)
        self.observations = [np.asarray(observation, np.float32)]
        self._actions: list[Any] = []
        self._rewards: list[float] = []
        self._limited = False
        self.over = False

    def any_action(self, random: np.random.RandomState) -> Any:
        """One by chance."""
        return random.randint(int(self._space.n))

    def step(self, action: Any) -> None:
        """Do one action, and note what comes of it; DataError where there is no such action."""
        taken, done = self._checked(action)
        observation, reward, ended, limited, _ = self._environment.step(done)
        self.observations.append(np.asarray(observation, np.float32))
        self._actions.append(taken)
        self._rewards.append(float(reward))
        self.over = bool(ended or limited)
        self._limited = bool(limited and not ended)

    def rollout(self) -> Rollout:
        return Rollout(
            np.stack(self.observations), np.array(self._actions), np.array(self._rewards, np.float64), self._limited
        )

    def _checked(self, action: Any) -> tuple[Any, Any]:
        """The action as it is noted, counted from 0, and as the environment counts it."""
        known = int(self._space.n)
        if not 0 <= int(action) < known:
            raise DataError(f"action {action}: the environment has {known}.")
        return int(action), int(self._space.start) + int(action)


class _ContinuousRun(_Run):
    """One whose actions are numbers within limits."""

    continuous = True

    def any_action(self, random: np.random.RandomState) -> Any:
        return random.uniform(-1, 1, self._space.shape)

    def _checked(self, action: Any) -> tuple[Any, Any]:
        """The action as the environment takes it, twice."""
        asked, low, high = np.asarray(action, np.float32), self._space.low, self._space.high
        if asked.shape != low.shape or not (np.abs(asked) <= 1 + 1e-3).all():
            raise DataError(f"action {asked.tolist()}: the environment takes {list(low.shape)} numbers from -1 to 1.")
        done = np.clip(low + (asked + 1) / 2 * (high - low), low, high).astype(np.float32)
        return done, done
