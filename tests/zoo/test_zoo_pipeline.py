"""The path from samples to predictions: nothing dropped, nothing counted twice, nothing kept."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.base import Engine
from utils.datasets.sample import Sample
from utils.errors import DataError
from zoo.export import Exported
from zoo.model import Model
from zoo.pipeline import Stages, batches, predictions


@pytest.fixture
def engine(lenet_export: Exported) -> Iterator[Engine]:
    with Engine(lenet_export.dynamic) as opened:
        yield opened


@pytest.mark.parametrize("batch_size", [1, 7, 359, 1000])
def test_every_sample_comes_once_and_in_order(lenet: Model, engine: Engine, batch_size: int) -> None:
    samples = lenet.task.dataset(lenet.data("sample"))
    stages = Stages()
    found = list(predictions(lenet.task, engine, samples, batch_size, stages, warm_up=2))
    assert [sample.id for batch, _ in found for sample in batch] == [sample.id for sample in samples]
    assert all(len(batch) == len(predicted) for batch, predicted in found)
    assert stages.samples == len(samples) == 359
    assert stages.batches == len(found) == -(-359 // batch_size)
    assert stages.end_to_end == pytest.approx(stages.preprocess + stages.inference + stages.postprocess)


def test_results_do_not_depend_on_the_batch_size(lenet: Model, lenet_export: Exported) -> None:
    """A static file of batch 1 computes each row alone; the dynamic one sees them all at once."""
    samples = lenet.task.dataset(lenet.data("sample"))[:40]
    tops = []
    for path, size in ((lenet_export.static, 16), (lenet_export.dynamic, 1), (lenet_export.dynamic, 40)):
        with Engine(path) as engine:
            found = predictions(lenet.task, engine, samples, size, Stages())
            tops.append([one.classes for _, predicted in found for one in predicted])
    assert tops[0] == tops[1] == tops[2]


def test_warm_up_runs_the_network_but_is_in_no_figure(
    lenet: Model, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = []
    monkeypatch.setattr(
        Engine, "__call__", lambda self, inputs: calls.append(1) or np.zeros((len(inputs[0]), 10), "f4")
    )
    stages = Stages()
    list(predictions(lenet.task, engine, lenet.task.dataset(lenet.data("sample"))[:8], 4, stages, warm_up=3))
    assert len(calls) == 3 + 2
    assert (stages.batches, stages.samples) == (2, 8)


def test_an_unreadable_sample_ends_the_run_with_its_name(lenet: Model, engine: Engine, tmp_path: Path) -> None:
    (tmp_path / "bad.png").write_bytes(b"not a picture")
    with pytest.raises(DataError, match=r"bad\.png"):
        list(predictions(lenet.task, engine, [Sample("bad.png", tmp_path / "bad.png")], 4, Stages()))


def test_an_unreadable_sample_can_be_left_out(lenet: Model, tmp_path: Path) -> None:
    (tmp_path / "bad.png").write_bytes(b"not a picture")
    good = sorted(lenet.demos().glob("*.png"))[:5]
    samples = [Sample(path.name, path) for path in [good[0], tmp_path / "bad.png", *good[1:]]]
    bad: list[str] = []
    made = list(batches(lenet.task, samples, 2, on_bad=lambda sample, error: bad.append(sample.id)))
    assert bad == ["bad.png"]
    assert [[sample.id for sample in batch.samples] for batch in made] == [
        [good[0].name, good[1].name],
        [good[2].name, good[3].name],
        [good[4].name],
    ]


class Endless(Sequence[Sample]):
    """A data set of any length that holds nothing."""

    def __init__(self, length: int, picture: Path):
        self.length = length
        self.picture = picture

    def __len__(self) -> int:
        return self.length

    def __getitem__(self, index: Any) -> Any:
        if not 0 <= index < self.length:
            raise IndexError(index)
        return Sample(str(index), self.picture, 3)


def test_memory_does_not_grow_with_the_data_set(lenet: Model, engine: Engine) -> None:
    def peak(count: int) -> int:
        metric = lenet.task.metric()
        tracemalloc.start()
        for batch, found in predictions(
            lenet.task, engine, Endless(count, lenet.demos() / "digit_3.png"), 16, Stages()
        ):
            metric.update(found, [sample.target for sample in batch])
        size = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert metric.state()["samples"] == count
        return size

    peak(64)
    bytes_a_sample = (peak(1600) - peak(160)) / 1440
    assert bytes_a_sample < 100  # a prediction that is kept takes more, a preprocessed picture 4,096
