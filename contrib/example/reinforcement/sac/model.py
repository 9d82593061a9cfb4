"""Published agents of Stable-Baselines3 that SAC trained, whose actions are continuous."""

from functools import partial
from pathlib import Path
from typing import Any

from engine.spec import TensorSpec
from utils.datasets.references import LISTINGS, episodes
from utils.datasets.samples.held_out import write_held_out
from zoo.errors import ZooError
from zoo.family import Family
from zoo.frameworks.torch_file import read_state
from zoo.model import Model, Part, Pretrained, Published, ReferenceData, SampleData
from zoo.tasks.continuous_control import ContinuousControl

HERE = Path(__file__).resolve().parent
HIDDEN, LIMIT = 64, 2.0  # units of a layer; what an agent with state-dependent noise cuts its means at
AGENTS = "DLR-RM/rl-trained-agents/cd35bde610f4045bf2e0731c8f4c88d22df8fc85"
# variant: environment, features of an observation, the least and the largest return, digest of policy.pth in the zip,
# the mean return in the source's table, and its spread
TRAINED = {
    "pendulum": (
        "Pendulum-v1",
        3,
        (-3255.0, 0.0),
        "5bc76eb3c51829d5fa953bbba69e42329f9b5c61bceea7cb3b9836fa38c224f6",
        -156.995,
        88.714,
    ),
    "mountain_car_continuous": (
        "MountainCarContinuous-v0",
        2,
        (-99.9, 100.0),
        "fb405f4e69508d165cfc3e036a7e4cebb09e2fcff8051f1a71e41a6405931eaa",
        94.679,
        1.134,
    ),
}


def build(variant: str) -> Any:
    """[N, features] float32 to [N, 1] float32: the most probable action, from -1 to 1."""
    from torch import nn

    features = TRAINED[variant][1]
    first = (nn.Linear(features, HIDDEN), nn.ReLU(), nn.Linear(HIDDEN, HIDDEN), nn.ReLU())
    return nn.Sequential(*first, nn.Linear(HIDDEN, 1), nn.Hardtanh(-LIMIT, LIMIT), nn.Tanh())


def convert(path: Path) -> dict[str, Any]:
    """An agent's policy.pth in the names of this network: the actor's layers, without what values states."""
    heads = {"actor.latent_pi.0.": "0.", "actor.latent_pi.2.": "2.", "actor.mu.0.": "4."}
    found = {
        f"{place}{name.removeprefix(head)}": tensor
        for name, tensor in read_state(path).items()
        for head, place in heads.items()
        if name.startswith(head)
    }
    if len(found) != 2 * len(heads):
        raise ZooError(f"{path}: an actor of two layers with state-dependent noise is expected, found {sorted(found)}")
    return found


def model(variant: str) -> Model:
    """What is known of a variant, which is an environment."""
    environment, features, returns, digest, value, spread = TRAINED[variant]
    where = "benchmark.md of rl-baselines3-zoo, episodes of 150,000 steps"
    address = f"https://raw.githubusercontent.com/{AGENTS}/sac/{environment}_1/{environment}.zip"
    return Model(
        build=partial(build, variant),
        parts=(
            Part(
                inputs=(TensorSpec("input", "float32", ("batch", features)),),
                outputs=(TensorSpec("output", "float32", ("batch", 1)),),
            ),
        ),
        task=ContinuousControl(environment, returns),
        sample=SampleData(variant, 1, partial(write_held_out, environment=environment), f"episodes of {environment}"),
        source="written for this repository after the paper; published agents: Stable-Baselines3",
        licence="BSD-3-Clause; Gymnasium, published agents: MIT",
        paper="Haarnoja et al., Soft Actor-Critic, 2018; Raffin et al., Smooth Exploration for Robotic Reinforcement "
        "Learning, 2021",
        pretrained=Pretrained(address, 0.2, digest, member="policy.pth", licence="MIT", convert=convert),
        published=Published("mean_return", value, where, decimals=3, spread=spread),
        reference=ReferenceData(
            f"{variant}_episodes",
            f"{environment}, seeds 0 to 99",
            LISTINGS / "nothing.tsv",
            partial(episodes.arrange, environment=environment),
            "made",
            len(episodes.SEEDS),
        ),
        demos=None if variant == "pendulum" else HERE / f"demos_{variant}",
    )


MODEL = Family(
    domain="reinforcement",
    name="sac",
    title="SAC",
    framework="pytorch",
    folder=HERE,
    names=tuple(TRAINED),
    make=model,
)
