"""Published agents of Stable-Baselines3 that SAC trained, whose actions are continuous."""

from functools import partial
from pathlib import Path
from typing import Any

from zoo.errors import ZooError
from zoo.family import Family
from zoo.frameworks.torch_file import read_state
from zoo.libraries.agents import PLACES, Trained, agent, layers
from zoo.model import Model

HERE = Path(__file__).resolve().parent
HIDDEN, LIMIT = 64, 2.0  # units of a layer; what an agent with state-dependent noise cuts its means at
TRAINED = {
    "pendulum": Trained("5bc76eb3c51829d5fa953bbba69e42329f9b5c61bceea7cb3b9836fa38c224f6", -156.995, 88.714),
    "mountain_car_continuous": Trained(
        "fb405f4e69508d165cfc3e036a7e4cebb09e2fcff8051f1a71e41a6405931eaa", 94.679, 1.134
    ),
}


def build(variant: str) -> Any:
    """[N, features] float32 to [N, 1] float32: the most probable action, from -1 to 1."""
    from torch import nn

    sizes = (PLACES[variant].features, HIDDEN, HIDDEN, PLACES[variant].actions)
    return layers(sizes, nn.ReLU, last=(nn.Hardtanh(-LIMIT, LIMIT), nn.Tanh()))


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
    return agent(
        "sac",
        variant,
        TRAINED[variant],
        0.2,
        convert,
        build=partial(build, variant),
        source="written for this repository after the paper; published agents: Stable-Baselines3",
        paper="Haarnoja et al., Soft Actor-Critic, 2018; Raffin et al., Smooth Exploration for Robotic Reinforcement "
        "Learning, 2021",
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
