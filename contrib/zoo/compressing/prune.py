"""`zoo compress --prune`: an export with fewer channels, trained to answer as the whole network does, behind a gate."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from utils.datasets.sample import Sample
from zoo.accuracy.comparison import FRAMEWORK_LIMIT
from zoo.accuracy.verify import spread
from zoo.errors import CheckFailedError, ZooError
from zoo.exporting.export import ExportOptions, write_network
from zoo.exporting.workspace import step
from zoo.hanging import ended_within
from zoo.layers.rounded import plain
from zoo.manifest import RUNS
from zoo.progress import progress
from zoo.running.engines import exported_weights, manifest_of
from zoo.running.padding import arranged
from zoo.running.reference import build, demo_batch, together
from zoo.running.setting import Setting, dataset_of
from zoo.running.slots import fill_within
from zoo.weights import RANDOM_SEED

from .channels import operations, percent, teach, thinned
from .gate import Gate, Judged, failed

_LOGGED = 5  # epochs of which the loss is said
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class PruneOptions:
    """What is taken away, how the rest is trained, and what it has to hold.

    Args:
        share: of the channels of each layer.
        train_on: a data set of the model's task, whose labels are not needed; None stands for the model's own training
            samples (`Model.calibration`).
        train_limit: at most so many samples of it, evenly over the data set.
        epochs, rate: how often they are seen, and the highest learning rate.
        data, limit: what the gate is judged on, and on how many samples of it.
        max_drop: by how much of itself the metric may change.
        output: where the files go; None: a folder of their own below runs.
        also: other targets on which the gate has to hold.
    """

    share: float
    train_on: str | Path | None = None
    train_limit: int = 2000
    epochs: int = 30
    rate: float = 1e-3
    data: str | Path = "sample"
    limit: int | None = 256
    max_drop: float = FRAMEWORK_LIMIT
    output: Path | None = None
    also: Sequence[str] = ()


@dataclass(frozen=True)
class Pruned:
    """What was written.

    Attributes:
        paths: of the files, the manifest last.
        operations, parameters, bytes: before and after.
        losses: of the first epoch and of the last.
        trained_on: how many samples.
        judged: what each target said of them.
    """

    paths: list[Path]
    operations: tuple[float, float]
    parameters: tuple[int, int]
    bytes: tuple[int, int]
    losses: tuple[float, float]
    trained_on: int
    judged: list[Judged]


def prune(setting: Setting, options: PruneOptions) -> Pruned:
    """Prune, train, export and compare; the files appear where the gate holds.

    Args:
        setting: of the export that is pruned; its target is what judges.

    Raises:
        CheckFailedError: the gate does not hold; nothing is written then.
        ZooError: this network cannot be pruned, or there is nothing to train on.
    """
    import torch

    model = setting.model
    record = manifest_of(plain(setting))
    output = options.output or Path(RUNS) / model.place / f"pruned_{percent(options.share)}"
    _require_possible(setting, record, output)
    weights = exported_weights(model, record)
    size = record["input_size"]
    teacher = build(model, weights, size, setting.timeout)
    example = _tensors([array[:1] for array in demo_batch(model, model.demo_folder(), size, timeout=setting.timeout)])
    learnt = _training(setting, options)
    with step(f"prune {percent(options.share)}% of the channels"):
        student = thinned(teacher, example, options.share)
        before, after = operations(teacher, example), operations(student, example)
    with step(f"train on {len(learnt)} samples, {options.epochs} times"), torch.random.fork_rng(devices=[]):
        torch.manual_seed(RANDOM_SEED)
        rows = [_tensors(one) for one in _batches(setting, learnt)]
        losses = teach(student, teacher, rows, options.epochs, options.rate)
        _log.info("loss of the first epoch %.4f, of the last %.4f", losses[0], losses[-1])
    task = setting.task()
    samples = arranged(task, spread(dataset_of(setting, options.data), options.limit), setting.timeout)
    gate = Gate(setting, samples, options.max_drop, random=False, also=options.also, learnt=True)
    judged: list[Judged] = []

    def judge(folder: Path) -> Mapping[str, Any]:
        made = plain(setting).but(folder=folder, target=setting.target)
        comparisons = gate.framework(made)
        if fault := failed(gate.targets, comparisons):
            raise CheckFailedError(
                f"{fault} from the framework's; nothing was written. Try a smaller --prune, more --epochs, or more "
                "samples (--train_on)"
            )
        judged.extend(gate.judged(made, comparisons))
        return {"pruned": {"share": options.share, "trained_on": len(learnt), "epochs": options.epochs}}

    checked = ExportOptions(input_size=size, timeout=setting.timeout).checked(model)
    done = write_network(model, student, weights, output, checked, judge)
    new = done.paths[model.part.key("dynamic")]
    return Pruned(
        done.files(),
        (before[0], after[0]),
        (before[1], after[1]),
        (plain(setting).file(model.part).stat().st_size, new.stat().st_size),
        (losses[0], losses[-1]),
        len(learnt),
        judged,
    )


def _require_possible(setting: Setting, record: Mapping[str, Any], output: Path) -> None:
    model = setting.model
    if output.resolve() == setting.home.resolve():
        raise ZooError(f"{output} holds the files of the whole network, whose names these have; give another --output")
    if "pruned" in record or "in_float32" in record["files"].get(model.part.key("dynamic"), {}):
        raise ZooError(
            f"{setting.home} holds a network that was compressed already; name the export of the whole one by --folder"
        )
    if model.framework != "pytorch":
        raise ZooError(f"{model.id} comes from {model.framework}, and networks of PyTorch can be pruned")
    if len(model.parts) > 1:
        raise ZooError(f"{model.id} has several parts, and networks of one can be pruned")
    if record["weights"]["kind"] == "random":
        raise ZooError(f"{model.id} was exported with random weights, which have no accuracy that could be kept")


def _training(setting: Setting, options: PruneOptions) -> Sequence[Sample]:
    model = setting.model
    if options.train_on is not None:
        return spread(dataset_of(setting, options.train_on), options.train_limit)
    if model.calibration is None:
        raise ZooError(
            f"{model.id} brings no training samples; name some with --train_on (labels are not needed, but the data "
            "set's layout is that of the task)"
        )
    given = ended_within(setting.timeout, "calibration() of model.py", model.calibration)[: options.train_limit]
    return [Sample(f"training sample {number}", data) for number, data in enumerate(given)]


def _batches(setting: Setting, samples: Sequence[Sample]) -> list[list[Any]]:
    """The samples preprocessed, in batches; those whose preprocessing fails end the training with their name."""
    task, rows = setting.task(), setting.batch_size
    starts = range(0, len(samples), rows)
    return [
        together(task, [fill_within(task, one, setting.timeout).arrays for one in samples[start : start + rows]])
        for start in progress(starts, len(starts), "preprocessing", "batch")
    ]


def _tensors(arrays: Sequence[Any]) -> list[Any]:
    import torch

    return [torch.from_numpy(array.copy()) for array in arrays]
