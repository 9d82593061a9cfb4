"""Playing episodes in environments of Gymnasium, many at a time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import numpy as np

from utils.datasets.episodes import Episode
from zoo_core.errors import DataError

# float32 [episodes, …] observations in, int [episodes] actions out
Policy = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True, eq=False)
class Rollout:
    """What happened in one episode.

    Attributes:
        observations: float32 [steps + 1, …], the first before the first action.
        actions: int64 [steps].
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


def open_environment(name: str) -> Any:
    """A new gymnasium.Env with Box observations and Discrete actions, which is what a network of Q values can play.

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
    observed, acted = environment.observation_space, environment.action_space
    if not isinstance(observed, spaces.Box) or not isinstance(acted, spaces.Discrete):
        environment.close()
        raise DataError(
            f"environment {name} has observations {type(observed).__name__} and actions {type(acted).__name__}; "
            "supported are Box observations with Discrete actions."
        )
    return environment


def play(policy: Policy, episodes: Sequence[Episode]) -> list[Rollout]:
    """Play all episodes to their ends, together: one call of the policy a step, for those that are not over yet.

    Raises:
        DataError: as open_environment; the policy's actions are none of the environment's.
    """
    with ExitStack() as stack:
        runs = [_Run(stack, episode) for episode in episodes]
        going = runs
        while going:
            actions = policy(np.stack([run.observations[-1] for run in going]))
            for run, action in zip(going, actions, strict=True):
                run.step(int(action))
            going = [run for run in going if not run.over]
    return [run.rollout() for run in runs]


def wander(episode: Episode, most: int) -> np.ndarray:
    """The observation, float32, after up to `most` random steps: their number and the actions follow from the seed,
    and an episode that ends before gives the observation before its end."""
    random = np.random.RandomState(episode.seed % 2**32)
    with ExitStack() as stack:
        run = _Run(stack, episode)
        for _ in range(random.randint(most + 1)):
            run.step(random.randint(run.actions_known))
            if run.over:
                return run.observations[-2]
        return run.observations[-1]


class _Run:
    """One episode while it is played."""

    def __init__(self, stack: ExitStack, episode: Episode):
        self._environment = open_environment(episode.environment)
        stack.callback(self._environment.close)
        self._first = int(self._environment.action_space.start)
        self.actions_known = int(self._environment.action_space.n)
        observation, _ = self._environment.reset(seed=episode.seed)
        self.observations = [np.asarray(observation, np.float32)]
        self._actions: list[int] = []
        self._rewards: list[float] = []
        self._limited = False
        self.over = False

    def step(self, action: int) -> None:
        """Do one action, counted from 0, and note what comes of it; DataError where there is no such action."""
        if not 0 <= action < self.actions_known:
            raise DataError(f"action {action}: the environment has {self.actions_known}.")
        observation, reward, ended, limited, _ = self._environment.step(self._first + action)
        self.observations.append(np.asarray(observation, np.float32))
        self._actions.append(action)
        self._rewards.append(float(reward))
        self.over = bool(ended or limited)
        self._limited = bool(limited and not ended)

    def rollout(self) -> Rollout:
        return Rollout(
            np.stack(self.observations), np.array(self._actions, np.int64), np.array(self._rewards), self._limited
        )
