"""Episodes with continuous actions: playing them, what can be wrong, what two runtimes may differ by, the animation."""

from __future__ import annotations

from pathlib import Path

import gymnasium
import numpy as np
import pytest

from utils.datasets.episodes import Episode
from utils.datasets.sample import Sample
from utils.draw.pendulum import SIDE, draw_pendulum
from utils.environments import Rollout, play, wander
from utils.gymnasium_environment import open_environment
from zoo.tasks.continuous_control import ContinuousControl
from zoo_core.errors import DataError

PENDULUM, CAR = "Pendulum-v1", "MountainCarContinuous-v0"


def damped(observations: np.ndarray) -> np.ndarray:
    return np.clip(-observations[:, 2:] / 4 - observations[:, 1:2] / 2, -1, 1)


def test_actions_are_scaled_to_the_limits() -> None:
    (found,) = play(damped, [Episode(PENDULUM, 7)], continuous=True)
    environment = gymnasium.make(PENDULUM)
    observation, _ = environment.reset(seed=7)
    total, over = 0.0, False
    while not over:
        action = 2 * damped(np.asarray(observation, np.float32)[None])[0]  # the torque is -2 to 2
        observation, reward, ended, limited, _ = environment.step(action)
        total, over = total + float(reward), ended or limited
    assert found.total == pytest.approx(total, rel=1e-5)
    assert (found.actions.shape, found.actions.dtype, found.limited) == ((200, 1), np.float32, True)
    assert np.abs(found.actions).max() <= 2


def test_episodes_together_are_those_alone() -> None:
    episodes = [Episode(PENDULUM, seed) for seed in (1, 2)]
    together = [one.total for one in play(damped, episodes, continuous=True)]
    assert together == [play(damped, [one], continuous=True)[0].total for one in episodes]
    assert np.array_equal(wander(episodes[0], 20, True), wander(episodes[0], 20, True))


@pytest.mark.parametrize(
    ("action", "said"), [([[1.5]], "from -1 to 1"), ([[np.nan]], "from -1 to 1"), ([[0.1, 0.2]], "numbers")]
)
def test_actions_that_there_are_not(action: list[list[float]], said: str) -> None:
    with pytest.raises(DataError, match=said):
        play(lambda _: np.array(action), [Episode(PENDULUM, 1)], continuous=True)


def test_environments_of_the_other_kind() -> None:
    with pytest.raises(
        DataError, match="actions Box; supported are Box or Discrete observations with Discrete actions"
    ):
        open_environment(PENDULUM)
    with pytest.raises(DataError, match="supported are Box or Discrete observations with Box actions"):
        open_environment("CartPole-v1", continuous=True)


def test_the_task_plays_and_compares(tmp_path: Path) -> None:
    task = ContinuousControl(PENDULUM, (-3255.0, 0.0))
    (found,) = task.play(lambda arrays: damped(arrays[0]), [Sample("a", Episode(PENDULUM, 3))])
    assert task.describe(found, 1).startswith("return -")
    near = Rollout(found.observations, found.actions, found.rewards + 32 / 200, True)
    far = Rollout(found.observations, found.actions, found.rewards + 34 / 200, True)
    assert task.agreement(found, near)
    assert not task.agreement(found, far)
    with pytest.raises(DataError, match="NaN"):
        task.postprocess([np.array([[np.nan]])], [None])
    with pytest.raises(DataError, match="this network plays Pendulum-v1"):
        task.preprocess(Episode(CAR, 1))
    elsewhere = Rollout(found.observations, found.actions, found.rewards, True, CAR)
    slower = Rollout(found.observations, found.actions, found.rewards * 1.02, True, CAR)
    assert task.agreement(elsewhere, elsewhere)
    assert not task.agreement(elsewhere, slower)  # the range of another environment's returns says nothing of it
    assert not ContinuousControl(CAR).agreement(elsewhere, slower)


def test_an_animation_of_a_pendulum(tmp_path: Path) -> None:
    from PIL import Image

    states = np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 1.0], [-1.0, 0.0, 1.0], [0.0, -1.0, 1.0]])
    draw_pendulum(states, np.array([2.0, -2.0, 0.0]), np.zeros(3)).save(tmp_path / "a.gif")
    with Image.open(tmp_path / "a.gif") as file:
        assert (file.size, file.n_frames, file.info["duration"]) == ((SIDE, SIDE), 3, 100)
