"""What a network says of samples that a person gave, some of which cannot be read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from utils.datasets.sample import Sample
from zoo.inputs.given import Unread
from zoo.running.network import Runner
from zoo.running.padding import arranged
from zoo.running.pipeline import Stages, predictions
from zoo.running.setting import Setting
from zoo.task import Task
from zoo_core.errors import DataError


def predict_given(
    setting: Setting, task: Task, runner: Runner, given: Sequence[Sample | Unread]
) -> list[tuple[Any, DataError | None]]:
    """Predict in batches, in threads of this process.

    Args:
        setting: batch size, workers and so on.
        task: of the setting.
        runner: opened for the setting.
        given: in any order; their ids may be equal.

    Returns:
        For each of `given`, in order, its prediction (None where it could not be read), and why it could not.
    """
    numbered = [Sample(str(number), one.data, one.truth) for number, one in enumerate(given) if isinstance(one, Sample)]
    unread = {str(number): one.error for number, one in enumerate(given) if isinstance(one, Unread)}
    batches = predictions(
        task,
        runner,
        arranged(task, numbered, setting.timeout),
        min(setting.batch_size, max(len(numbered), 1)),
        Stages(),
        workers=setting.workers,
        on_bad=lambda sample, error: unread.update({sample.id: DataError(str(error).removeprefix(f"{sample.id}: "))}),
        token_budget=setting.token_budget,
        processes=False,
        timeout=setting.timeout,
    )
    said = {one.id: each for batch, every in batches for one, each in zip(batch, every, strict=True)}
    return [(said.get(str(number)), unread.get(str(number))) for number in range(len(given))]


def prediction_json(task: Task, name: str, prediction: Any, topk: int, notice: str) -> dict[str, Any]:
    """A prediction as plain data, as the scripts write it with --json.

    Args:
        task: which made it.
        name: of the sample.
        prediction: of the task's own type.
        topk: how many classes its line of text has.
        notice: what must be known of the weights.
    """
    return {"id": name} | task.to_json(prediction) | {"said": task.describe(prediction, topk), "notice": notice}
