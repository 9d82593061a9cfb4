"""Playing episodes in environments of Gymnasium, many at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import numpy as np

from utils.datasets.episodes import Episode
from utils.gymnasium_environment import observed, open_environment
from zoo_core.errors import DataError, told

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
        environment: its id; "" where nobody says it.
    """

    observations: np.ndarray
    actions: np.ndarray
    rewards: np.ndarray
    limited: bool
    environment: str = ""

    @property
    def total(self) -> float:
        """The return: the sum of the rewards, not discounted."""
        return float(self.rewards.sum())


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


def pictures(episode: Episode, rollout: Rollout, every: int) -> list[np.ndarray]:
    """What the environment shows of an episode that was played: it is played again, and drawn by its own rendering.

    Args:
        rollout: what was played.
        every: steps a picture; the last step has one in any case.

    Returns:
        uint8 [H, W, 3] each.

    Raises:
        DataError: the environment draws no pictures, needs another package for it, or goes another way this time.
    """
    continuous = rollout.actions.dtype.kind == "f"
    with ExitStack() as stack:
        environment = open_environment(episode.environment, continuous, render_mode="rgb_array")
        stack.callback(environment.close)
        try:
            found = list(_shown(environment, episode, rollout, every))
        except Exception as error:
            # rendering is somebody's own code: of Gymnasium's environments it misses pygame as often as not
            raise DataError(f"environment {episode.environment} cannot be drawn: {told(error)}") from error
    if not all(isinstance(one, np.ndarray) and one.dtype == np.uint8 and one.ndim == 3 for one in found):
        raise DataError(f"environment {episode.environment} gives no pictures when it is drawn.")
    return found


def _shown(environment: Any, episode: Episode, rollout: Rollout, every: int) -> Iterator[Any]:
    observation, _ = environment.reset(seed=episode.seed)
    yield environment.render()
    first = int(getattr(environment.action_space, "start", 0))
    for step, action in enumerate(rollout.actions, start=1):
        done = action if rollout.actions.dtype.kind == "f" else first + int(action)
        observation, *_ = environment.step(done)
        if not np.array_equal(observed(environment.observation_space, observation), rollout.observations[step]):
            raise DataError(f"step {step} led elsewhere than it did when the episode was played.")
        if step % every == 0 or step == len(rollout.actions):
            yield environment.render()


class _Run:
    """One episode while it is played."""

    continuous = False

    def __init__(self, stack: ExitStack, episode: Episode):
        self._episode = episode
        self._actions: list[Any] = []
        self._rewards: list[float] = []
        self._limited = False
        self.over = False
        self._environment = open_environment(episode.environment, self.continuous)
        stack.callback(self._environment.close)
        self._space, self._seen = self._environment.action_space, self._environment.observation_space
        observation, _ = self._called(self._environment.reset, seed=episode.seed)
        self.observations = [observed(self._seen, observation)]

    def any_action(self, random: np.random.RandomState) -> Any:
        """One by chance."""
        return random.randint(int(self._space.n))

    def step(self, action: Any) -> None:
        """Do one action, and note what comes of it; DataError where there is no such action."""
        taken, done = self._checked(action)
        observation, reward, ended, limited, _ = self._called(self._environment.step, done)
        self.observations.append(observed(self._seen, observation))
        self._actions.append(taken)
        self._rewards.append(float(reward))
        self.over = bool(ended or limited)
        self._limited = bool(limited and not ended)

    def rollout(self) -> Rollout:
        return Rollout(
            np.stack(self.observations),
            np.array(self._actions),
            np.array(self._rewards, np.float64),
            self._limited,
            self._episode.environment,
        )

    def _called(self, method: Callable[..., Any], *given: Any, **named: Any) -> Any:
        """What a method of the environment returns. Raises DataError where it fails: it is somebody's own code."""
        try:
            return method(*given, **named)
        except Exception as error:
            name, seed, step = self._episode.environment, self._episode.seed, len(self._rewards)
            raise DataError(f"environment {name} fails in step {step} of seed {seed}: {told(error)}") from error

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
