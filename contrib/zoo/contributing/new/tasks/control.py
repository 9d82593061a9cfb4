"""Control: an observation of an environment of Gymnasium in, what is done out."""

from __future__ import annotations

import re

import numpy as np

from engine.spec import TensorSpec
from utils.datasets.episodes import Episode
from utils.environments import wander
from utils.gymnasium_environment import Spaces, spaces_of
from zoo.contributing.new.asked import Asked
from zoo.contributing.new.code import call, quoted
from zoo.contributing.new.description import Description
from zoo.contributing.new.source import BY_HAND, Source
from zoo.contributing.new.trial import Trial
from zoo.errors import ZooError

_STEPS = 20  # random ones, before the observations that the network is tried on
_SEEDS = (0, 1)
_ROUNDED = 1e-3  # by which an action may lie beyond its limits


def described(source: Source, asked: Asked) -> Description:
    """Try `source` on observations of the environment.

    Raises:
        ZooError: no environment is named, or the network does not take its observations or gives no actions of it.
        DataError: the environment cannot be had, or has spaces that no network here can play.
    """
    asked.require_only("environment")
    if not asked.environment:
        raise ZooError("--task control needs --environment: an id of Gymnasium's registry, such as CartPole-v1")
    spaces = spaces_of(asked.environment)
    trial = Trial(source)
    seen = np.stack([wander(Episode(asked.environment, seed), _STEPS, spaces.continuous) for seed in _SEEDS])
    given = trial.require([seen], f"{asked.environment} has {spaces}, and the network is given [N, …] of them, float32")
    _require_actions(source, asked.environment, spaces, given)
    return _described(trial, asked.environment, spaces)


def _require_actions(source: Source, environment: str, spaces: Spaces, given: list[np.ndarray]) -> None:
    shapes, expected = [list(one.shape[1:]) for one in given], [list(spaces.actions)]
    if shapes != expected:
        kind = "an action of numbers" if spaces.continuous else "a value for each action"
        raise ZooError(
            f"--from {source.text} gives {' and '.join(f'[N, {str(one)[1:-1]}]' for one in shapes)}; {environment} has "
            f"{spaces}: one output [N, {str(expected[0])[1:-1]}], {kind}, is expected. {BY_HAND}"
        )
    most = float(np.abs(given[0]).max())
    if spaces.continuous and not most <= 1 + _ROUNDED:
        raise ZooError(
            f"--from {source.text} gives actions up to {most:.3g}; from -1 to 1 is expected, which stand for the least "
            f"and the largest that {environment} takes: let the network end with tanh, or divide by the limit"
        )


def _described(trial: Trial, environment: str, spaces: Spaces) -> Description:
    task = "ContinuousControl" if spaces.continuous else "Control"
    name = re.sub(r"\W+", "_", environment).lower()
    sample = [
        quoted(name),
        "1",
        f"partial(write_held_out, environment={quoted(environment)})",
        quoted(f"episodes of {environment}"),
    ]
    module = environment.partition(":")[0] if ":" in environment else ""
    return Description(
        source=trial.source_with("gymnasium"),
        inputs=(TensorSpec("input", "float32", ("batch", *spaces.observation)),),
        outputs=(TensorSpec("output", "float32", ("batch", *spaces.actions)),),
        gives="actions, each from -1 to 1" if spaces.continuous else "values of actions, of which the largest is done",
        task=call(task, [quoted(environment)], "task="),
        sample=call("SampleData", sample, "sample="),
        imports=(
            ("utils.datasets.samples.held_out", "write_held_out"),
            (f"zoo.tasks.{'continuous_control' if spaces.continuous else 'control'}", task),
        ),
        built=trial.is_built(),
        overview="what is done in an observation: numbers from -1 to 1, which stand for the limits of the action"
        if spaces.continuous
        else f"a number for each of {spaces.actions[0]} actions, of which the largest is done",
        data=f"An episode of {environment} is named by the seed that it is reset with. `--data_path sample` is the "
        f"seeds 20,000 to 20,099; `--data_path gym:{environment}@500` the seeds 0 to 499. The metric is the mean "
        "return, with its standard error.",
        left=(f"name the package that brings the module {module} in requirements.txt",) if module else (),
    )
