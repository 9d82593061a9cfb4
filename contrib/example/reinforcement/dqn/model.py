"""DQN, which balances a pole on a cart, and published agents of Stable-Baselines3 for three environments."""

from functools import partial
from pathlib import Path
from typing import Any

from zoo.family import Family
from zoo.frameworks.torch_file import read_state
from zoo.libraries.agents import PLACES, Trained, agent, layers, normalisation
from zoo.model import Model, Published

HERE = Path(__file__).resolve().parent
TRAINED = {
    "dqn_cartpole": Trained("ccc861976abff3770a914fd055a3af26d63c45f6a8c97645208c868f165f8be0", 500.0, 0.0),
    "dqn_mountain_car": Trained("8a75f829814e47c8bae16f1266a42debd359268fd70cb88203f7896e452b4fd0", -100.849, 9.925),
    "dqn_acrobot": Trained("b772df8faf1f196f879ad6b8af4afbad1a1f037ba363dc790ace458a551d7def", -76.639, 11.752),
    "ppo_cartpole": Trained("9f93c31469aeaa33e1fef9993dec7edfe007df907318b2943cfa6fa829fd8c95", 500.0, 0.0),
    "ppo_mountain_car": Trained(
        "757adb48762d4f3beb4ffb698de197b76d39754a2e3ca7bee04d569d0bdc3db2",
        -110.423,
        19.473,
        "86552c9a8ba3cf7c3b61eeff51c1f669f4a2b795d2e5a1ff0c387c6b50170201",
    ),
    "ppo_acrobot": Trained(
        "da004db86551a2580e5ae24a2072191b96d20ba24e80f7d42d26c2ba0ec3021d",
        -73.506,
        18.201,
        "26cc62f6a8a6116dbace73c32025dc5925db3a4fe37f12a8bb0b1844de5f3391",
    ),
    "a2c_cartpole": Trained("040e90e04547a7f1ac1416e35614e84d023fa6720371257ed81eb7d90229b541", 500.0, 0.0),
    "a2c_mountain_car": Trained(
        "bf2e54aad87bd7dcdbf68fd2bae846fd5ed68f4790a4a9f0fc41fdc4de66c953",
        -111.263,
        24.087,
        "d8a67a5ac415db7f3a368fff9a595e5c7d6826c9ef8662e79167fef9a9a38747",
    ),
    "a2c_acrobot": Trained(
        "62e23ce25aaf48dbd69c5d12ebf98a01f65c238ea1856e20daf812145e7bdd22",
        -83.353,
        17.213,
        "7202187c78d1b4d8e2f70ae64fbccb2137d1e80ce6429601394dc6262e02e36d",
    ),
}


def build(variant: str) -> Any:
    """[N, features] float32 to [N, actions]: the values of the actions, or (PPO, A2C) the logits of taking them."""
    from torch import nn

    algorithm, _, place = variant.partition("_")
    said = PLACES[place or "cartpole"]
    hidden = {"dqn": 256 if place else 128}.get(algorithm, 64)
    normalised = bool(TRAINED[variant].normalisation) if place else False
    activation = nn.ReLU if algorithm == "dqn" else nn.Tanh
    return layers((said.features, hidden, hidden, said.actions), activation, normalised=normalised)


def convert(path: Path, *more: Path) -> dict[str, Any]:
    """An agent's policy.pth in the names of this network: what decides only, without what values states or is followed
    in training. more: vecnormalize.pkl, where there is one."""
    first = len(more)  # a normalisation is the first layer
    heads = {"q_net.q_net.": first, "mlp_extractor.policy_net.": first, "action_net.": first + 4}
    found: dict[str, Any] = dict(normalisation(more))
    for name, tensor in read_state(path).items():
        for head, place in heads.items():
            if name.startswith(head):
                layer, _, kind = name.removeprefix(head).rpartition(".")
                found[f"{place + int(layer or 0)}.{kind}"] = tensor
    return found


def model(variant: str) -> Model:
    """What is known of a variant: an algorithm, and for published agents the environment."""
    algorithm, _, place = variant.partition("_")
    own: dict[str, Any] = {}
    if not place:
        where = "Gymnasium's registry: the mean return at which CartPole-v1 is solved"
        own["published"] = Published("mean_return", 475.0, where)
    return agent(
        algorithm,
        place or "cartpole",
        TRAINED.get(variant),
        1.1 if algorithm == "dqn" else 0.1,
        convert,
        build=partial(build, variant),
        source="written for this repository after the papers; published agents: Stable-Baselines3",
        paper="Mnih et al., Human-level control through deep reinforcement learning, 2015; van Hasselt et al., Deep "
        "Reinforcement Learning with Double Q-learning, 2016; Schulman et al., Proximal Policy Optimization, 2017; "
        "Mnih et al., Asynchronous Methods for Deep Reinforcement Learning, 2016",
        **own,
    )


MODEL = Family(
    domain="reinforcement",
    name="dqn",
    title="DQN, PPO, A2C",
    framework="pytorch",
    folder=HERE,
    names=("dqn", *TRAINED),
    offline="dqn",
    make=model,
)
