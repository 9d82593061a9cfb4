"""DQN, which balances a pole on a cart."""

from functools import partial
from pathlib import Path
from typing import Any

from engine.spec import TensorSpec
from utils.datasets.samples.cartpole import ENVIRONMENT, write_cartpole
from zoo.family import Family
from zoo.model import Model, Part, Published, SampleData
from zoo.tasks.control import Control

HIDDEN = 128


def build(variant: str) -> Any:
    """[N, 4] float32 (position, speed, angle, speed of the angle) to [N, 2], the values of pushing left and right."""
    from torch import nn

    return nn.Sequential(
        nn.Linear(4, HIDDEN),
        nn.ReLU(),
        nn.Linear(HIDDEN, HIDDEN),
        nn.ReLU(),
        nn.Linear(HIDDEN, 2),
    )


PUBLISHED = {
    "dqn": Published("mean_return", 475.0, "Gymnasium's registry: the mean return at which CartPole-v1 is solved"),
}


def model(variant: str) -> Model:
    """What is known of a variant."""
    return Model(
        build=partial(build, variant),
        parts=(
            Part(
                inputs=(TensorSpec("input", "float32", ("batch", 4)),),
                outputs=(TensorSpec("output", "float32", ("batch", 2)),),
            ),
        ),
        task=Control(ENVIRONMENT, returns=(1.0, 500.0)),
        sample=SampleData("cartpole", 1, write_cartpole, "episodes of CartPole"),
        source="written for this repository after the papers",
        licence="BSD-3-Clause; Gymnasium: MIT",
        paper="Mnih et al., Human-level control through deep reinforcement learning, 2015; van Hasselt et al., Deep "
        "Reinforcement Learning with Double Q-learning, 2016",
        published=PUBLISHED.get(variant),
    )


MODEL = Family(
    domain="reinforcement",
    name="dqn",
    title="DQN",
    framework="pytorch",
    folder=Path(__file__).resolve().parent,
    names=("dqn",),
    make=model,
)
