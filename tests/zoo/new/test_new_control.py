"""zoo new for networks that play an environment of Gymnasium, named by its id."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

NETWORKS = """import torch
from torch import nn
def acrobot(): return nn.Sequential(nn.Linear(6, 8), nn.Tanh(), nn.Linear(8, 3))
def three(): return nn.Linear(4, 3)
def frozen(): return nn.Linear(16, 4)
def pendulum(): return nn.Sequential(nn.Linear(3, 8), nn.ReLU(), nn.Linear(8, 1), nn.Tanh())
class Strong(nn.Module):
    def __init__(self):
        super().__init__(); self.layer = nn.Linear(3, 1)
    def forward(self, x): return self.layer(x) * 0 + 2
def strong(): return Strong()
def grid(): return nn.Sequential(nn.Flatten(), nn.Linear(9, 2))
"""
MAZE = """import gymnasium
import numpy as np
from gymnasium import spaces
class Maze(gymnasium.Env):
    observation_space, action_space = spaces.Box(0, 1, (3, 3), np.float32), spaces.Discrete(2)
    def reset(self, seed=None, options=None):
        super().reset(seed=seed)
        self.left = 5
        return self.np_random.random((3, 3), dtype=np.float32), {}
    def step(self, action):
        self.left -= 1
        return self.np_random.random((3, 3), dtype=np.float32), float(action), self.left == 0, False, {}
gymnasium.register("Maze-v0", Maze, max_episode_steps=50)
"""


@pytest.fixture(autouse=True)
def modules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody's networks in the current folder, and an installed module that registers an environment."""
    (tmp_path / "players_for_test.py").write_text(NETWORKS)
    (tmp_path / "installed").mkdir()
    (tmp_path / "installed/mazes_for_test.py").write_text(MAZE)
    monkeypatch.syspath_prepend(str(tmp_path / "installed"))
    monkeypatch.delitem(sys.modules, "players_for_test", raising=False)


def of(name: str) -> str:
    return f"players_for_test:{name}"


def control(environment: str) -> tuple[str, ...]:
    return ("--task", "control", "--environment", environment)


def test_a_network_that_values_actions(made: Any, tmp_path: Path) -> None:
    assert made.new("reinforcement/own", of("acrobot"), *control("Acrobot-v1")) == 0
    made.assert_in_style("reinforcement/own")
    model = made.model("reinforcement/own")
    assert (model.task.environment, model.task.continuous) == ("Acrobot-v1", False)
    assert (model.part.inputs[0].shape, model.part.outputs[0].shape) == (("batch", 6), ("batch", 3))
    assert len(list((model.folder / "demos").iterdir())) == 3
    assert "gymnasium" in (model.folder / "requirements.txt").read_text()
    made.exported("reinforcement/own", tmp_path / "out", "--weights", "random")


def test_states_that_are_choices(made: Any, tmp_path: Path) -> None:
    assert made.new("reinforcement/own", of("frozen"), *control("FrozenLake-v1")) == 0
    made.assert_green("reinforcement/own")


def test_actions_that_are_numbers(made: Any) -> None:
    assert made.new("reinforcement/own", of("pendulum"), *control("Pendulum-v1")) == 0
    made.assert_in_style("reinforcement/own")
    task = made.model("reinforcement/own").task
    assert task.continuous
    assert task.agreement.__qualname__.startswith("ContinuousControl")


def test_an_environment_of_a_module(made: Any, capfd: pytest.CaptureFixture[str]) -> None:
    assert made.new("reinforcement/own", of("grid"), *control("mazes_for_test:Maze-v0")) == 0
    assert "left to do: name the package that brings the module mazes_for_test" in capfd.readouterr().out
    made.assert_in_style("reinforcement/own")
    model = made.model("reinforcement/own")
    assert model.part.inputs[0].shape == ("batch", 3, 3)
    (first, *_) = model.task.dataset(model.sample.folder())
    assert first.data.environment == "mazes_for_test:Maze-v0"


@pytest.mark.parametrize(
    ("name", "words", "said"),
    [
        ("acrobot", ("--task", "control"), "needs --environment: an id of Gymnasium's registry"),
        ("acrobot", control("Acrobat-v1"), "did you mean Acrobot-v1"),
        ("acrobot", control("no_such_module:Maze-v0"), "there is no module no_such_module"),
        ("acrobot", control("CartPole-v1"), "CartPole-v1 has observations [4] and 2 actions"),
        (
            "three",
            control("CartPole-v1"),
            "gives [N, 3]; CartPole-v1 has observations [4] and 2 actions: one output [N, 2]",
        ),
        ("grid", control("mazes_for_test:Mazes-v0"), "did you mean Maze-v0"),
        ("frozen", control("Taxi-v4"), "Taxi-v4 has observations [500] and 6 actions"),
        ("pendulum", control("Blackjack-v1"), "observations Tuple"),
        ("frozen", (*control("FrozenLake-v1"), "--size", "32"), "has no use for --size; it takes --environment"),
        ("frozen", ("--environment", "FrozenLake-v1"), "has no use for --environment"),
        ("strong", control("Pendulum-v1"), "gives actions up to 2; from -1 to 1 is expected"),
    ],
)
def test_what_cannot_be_played(made: Any, name: str, words: tuple[str, ...], said: str) -> None:
    assert said in made.refused(of(name), *words)
