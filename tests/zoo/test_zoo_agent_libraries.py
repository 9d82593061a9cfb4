"""What Stable-Baselines3 does in the same states with the same agents, where it is installed (make sources)."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from zoo.catalogue import load
from zoo.fetching.mirror import VARIABLE
from zoo.libraries.agents import PLACES
from zoo.weights import find_weights

MIRROR = os.environ.get(VARIABLE) or next(
    (str(one / "shared/real") for one in Path(__file__).resolve().parents if (one / "shared/real").is_dir()), ""
)
AGENTS = Path(MIRROR, "raw.githubusercontent.com/DLR-RM/rl-trained-agents/cd35bde610f4045bf2e0731c8f4c88d22df8fc85")
VARIANTS = [
    f"{name}/{variant}"
    for name in ("dqn", "sac", "ars")
    for variant in load(f"reinforcement/{name}").variants
    if variant != "dqn"
]


@pytest.mark.parametrize("name", VARIANTS)
def test_it_acts_alike(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    family, _, variant = name.partition("/")
    algorithm, place = variant.split("_", 1) if family == "dqn" else (family, variant)
    environment = PLACES[place].environment
    folder = AGENTS / algorithm / f"{environment}_1"
    if not (folder / f"{environment}.zip").is_file():
        pytest.skip(f"the agents are in no folder {VARIABLE}, nor in ../shared/real")
    library = pytest.importorskip("sb3_contrib" if algorithm == "ars" else "stable_baselines3")
    agent = _agent(getattr(library, algorithm.upper()), folder / f"{environment}.zip", place)
    monkeypatch.setenv(VARIABLE, MIRROR)
    states = _states(place)
    expected = agent.predict(
        _normal(states, folder / environment / "vecnormalize.pkl", place, monkeypatch), deterministic=True
    )[0]
    found = _outputs(load(f"reinforcement/{family}").variant(variant), states)
    if PLACES[place].continuous:
        high = agent.action_space.high
        np.testing.assert_allclose(np.clip(found, -1, 1) * high, expected, rtol=0, atol=1e-5)
    else:
        assert found.argmax(1).tolist() == expected.tolist()
        assert len(set(expected.tolist())) > 1


def _agent(algorithm: Any, path: Path, place: str) -> Any:
    """The published agent; spaces and schedules of an older library, which loading cannot unpack, are given anew."""
    import gymnasium

    environment = gymnasium.make(PLACES[place].environment)
    new = {
        "observation_space": environment.observation_space,
        "action_space": environment.action_space,
        "lr_schedule": lambda _: 0.0,
        "clip_range": lambda _: 0.0,
        "exploration_schedule": lambda _: 0.0,
        "learning_rate": 0.0,
        "delta_std": 0.1,
    }
    return algorithm.load(path, custom_objects=new, device="cpu")


def _states(place: str) -> np.ndarray:
    """Observations of episodes in which chance acts, float32 [N, features]."""
    import gymnasium

    environment = gymnasium.make(PLACES[place].environment)
    environment.action_space.seed(0)
    found = []
    for seed in range(10):
        found.append(environment.reset(seed=seed)[0])
        for _ in range(20):
            found.append(environment.step(environment.action_space.sample())[0])
    return np.stack(found).astype(np.float32)


def _normal(states: np.ndarray, path: Path, place: str, monkeypatch: pytest.MonkeyPatch) -> np.ndarray:
    """As the library's own VecNormalize makes them, whose file names the spaces of gym, which is gymnasium now."""
    if not path.is_file():
        return states
    import gymnasium
    from stable_baselines3.common.vec_env import DummyVecEnv, VecNormalize

    for name in ("", ".spaces", ".spaces.box", ".spaces.discrete"):
        monkeypatch.setitem(sys.modules, f"gym{name}", sys.modules[f"gymnasium{name}"])
    environment = DummyVecEnv([lambda: gymnasium.make(PLACES[place].environment)])
    return VecNormalize.load(str(path), environment).normalize_obs(states)


def _outputs(model: Any, states: np.ndarray) -> np.ndarray:
    """What the zoo's network says, in PyTorch, with the published weights."""
    import torch

    from zoo.running.reference import build

    network = build(model, find_weights(model, "pretrained"), None)
    with torch.inference_mode():
        return network(torch.from_numpy(states)).numpy()
