"""Environments by name: what an id means, what cannot be played and why, and how an episode is drawn."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gymnasium
import numpy as np
import pytest

from utils.datasets.episodes import Episode, named
from utils.draw.episode import MOST_FRAMES, WIDTH, draw_episode
from utils.environments import Rollout, pictures, play, wander
from utils.gymnasium_environment import LONGEST, open_environment, registered, spaces_of
from zoo_core.errors import DataError

MODULE = '''"""A module of somebody's, which registers environments."""
import gymnasium
import numpy as np
from gymnasium import spaces


class Corridor(gymnasium.Env):
    """Walk to the right: 5 places, drawn as pictures of 8 x 8."""

    metadata = {"render_modes": ["rgb_array"], "render_fps": 4}

    def __init__(self, render_mode=None, first=0, wrong=""):
        self.render_mode, self.wrong = render_mode, wrong
        self.observation_space = spaces.Box(0, 5, (2,), np.float32)
        self.action_space = spaces.Discrete(2, start=first)
        if wrong == "made":
            raise ValueError("no map of the corridor")

    def _seen(self):
        return np.zeros(3 if self.wrong == "shape" else 2, np.float32) + self.place

    def reset(self, seed=None, options=None):
        super().reset(seed=seed)
        self.place = int(self.np_random.integers(2))
        return self._seen(), {}

    def step(self, action):
        if self.wrong == "step" and self.place == 3:
            raise RuntimeError("the floor gave way")
        self.place = max(self.place + (1 if action == self.action_space.start + 1 else -1), 0)
        return self._seen(), 1.0 if self.place >= 4 else 0.0, self.place >= 4, False, {}

    def render(self):
        shown = np.zeros((8, 8, 3), np.uint8)
        shown[:, min(self.place, 7)] = 255
        return shown


class Room(Corridor):
    """Its actions are whole numbers, or have no limits."""

    def __init__(self, render_mode=None, limits=False):
        super().__init__(render_mode)
        limit = 1 if limits else np.inf
        self.action_space = spaces.Box(-limit, limit, (2,), np.float32)


class Steps(Corridor):
    def __init__(self, render_mode=None):
        super().__init__(render_mode)
        self.action_space = spaces.Box(-3, 3, (2,), np.int64)


for name, kind, more in (
    ("Corridor", Corridor, {}), ("FromFive", Corridor, {"first": 5}), ("Falling", Corridor, {"wrong": "step"}),
    ("Other", Corridor, {"wrong": "shape"}), ("Unmade", Corridor, {"wrong": "made"}), ("Endless", Room, {}),
    ("Steps", Steps, {}),
):
    gymnasium.register(f"{name}OfTest-v0", entry_point=kind, max_episode_steps=20, kwargs=more)
gymnasium.register("LongOfTest-v0", entry_point=Corridor)
'''


@pytest.fixture(autouse=True)
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A module that is installed, and registers environments when it is imported."""
    (tmp_path / "corridors_of_test.py").write_text(MODULE)
    (tmp_path / "broken_of_test.py").write_text("raise OSError('no licence server')\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    yield "corridors_of_test"
    sys.modules.pop("corridors_of_test", None)
    for name in [name for name in gymnasium.registry if "OfTest" in name]:
        del gymnasium.registry[name]
    spaces_of.cache_clear()


def right(observations: np.ndarray) -> np.ndarray:
    return np.ones(len(observations), np.int64)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("CartPole-v1", "observations [4] and 2 actions"),
        ("MountainCarContinuous-v0", "observations [2] and actions of [1] numbers"),
        ("FrozenLake-v1", "observations [16] and 4 actions"),
        ("CliffWalking-v1", "observations [48] and 4 actions"),
        ("corridors_of_test:CorridorOfTest-v0", "observations [2] and 2 actions"),
    ],
)
def test_what_a_network_is_given_and_says(name: str, said: str) -> None:
    assert str(spaces_of(name)) == said


def test_a_module_registers_its_environments() -> None:
    assert registered("corridors_of_test:CorridorOfTest-v0") == "CorridorOfTest-v0"
    (one,) = play(right, [Episode("CorridorOfTest-v0", 3)])
    (same,) = play(right, [Episode("corridors_of_test:CorridorOfTest-v0", 3)])
    assert (one.total, one.limited, one.environment) == (1.0, False, "CorridorOfTest-v0")
    assert np.array_equal(one.observations, same.observations)
    (from_five,) = play(right, [Episode("FromFiveOfTest-v0", 3)])
    assert np.array_equal(from_five.observations, one.observations)
    assert set(from_five.actions.tolist()) == {1}


def test_choices_are_seen_as_places() -> None:
    """As Stable-Baselines3 gives them to a network: 1 at the place of the state, 0 elsewhere."""
    found = wander(Episode("FrozenLake-v1", 1), 0)
    assert found.tolist() == [1.0] + [0.0] * 15
    (one,) = play(right, [Episode("FrozenLake-v1", seed) for seed in (7,)])
    assert one.observations.shape[1:] == (16,)
    assert (one.observations.sum(axis=1) == 1).all()


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("CartPol-v1", "did you mean CartPole-v1"),
        ("cartpole-v1", "did you mean CartPole-v1"),
        ("Pendulum-v9", "did you mean Pendulum-v1"),
        ("corridors_of_test:CorridorsOfTest-v0", "did you mean CorridorOfTest-v0"),
        ("ALE/Pong-v5", "pip install ale-py, and name it with its module, ale_py:ALE/Pong-v5"),
        ("no_such_module:Maze-v0", "there is no module no_such_module. Is the package that brings it installed"),
        ("broken_of_test:Maze-v0", "importing broken_of_test fails: OSError: no licence server"),
        ("corridors_of_test:UnmadeOfTest-v0", "fails when it is made: ValueError: no map of the corridor"),
        ("corridors_of_test:EndlessOfTest-v0", "actions without limits"),
        ("corridors_of_test:StepsOfTest-v0", "actions of whole numbers"),
        ("Blackjack-v1", "observations Tuple and actions Discrete; supported are Box or Discrete observations"),
        ("", "no environment"),
    ],
)
def test_environments_that_cannot_be_had(name: str, said: str) -> None:
    with pytest.raises(DataError) as caught:
        spaces_of(name)
    assert said in str(caught.value)


def test_an_extra_that_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    for package in ("Box2D", "mujoco"):
        monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(DataError, match=r'LunarLander-v3 is not installed.*pip install "gymnasium\[box2d\]"'):
        spaces_of("LunarLander-v3")


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("Falling", r"FallingOfTest-v0 fails in step \d of seed 4: RuntimeError: the floor gave way"),
        ("Other", r"gave an observation \[3\], and said that they are \[2\]"),
    ],
)
def test_environments_that_fail_while_they_are_played(name: str, said: str) -> None:
    with pytest.raises(DataError, match=said):
        play(right, [Episode(f"corridors_of_test:{name}OfTest-v0", 4)])


def test_an_episode_without_a_time_limit_ends(caplog: pytest.LogCaptureFixture) -> None:
    environment = open_environment("corridors_of_test:LongOfTest-v0")
    assert environment.spec.max_episode_steps == LONGEST == 27_000
    assert "has no time limit; an episode ends here after 27000 steps" in caplog.text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("gym:CartPole-v1", ("CartPole-v1", 100)),
        ("gym:CartPole-v1@7", ("CartPole-v1", 7)),
        ("gym:my_module:ALE/Maze-v0@20", ("my_module:ALE/Maze-v0", 20)),
        ("episodes.json", None),
        ("folder/gym:x", None),
    ],
)
def test_names_in_the_place_of_a_path(text: str, expected: Any) -> None:
    assert named(text) == expected


@pytest.mark.parametrize(
    "text", ["gym:", "gym:@5", "gym:A-v0@", "gym:A-v0@0", "gym:A-v0@-1", "gym:A-v0@x", "gym:A@9999999"]
)
def test_names_that_are_wrong(text: str) -> None:
    with pytest.raises(DataError, match="gym:NAME is an environment of Gymnasium"):
        named(text)


def test_an_environment_that_draws_itself() -> None:
    episode = Episode("corridors_of_test:CorridorOfTest-v0", 2)
    (one,) = play(right, [episode])
    found = pictures(episode, one, every=2)
    assert len(found) == len({*range(0, len(one.actions) + 1, 2), len(one.actions)})
    assert found[-1][0, 4].tolist() == [255, 255, 255]
    drawn = draw_episode(episode, one)
    assert len(drawn.frames) == len(one.actions) + 1
    assert drawn.frames[0].size[0] == WIDTH


def test_an_episode_that_goes_another_way_is_not_drawn_wrongly() -> None:
    episode = Episode("corridors_of_test:CorridorOfTest-v0", 2)
    (one,) = play(right, [episode])
    other = Rollout(one.observations + 1, one.actions, one.rewards, one.limited, one.environment)
    with pytest.raises(DataError, match="led elsewhere"):
        pictures(episode, other, every=1)


@pytest.mark.parametrize(
    ("name", "actions"), [("Acrobot-v1", 3), ("FrozenLake-v1", 4), ("MountainCarContinuous-v0", 0)]
)
def test_numbers_are_drawn_where_the_game_library_is_missing(
    monkeypatch: pytest.MonkeyPatch, name: str, actions: int, tmp_path: Path
) -> None:
    from PIL import Image

    monkeypatch.setitem(sys.modules, "pygame", None)
    random = np.random.RandomState(0)

    def policy(seen: np.ndarray) -> np.ndarray:
        return random.randint(actions, size=len(seen)) if actions else random.uniform(-1, 1, (len(seen), 1))

    episode = Episode(name, 3)
    (one,) = play(policy, [episode], continuous=not actions)
    draw_episode(episode, one).save(tmp_path / "a.gif")
    with Image.open(tmp_path / "a.gif") as file:
        assert (file.format, file.size[0]) == ("GIF", WIDTH)
        assert 2 <= file.n_frames <= MOST_FRAMES + 2
        first = np.asarray(file.convert("RGB"))
        file.seek(file.n_frames - 1)
        assert not np.array_equal(first, np.asarray(file.convert("RGB")))
