"""Environments of Gymnasium, opened by their names, and what a network must be like to play one.

A name is an id of Gymnasium's registry ("LunarLander-v3"), or a module that registers one and the id in it
("my_package:Maze-v0"), as `gymnasium.make` takes them. Opening the second kind imports the module: such a name is a
person's word, and never that of a data file.
"""

from __future__ import annotations

import difflib
import importlib
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from utils.notices import notice
from zoo_core.errors import DataError, told

# Steps of an episode at most, where the environment has no time limit itself: as many as one of Atari has.
LONGEST = 27_000
_NEAR = 3
# What brings the environments of a namespace, where Gymnasium cannot say it
_PACKAGES = {"ALE": "ale-py", "phys2d": "gymnasium[jax]", "tabular": "gymnasium[jax]"}


@dataclass(frozen=True)
class Spaces:
    """What a network is given, and what it says.

    Attributes:
        observation: the shape of an observation, float32; of one that is a choice of n, (n,): 1 at its place, else 0.
        actions: (n,) for n actions to choose from; the shape of an action of numbers within limits.
        continuous: whether actions are numbers.
    """

    observation: tuple[int, ...]
    actions: tuple[int, ...]
    continuous: bool

    def __str__(self) -> str:
        kind = f"actions of {list(self.actions)} numbers" if self.continuous else f"{self.actions[0]} actions"
        return f"observations {list(self.observation)} and {kind}"


def open_environment(name: str, continuous: bool = False, **more: Any) -> Any:
    """A new gymnasium.Env with Box or Discrete observations and Discrete actions, which a network that values actions
    can play.

    Args:
        name: as above.
        continuous: whether it is one with Box actions, all within limits.
        more: further arguments of `gymnasium.make`, such as render_mode.

    Raises:
        DataError: Gymnasium is not installed, does not know the environment (the message names near ones), needs
            another package for it, or the environment has other spaces, or fails when it is made.
    """
    environment = _made(name, more)
    try:
        found = _spaces(name, environment)
        if found.continuous is not continuous:
            raise DataError(_unfit(name, environment, "Box" if continuous else "Discrete"))
    except DataError:
        environment.close()
        raise
    return environment


@cache
def spaces_of(name: str) -> Spaces:
    """What a network that plays an environment is given and says. Raises DataError as `open_environment`."""
    environment = _made(name, {})
    try:
        return _spaces(name, environment)
    finally:
        environment.close()


def observed(space: Any, observation: Any) -> np.ndarray:
    """An observation as a network is given it, float32.

    Raises:
        DataError: it is none of the space's shape, or no choice that the space has.
    """
    if hasattr(space, "n"):
        place = int(observation) - int(space.start)
        if not 0 <= place < int(space.n):
            raise DataError(f"the environment gave observation {observation}, and has {int(space.n)} of them.")
        return np.eye(1, int(space.n), place, dtype=np.float32)[0]
    found = np.asarray(observation, np.float32)
    if found.shape != space.shape:
        raise DataError(
            f"the environment gave an observation {list(found.shape)}, and said that they are {list(space.shape)}."
        )
    return found


def registered(name: str) -> str:
    """The id by which this process knows the environment from now on: that behind the module's name, where `name` has
    one, which is imported. Raises DataError as `open_environment`."""
    spaces_of(name)
    return name.partition(":")[2] or name


def _made(name: str, more: dict[str, Any]) -> Any:
    try:
        import gymnasium
    except ModuleNotFoundError as error:
        raise DataError(
            f"{name} is an environment of Gymnasium, which is not installed: pip install gymnasium"
        ) from error
    own = _imported(name)
    limit: dict[str, Any] = {}
    if _known(gymnasium, name, own).max_episode_steps is None:
        limit["max_episode_steps"] = LONGEST
        notice("no time limit", name, f"it has no time limit; an episode ends here after {LONGEST} steps.")
    try:
        return gymnasium.make(own, **limit, **more)
    except gymnasium.error.DependencyNotInstalled as error:
        raise DataError(f"environment {name} is not installed: {error}") from error
    except Exception as error:
        # somebody's own code, which may raise anything
        raise DataError(f"environment {name} fails when it is made: {told(error)}") from error


def _imported(name: str) -> str:
    """The id within a name; the module before it, which registers it, is imported."""
    module, colon, own = name.partition(":")
    if not colon:
        return name
    try:
        importlib.import_module(module)
    except ModuleNotFoundError as error:
        raise DataError(
            f"environment {name}: there is no module {error.name or module}. Is the package that brings it installed, "
            "or its folder in PYTHONPATH?"
        ) from error
    except Exception as error:
        # somebody's own code, which may raise anything
        raise DataError(f"environment {name}: importing {module} fails: {told(error)}") from error
    return own


def _known(gymnasium: Any, name: str, own: str) -> Any:
    """What Gymnasium's registry says of an environment."""
    try:
        return gymnasium.spec(own)
    except gymnasium.error.Error as error:
        said = str(error).rstrip(".")
        raise DataError(f"Gymnasium has no environment {name} ({said}){_way_on(gymnasium, own)}") from error


def _way_on(gymnasium: Any, name: str) -> str:
    """Near names, or what to install."""
    small = {one.lower(): one for one in gymnasium.registry}
    near = difflib.get_close_matches(name.lower(), small, n=_NEAR, cutoff=0.7)
    if near:
        return f"; did you mean {' or '.join(small[one] for one in near)}?"
    package = _PACKAGES.get(name.partition("/")[0])
    module = f", and name it with its module, {package.replace('-', '_')}:{name}" if package == "ale-py" else ""
    return f": pip install {package}{module}" if package else ". Is the package that brings it installed?"


def _spaces(name: str, environment: Any) -> Spaces:
    """Raises DataError for spaces that no network here can play."""
    from gymnasium import spaces

    seen, done = environment.observation_space, environment.action_space
    if not isinstance(seen, (spaces.Box, spaces.Discrete)) or not isinstance(done, (spaces.Box, spaces.Discrete)):
        raise DataError(_unfit(name, environment, "Discrete or Box"))
    observation = (int(seen.n),) if isinstance(seen, spaces.Discrete) else tuple(seen.shape)
    if isinstance(done, spaces.Discrete):
        return Spaces(observation, (int(done.n),), continuous=False)
    if not np.issubdtype(done.dtype, np.floating):
        raise DataError(f"environment {name} has actions of whole numbers ({done.dtype}); supported are floats.")
    if not np.isfinite([done.low, done.high]).all():
        raise DataError(f"environment {name} has actions without limits; supported are those that have some.")
    return Spaces(observation, tuple(done.shape), continuous=True)


def _unfit(name: str, environment: Any, actions: str) -> str:
    seen, done = (type(space).__name__ for space in (environment.observation_space, environment.action_space))
    return (
        f"environment {name} has observations {seen} and actions {done}; supported are Box or Discrete observations "
        f"with {actions} actions (a wrapper of Gymnasium's, such as FlattenObservation, in an environment that you "
        "register yourself, makes one of another)."
    )
