"""Agents that Stable-Baselines3's authors trained, as `Model`s: environments, layers, weights and figures."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

from engine.spec import TensorSpec
from utils.datasets.references import LISTINGS, episodes
from utils.datasets.samples.held_out import write_held_out
from utils.stable_baselines import read_normalisation
from zoo.errors import ZooError
from zoo.fetching.remote import Remote
from zoo.model import Model, Part, Pretrained, Published, ReferenceData, SampleData
from zoo.tasks.continuous_control import ContinuousControl
from zoo.tasks.control import Control

from .classifier import DEMOS

_OWN = "cartpole"  # its demos are in the models' folders
LIMIT = 10.0  # Stable-Baselines3's clip_obs
_AGENTS = "DLR-RM/rl-trained-agents/cd35bde610f4045bf2e0731c8f4c88d22df8fc85"
_TABLE = "benchmark.md of rl-baselines3-zoo, episodes of 150,000 steps"


@dataclass(frozen=True)
class Place:
    """environment: the id in Gymnasium's registry. features: of an observation. actions: how many there are to choose
    from, or how many numbers an action is made of. returns: the least and the largest of an episode."""

    environment: str
    features: int
    actions: int
    returns: tuple[float, float]
    continuous: bool = False


PLACES = {
    "cartpole": Place("CartPole-v1", 4, 2, (1.0, 500.0)),
    "mountain_car": Place("MountainCar-v0", 2, 3, (-200.0, 0.0)),
    "acrobot": Place("Acrobot-v1", 6, 3, (-500.0, 0.0)),
    "pendulum": Place("Pendulum-v1", 3, 1, (-3255.0, 0.0), continuous=True),
    "mountain_car_continuous": Place("MountainCarContinuous-v0", 2, 1, (-99.9, 100.0), continuous=True),
}


@dataclass(frozen=True)
class Trained:
    """A published agent.

    Attributes:
        policy: SHA-256 of policy.pth in its zip.
        value: its mean return in the source's table.
        spread: the standard deviation beside it, of single episodes.
        normalisation: SHA-256 of vecnormalize.pkl beside the zip, where it normalises observations.
    """

    policy: str
    value: float
    spread: float
    normalisation: str = ""


def agent(algorithm: str, place: str, trained: Trained | None, megabytes: float, convert: Any, **rest: Any) -> Model:
    """A network from observations float32 [N, features] to what it says of actions, float32 [N, actions].

    Args:
        algorithm: the folder of the published agents, such as "ppo".
        place: a key of `PLACES`.
        trained: the published agent; None where there is none.
        megabytes: of its zip.
        convert: from policy.pth, and vecnormalize.pkl where there is one, to this network's names.
        rest: the other fields of the `Model`.
    """
    said = PLACES[place]
    fields: dict[str, Any] = {
        "parts": (
            Part(
                inputs=(TensorSpec("input", "float32", ("batch", said.features)),),
                outputs=(TensorSpec("output", "float32", ("batch", said.actions)),),
            ),
        ),
        "task": (ContinuousControl if said.continuous else Control)(said.environment, said.returns),
        "sample": SampleData(
            place, 1, partial(write_held_out, environment=said.environment), f"episodes of {said.environment}"
        ),
        "licence": "BSD-3-Clause; Gymnasium, published agents: MIT",
        "demos": None if place == _OWN else DEMOS.parent / "episodes" / place,
    }
    if trained:
        fields["pretrained"] = _pretrained(algorithm, said, trained, megabytes, convert)
        fields["published"] = Published(
            "mean_return",
            trained.value,
            _TABLE,
            decimals=3,
            spread=2 * trained.spread / len(episodes.SEEDS) ** 0.5,
            spread_of=f"two standard errors of a mean over {len(episodes.SEEDS)} episodes, by the spread of the source",
        )
        fields["reference"] = ReferenceData(
            f"{place}_episodes",
            f"{said.environment}, seeds 0 to 99",
            LISTINGS / "nothing.tsv",
            partial(episodes.arrange, environment=said.environment),
            "made",
            len(episodes.SEEDS),
        )
    return Model(**(fields | rest))


def _pretrained(algorithm: str, place: Place, trained: Trained, megabytes: float, convert: Any) -> Pretrained:
    """A file of the agent's zip, and another beside the zip where it normalises observations."""
    folder = f"https://raw.githubusercontent.com/{_AGENTS}/{algorithm}/{place.environment}_1"
    normalisation = Remote(f"{folder}/{place.environment}/vecnormalize.pkl", sha256=trained.normalisation)
    return Pretrained(
        f"{folder}/{place.environment}.zip",
        megabytes,
        trained.policy,
        member="policy.pth",
        licence="MIT",
        convert=convert,
        beside=(normalisation,) if trained.normalisation else (),
    )


def layers(
    sizes: Sequence[int],
    activation: Callable[[], Any],
    *,
    normalised: bool = False,
    bias: bool = True,
    last: Sequence[Any] = (),
) -> Any:
    """Linear layers between `sizes`, torch.

    Args:
        sizes: features of an observation, of each hidden layer, and actions.
        activation: what makes the one between two of them.
        normalised: whether observations are normalised first.
        bias: whether the linear layers have one.
        last: what follows them.
    """
    from torch import nn

    found: list[Any] = [_normalised(sizes[0])] if normalised else []
    for size, following in pairwise(sizes):
        found += [nn.Linear(size, following, bias=bias), activation()]
    return nn.Sequential(*found[:-1], *last)


def _normalised(features: int) -> Any:
    import torch

    class Normalised(torch.nn.Module):
        """(observation - mean) / deviation, within ±LIMIT."""

        def __init__(self) -> None:
            super().__init__()
            self.mean: torch.Tensor
            self.deviation: torch.Tensor
            self.register_buffer("mean", torch.zeros(features))
            self.register_buffer("deviation", torch.ones(features))

        def forward(self, observations: torch.Tensor) -> torch.Tensor:
            return ((observations - self.mean) / self.deviation).clamp(-LIMIT, LIMIT)

    return Normalised()


def normalisation(files: Sequence[Path]) -> Iterator[tuple[str, Any]]:
    """Names and arrays of a network's first layer, from an agent's vecnormalize.pkl, where there is one.

    Raises:
        DataError: a file is none.
        ZooError: it cuts observations otherwise than this network does.
    """
    for file in files:
        said = read_normalisation(file)
        if said.limit != LIMIT:
            raise ZooError(f"{file} cuts observations at {said.limit:g}, this network at {LIMIT:g}")
        yield "0.mean", said.mean.astype("float32")
        yield "0.deviation", said.deviation.astype("float32")
