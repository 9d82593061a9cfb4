"""DQN, which balances a pole on a cart, and published agents of Stable-Baselines3 for three environments."""

from functools import partial
from pathlib import Path
from typing import Any

from engine.spec import TensorSpec
from utils.datasets.references import LISTINGS, episodes
from utils.datasets.samples.held_out import write_held_out
from utils.stable_baselines import read_normalisation
from zoo.catalogue import beside
from zoo.errors import ZooError
from zoo.family import Family
from zoo.fetching.remote import Remote
from zoo.frameworks.torch_file import read_state
from zoo.model import Model, Part, Pretrained, Published, ReferenceData, SampleData
from zoo.tasks.control import Control

HERE = Path(__file__).resolve().parent
# environment: features of an observation, actions, the least and the largest return
ENVIRONMENTS = {
    "cartpole": ("CartPole-v1", 4, 2, (1.0, 500.0)),
    "mountain_car": ("MountainCar-v0", 2, 3, (-200.0, 0.0)),
    "acrobot": ("Acrobot-v1", 6, 3, (-500.0, 0.0)),
}
AGENTS = "DLR-RM/rl-trained-agents/cd35bde610f4045bf2e0731c8f4c88d22df8fc85"
# digest of policy.pth in the zip; digest of vecnormalize.pkl; the mean return in the source's table, and its spread
TRAINED = {
    "dqn_cartpole": ("ccc861976abff3770a914fd055a3af26d63c45f6a8c97645208c868f165f8be0", "", 500.0, 0.0),
    "dqn_mountain_car": ("8a75f829814e47c8bae16f1266a42debd359268fd70cb88203f7896e452b4fd0", "", -100.849, 9.925),
    "dqn_acrobot": ("b772df8faf1f196f879ad6b8af4afbad1a1f037ba363dc790ace458a551d7def", "", -76.639, 11.752),
    "ppo_cartpole": ("9f93c31469aeaa33e1fef9993dec7edfe007df907318b2943cfa6fa829fd8c95", "", 500.0, 0.0),
    "ppo_mountain_car": (
        "757adb48762d4f3beb4ffb698de197b76d39754a2e3ca7bee04d569d0bdc3db2",
        "86552c9a8ba3cf7c3b61eeff51c1f669f4a2b795d2e5a1ff0c387c6b50170201",
        -110.423,
        19.473,
    ),
    "ppo_acrobot": (
        "da004db86551a2580e5ae24a2072191b96d20ba24e80f7d42d26c2ba0ec3021d",
        "26cc62f6a8a6116dbace73c32025dc5925db3a4fe37f12a8bb0b1844de5f3391",
        -73.506,
        18.201,
    ),
    "a2c_cartpole": ("040e90e04547a7f1ac1416e35614e84d023fa6720371257ed81eb7d90229b541", "", 500.0, 0.0),
    "a2c_mountain_car": (
        "bf2e54aad87bd7dcdbf68fd2bae846fd5ed68f4790a4a9f0fc41fdc4de66c953",
        "d8a67a5ac415db7f3a368fff9a595e5c7d6826c9ef8662e79167fef9a9a38747",
        -111.263,
        24.087,
    ),
    "a2c_acrobot": (
        "62e23ce25aaf48dbd69c5d12ebf98a01f65c238ea1856e20daf812145e7bdd22",
        "7202187c78d1b4d8e2f70ae64fbccb2137d1e80ce6429601394dc6262e02e36d",
        -83.353,
        17.213,
    ),
}


def build(variant: str) -> Any:
    """[N, features] float32 to [N, actions]: the values of the actions, or (PPO, A2C) the logits of taking them."""
    from torch import nn

    algorithm, _, place = variant.partition("_")
    _, features, actions, _ = ENVIRONMENTS[place or "cartpole"]
    hidden = {"dqn": 256 if place else 128}.get(algorithm, 64)
    normalised = bool(TRAINED[variant][1]) if place else False
    activation = nn.ReLU if algorithm == "dqn" else nn.Tanh
    return beside(__file__, "network").layers((features, hidden, hidden, actions), activation, normalised)


def convert(path: Path, *more: Path) -> dict[str, Any]:
    """An agent's policy.pth in the names of this network: what decides only, without what values states or is followed
    in training. more: vecnormalize.pkl, where there is one."""
    first = len(more)  # a normalisation is the first layer
    heads = {"q_net.q_net.": first, "mlp_extractor.policy_net.": first, "action_net.": first + 4}
    found: dict[str, Any] = {}
    for name, tensor in read_state(path).items():
        for head, place in heads.items():
            if name.startswith(head):
                layer, _, kind = name.removeprefix(head).rpartition(".")
                found[f"{place + int(layer or 0)}.{kind}"] = tensor
    for file in more:
        said = read_normalisation(file)
        limit = beside(__file__, "network").LIMIT
        if said.limit != limit:
            raise ZooError(f"{file} cuts observations at {said.limit:g}, this network at {limit:g}")
        found["0.mean"] = said.mean.astype("float32")
        found["0.deviation"] = said.deviation.astype("float32")
    return found


def pretrained(variant: str) -> Pretrained | None:
    """Where an agent is: a file of its zip, and another beside the zip where it normalises observations."""
    if variant not in TRAINED:
        return None
    policy, normalisation, *_ = TRAINED[variant]
    algorithm, _, place = variant.partition("_")
    name = ENVIRONMENTS[place][0]
    folder = f"https://raw.githubusercontent.com/{AGENTS}/{algorithm}/{name}_1"
    return Pretrained(
        f"{folder}/{name}.zip",
        1.1 if algorithm == "dqn" else 0.1,
        policy,
        member="policy.pth",
        licence="MIT",
        convert=convert,
        beside=(Remote(f"{folder}/{name}/vecnormalize.pkl", sha256=normalisation),) if normalisation else (),
    )


def published(variant: str) -> Published:
    """The figure that the source states."""
    if variant not in TRAINED:
        return Published("mean_return", 475.0, "Gymnasium's registry: the mean return at which CartPole-v1 is solved")
    *_, value, spread = TRAINED[variant]
    where = "benchmark.md of rl-baselines3-zoo, episodes of 150,000 steps"
    return Published("mean_return", value, where, decimals=3, spread=spread)


def model(variant: str) -> Model:
    """What is known of a variant: an algorithm, and for published agents the environment."""
    place = variant.partition("_")[2] or "cartpole"
    environment, features, actions, returns = ENVIRONMENTS[place]
    return Model(
        build=partial(build, variant),
        parts=(
            Part(
                inputs=(TensorSpec("input", "float32", ("batch", features)),),
                outputs=(TensorSpec("output", "float32", ("batch", actions)),),
            ),
        ),
        task=Control(environment, returns),
        sample=SampleData(place, 1, partial(write_held_out, environment=environment), f"episodes of {environment}"),
        source="written for this repository after the papers; published agents: Stable-Baselines3",
        licence="BSD-3-Clause; Gymnasium, published agents: MIT",
        paper="Mnih et al., Human-level control through deep reinforcement learning, 2015; van Hasselt et al., Deep "
        "Reinforcement Learning with Double Q-learning, 2016; Schulman et al., Proximal Policy Optimization, 2017; "
        "Mnih et al., Asynchronous Methods for Deep Reinforcement Learning, 2016",
        pretrained=pretrained(variant),
        published=published(variant),
        reference=ReferenceData(
            f"{place}_episodes",
            f"{environment}, seeds 0 to 99",
            LISTINGS / "nothing.tsv",
            partial(episodes.arrange, environment=environment),
            "made",
            len(episodes.SEEDS),
        )
        if variant in TRAINED
        else None,
        demos=None if place == "cartpole" else HERE / f"demos_{place}",
    )


MODEL = Family(
    domain="reinforcement",
    name="dqn",
    title="DQN, PPO, A2C",
    framework="pytorch",
    folder=HERE,
    names=("dqn", *TRAINED),
    make=model,
)
