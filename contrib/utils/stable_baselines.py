"""What Stable-Baselines3 keeps beside an agent: how its observations were normalised (vecnormalize.pkl).

The file is a pickle of a `VecNormalize`: among its attributes `obs_rms` (a `RunningMeanStd` with `mean` and `var`),
`epsilon` and `clip_obs`. An observation becomes (observation - mean) / sqrt(var + epsilon), cut to ±clip_obs. The
spaces and random states beside them are not made, and nothing of the file is run.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from utils.safe_pickle import Described, read_arrays
from zoo_core.errors import DataError


@dataclass(frozen=True, eq=False)
class Normalisation:
    """mean, deviation: float64 [features], what is taken off an observation, and what divides it. limit: the largest
    magnitude afterwards."""

    mean: np.ndarray
    deviation: np.ndarray
    limit: float


class _Kept(Described):
    """An object of which the attributes matter."""

    __slots__ = ()

    def made(self, state: Any) -> Any:
        return state


class _PassedOver(Described):
    """An object of which nothing matters, nor what it is called with."""

    __slots__ = ()

    def __init__(self, *_: object) -> None:
        super().__init__()

    def __setstate__(self, state: object) -> None:
        pass

    def made(self, state: Any) -> Any:
        return None


_CLASSES: dict[tuple[str, str], type[Described]] = {
    ("stable_baselines3.common.vec_env.vec_normalize", "VecNormalize"): _Kept,
    ("stable_baselines3.common.running_mean_std", "RunningMeanStd"): _Kept,
    ("numpy.random._pickle", "__randomstate_ctor"): _PassedOver,
    ("gym.spaces.box", "Box"): _PassedOver,
    ("gym.spaces.discrete", "Discrete"): _PassedOver,
    ("gymnasium.spaces.box", "Box"): _PassedOver,
    ("gymnasium.spaces.discrete", "Discrete"): _PassedOver,
}


def read_normalisation(path: str | Path) -> Normalisation:
    """The normalisation of observations that a vecnormalize.pkl holds.

    Raises:
        DataError: the file is damaged, holds something else, or numbers that normalise nothing.
    """
    said = read_arrays(path, _CLASSES)
    try:
        mean, variance = (np.asarray(said["obs_rms"][name], np.float64) for name in ("mean", "var"))
        epsilon, limit = float(said["epsilon"]), float(said["clip_obs"])
    except (TypeError, KeyError, ValueError) as error:
        raise DataError(f"{path}: this is no VecNormalize with obs_rms, epsilon and clip_obs ({error!r}).") from error
    if mean.ndim != 1 or mean.shape != variance.shape or not np.isfinite(mean).all() or not np.isfinite(limit):
        raise DataError(f"{path}: mean {list(mean.shape)} and variance {list(variance.shape)} are no two rows.")
    if not (np.isfinite(variance).all() and (variance + epsilon > 0).all() and limit > 0):
        raise DataError(f"{path}: variance, epsilon and clip_obs must be positive numbers.")
    return Normalisation(mean, np.sqrt(variance + epsilon), limit)
