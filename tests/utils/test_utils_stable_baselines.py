"""The normalisation of observations out of a vecnormalize.pkl: its classes are never imported."""

from __future__ import annotations

import pickle
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from utils.stable_baselines import read_normalisation
from zoo_core.errors import DataError

NAMES = {
    "VecNormalize": "stable_baselines3.common.vec_env.vec_normalize",
    "RunningMeanStd": "stable_baselines3.common.running_mean_std",
    "Box": "gym.spaces.box",
    "Other": "somewhere.else_",
}


def described(name: str, **attributes: Any) -> Any:
    """An object of a class of that name, with these attributes."""
    made = type(name, (), {"__module__": NAMES[name]})()
    made.__dict__.update(attributes)
    return made


def saved(path: Path, found: dict[str, Any], monkeypatch: pytest.MonkeyPatch, kind: str = "VecNormalize") -> Path:
    """A file as Stable-Baselines3 writes it, of classes that are gone once it is written."""
    everything = described(kind, **found)
    classes = [type(one) for one in (everything, *found.values()) if type(one).__name__ in NAMES]
    with monkeypatch.context() as patch:
        for one in classes:
            steps = one.__module__.split(".")
            for count in range(1, len(steps) + 1):
                patch.setitem(sys.modules, ".".join(steps[:count]), ModuleType(".".join(steps[:count])))
            setattr(sys.modules[one.__module__], one.__name__, one)
        path.write_bytes(pickle.dumps(everything, protocol=2))
    return path


def content(**changes: Any) -> dict[str, Any]:
    rows = described("RunningMeanStd", mean=np.array([1.0, -2.0]), var=np.array([4.0, 9.0]), count=10.0)
    space = described("Box", shape=(2,), dtype=np.dtype("f4"), low=np.zeros(2))
    return {"observation_space": space, "obs_rms": rows, "epsilon": 0.0, "clip_obs": 10.0} | changes


def test_mean_deviation_and_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    said = read_normalisation(saved(tmp_path / "a.pkl", content(), monkeypatch))
    assert (said.mean.tolist(), said.deviation.tolist(), said.limit) == ([1.0, -2.0], [2.0, 3.0], 10.0)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"obs_rms": None}, "no VecNormalize"),
        ({"clip_obs": "ten"}, "no VecNormalize"),
        ({"clip_obs": -1.0}, "positive"),
        ({"epsilon": -5.0}, "positive"),
        ({"obs_rms": described("RunningMeanStd", mean=np.zeros(2), var=np.ones(3))}, "no two rows"),
        ({"obs_rms": described("RunningMeanStd", mean=np.full(2, np.nan), var=np.ones(2))}, "no two rows"),
        ({"obs_rms": described("RunningMeanStd", mean=np.zeros(2), var=np.full(2, np.inf))}, "positive"),
        ({"old_obs": described("Other")}, "somewhere.else_"),
    ],
)
def test_what_normalises_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, changes: dict[str, Any], said: str
) -> None:
    path = saved(tmp_path / "a.pkl", content(**changes), monkeypatch)
    with pytest.raises(DataError, match=said) as caught:
        read_normalisation(path)
    assert str(path) in str(caught.value)


def test_another_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(DataError, match=r"is no VecNormalize|no pickle"):
        read_normalisation(saved(tmp_path / "a.pkl", {"mean": 1}, monkeypatch))
    (tmp_path / "cut.pkl").write_bytes((tmp_path / "a.pkl").read_bytes()[:-9])
    with pytest.raises(DataError, match="damaged"):
        read_normalisation(tmp_path / "cut.pkl")
