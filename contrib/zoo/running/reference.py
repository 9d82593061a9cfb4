"""The framework's own network, which every export is held against, and the samples for that."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from engine.spec import TensorSpec
from utils.datasets.folder import files_in
from zoo import frameworks
from zoo.errors import ZooError
from zoo.model import Model
from zoo.task import Task

from .network import Runner, network_of
from .padding import stacked
from .slots import fill_within, samples_of_files

if TYPE_CHECKING:
    from zoo.weights import Weights

_MAX_SAMPLES = 8


def build(model: Model, weights: Weights, input_size: int | None, timeout: float | None = None) -> Any:
    """The framework's network, in eval mode. Random weights depend on the demos at `input_size` (see frameworks), whose
    preprocessing may take `timeout` seconds each. Of a model that is put together of others, the network of each."""
    if model.members:
        from zoo.weights import of_member

        first = next(iter(model.members))
        return {
            name: build(one, of_member(weights, name), input_size if name == first else None, timeout)
            for name, one in model.members.items()
        }
    batch = demo_batch(model, model.demo_folder(), input_size, timeout=timeout)
    return frameworks.of(model).load(model, weights, batch)


def reference_runner(model: Model, network: Any) -> Runner:
    """The framework's network behind the interface of an engine, part by part."""
    engines = {part.name: frameworks.of(model, part).engine(part, network) for part in model.parts}
    return network_of(model.task, engines)


def sizes(model: Model, input_size: int | None) -> Mapping[str, int]:
    """The sizes of dynamic dimensions under --input_size. Raises ZooError if the network has a fixed size."""
    if input_size is None:
        return {}
    if not model.entry.size:
        raise ZooError(f"{model.id} takes inputs of one size only ({model.entry.inputs[0]}); leave --input_size out")
    return dict.fromkeys(model.entry.size, input_size)


def demo_batch(
    model: Model,
    folder: Path,
    input_size: int | None = None,
    shapes: list[list[int]] | None = None,
    timeout: float | None = None,
) -> list[np.ndarray]:
    """The first samples in the files of `folder`, preprocessed and stacked: one array an input.

    Args:
        shapes: those of the static file's inputs, to which padded inputs are filled up.
        timeout: seconds for the preprocessing of a sample, as `fill_within` has them.
    """
    task = model.task.adapted(input_size, topk=1)
    files = files_in(folder, task.suffixes)[:_MAX_SAMPLES]
    found = samples_of_files(task, files, timeout)[:_MAX_SAMPLES]
    return together(task, [fill_within(task, sample, timeout).arrays for sample in found], shapes)


def together(
    task: Task, rows: Sequence[tuple[np.ndarray, ...]], shapes: list[list[int]] | None = None
) -> list[np.ndarray]:
    """Preprocessed samples as one batch, of `shapes` as `demo_batch` has them; of those that are batches of their own,
    the ones that have the first one's size."""
    if task.one_by_one:
        rows = [row for row in rows if _shapes(row) == _shapes(rows[0])]  # the others cannot share a batch with it
    if task.padding is not None:
        every = [*map(_behind, shapes), *(_behind(spec.shape) for spec in task.beside)] if shapes else []
        return stacked(rows, task.padding, every)
    return [np.stack(column) for column in zip(*rows, strict=True)]


def _shapes(row: Sequence[np.ndarray]) -> list[tuple[int, ...]]:
    return [array.shape for array in row]


def first_rows(specs: Sequence[TensorSpec], batch: list[np.ndarray], rows: int) -> list[np.ndarray]:
    """At most so many rows of each input that has the batch as its first dimension, and the others whole."""
    return [array[:rows] if spec.shape[:1] == ("batch",) else array for spec, array in zip(specs, batch, strict=True)]


def _behind(shape: Sequence[int | str]) -> list[int | None]:
    """The sizes behind the batch dimension; None where they are free."""
    return [size if isinstance(size, int) else None for size in shape[1:]]
