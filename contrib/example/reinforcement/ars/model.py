"""Published agents of Stable-Baselines3 that Augmented Random Search trained."""

from functools import partial
from pathlib import Path
from typing import Any

from zoo.family import Family
from zoo.frameworks.torch_file import read_state
from zoo.libraries.agents import PLACES, Trained, agent, layers, normalisation
from zoo.model import Model

HERE = Path(__file__).resolve().parent
HIDDEN = 16
LINEAR = "cartpole"  # the agent that is one matrix
TRAINED = {
    "cartpole": Trained(
        "cc0ac34e3972e585574ba7876aa307dedb0a5e6f5438e3224d27e801c43c0e10",
        500.0,
        0.0,
    ),
    "mountain_car": Trained(
        "34b334fd65d771adbf8b9d74430947af017fb05f4ecfd26e57e1f28f876ef233",
        -122.0,
        33.456,
        "9bcf60594ac41199d00f2ca8b35e1f74287a0e09460aa1ea4591203cadccb1da",
    ),
    "acrobot": Trained(
        "2ea62f99c6fb9218801f9115e84000e717aba231d65d1f17d788428d48af02e3",
        -82.884,
        23.825,
        "883f5b5e0f418572dff134d0826c373555555417c625762ecee6083f8cec2b7b",
    ),
    "pendulum": Trained(
        "b1c7640a5e580fb006267b003f2714a6b4d83224fb9a11d12feb19d8da28bb12",
        -212.54,
        160.444,
        "1a7b8b973faa9b76af077cc41c1d6ca08ac1333faefda9f5a57e9d1d58526335",
    ),
    "mountain_car_continuous": Trained(
        "a2377ae8ff3c18ebf703f4a716d09e0c0cb21e5f637abcaa286c47d38337cdc4",
        96.672,
        0.784,
        "0d2222d6b0fb43d14a9fc257de343b923e96fcbf586b0fb4413cbbfd5186b357",
    ),
}


def build(variant: str) -> Any:
    """[N, features] float32 to [N, actions]: a number for each action, of which the largest is taken, or (continuous)
    the action from -1 to 1."""
    from torch import nn

    place = PLACES[variant]
    hidden = () if variant == LINEAR else (HIDDEN,)
    return layers(
        (place.features, *hidden, place.actions),
        nn.ReLU,
        normalised=bool(TRAINED[variant].normalisation),
        bias=variant != LINEAR,
        last=(nn.Tanh(),) if place.continuous else (),
    )


def convert(path: Path, *more: Path) -> dict[str, Any]:
    """An agent's policy.pth in the names of this network. more: vecnormalize.pkl, where there is one."""
    found: dict[str, Any] = dict(normalisation(more))
    for name, tensor in read_state(path).items():
        layer, _, kind = name.removeprefix("action_net.").rpartition(".")
        found[f"{len(more) + int(layer or 0)}.{kind}"] = tensor  # a normalisation is the first layer
    return found


def model(variant: str) -> Model:
    """What is known of a variant, which is an environment."""
    return agent(
        "ars",
        variant,
        TRAINED[variant],
        0.02,
        convert,
        build=partial(build, variant),
        source="written for this repository after the paper; published agents: Stable-Baselines3",
        paper="Mania et al., Simple random search provides a competitive approach to reinforcement learning, 2018",
    )


MODEL = Family(
    domain="reinforcement",
    name="ars",
    title="ARS",
    framework="pytorch",
    folder=HERE,
    names=tuple(TRAINED),
    make=model,
)
