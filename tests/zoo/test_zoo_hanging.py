"""Code of a model that does not come to its end, outside of preprocess too: it is named after --timeout."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from utils.datasets.sample import Sample
from zoo.compressing.prune import PruneOptions, _training
from zoo.errors import HangingError
from zoo.exporting.int8 import _own
from zoo.hanging import ended_within, said_if_slow
from zoo.inputs.given import Samples
from zoo.model import Model
from zoo.running.outputs import postprocessed
from zoo.running.padding import arranged
from zoo.running.reference import demo_batch
from zoo.running.setting import Setting, dataset_of
from zoo_core.errors import DataError

SECONDS = 0.2


@pytest.fixture
def until() -> Iterator[threading.Event]:
    """What waits for it hangs until the test is over."""
    event = threading.Event()
    yield event
    event.set()
    for thread in threading.enumerate():
        if thread.name.startswith("preprocess"):
            thread.join(30)


def test_what_ends_gives_what_it_gives() -> None:
    for timeout in (None, 60.0):
        assert ended_within(timeout, "adding", int.__add__, 2, 3) == 5
        assert said_if_slow(timeout, "adding", int.__add__, 2, 3) == 5
        for run in (ended_within, said_if_slow):
            with pytest.raises(DataError, match="damaged"):
                run(timeout, "reading", _raise, DataError("damaged"))


def _raise(error: Exception) -> None:
    raise error


def test_a_file_that_a_model_reads_for_ever(
    lenet: Model, tmp_path: Path, until: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(type(lenet.task), "samples_in", lambda task, path: until.wait() and [])
    first = next(iter(sorted(lenet.demo_folder().glob("*.png"))))
    with pytest.raises(HangingError, match=f"reading of {first.name} did not end within 0.2 s"):
        demo_batch(lenet, lenet.demo_folder(), timeout=SECONDS)
    with pytest.raises(HangingError, match=f"reading of {first.name} did not end within 0.2 s"):
        Samples(lenet.task, timeout=SECONDS).of(first)
    without: Any = SimpleNamespace(calibration=None, demo_folder=lenet.demo_folder, task=lenet.task)
    with pytest.raises(HangingError, match=f"reading of {first.name} did not end"):
        _own(without, SECONDS)


def test_calibration_samples_that_never_come(lenet: Model, until: threading.Event) -> None:
    model: Any = SimpleNamespace(id="a/b", calibration=until.wait)
    with pytest.raises(HangingError, match=r"calibration\(\) of model.py did not end within 0.2 s"):
        _own(model, SECONDS)
    setting: Any = SimpleNamespace(model=model, timeout=SECONDS)
    with pytest.raises(HangingError, match=r"calibration\(\) of model.py"):
        _training(setting, PruneOptions(0.5))


def test_a_data_set_that_takes_long_is_said_and_waited_for(
    lenet: Model, until: threading.Event, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A large one may rightly take longer than a sample."""
    monkeypatch.setattr(type(lenet.task), "dataset", lambda task, root: until.wait(5 * SECONDS) or [Sample("a", 1)])
    with caplog.at_level(logging.WARNING):
        assert len(dataset_of(Setting(lenet, timeout=60), "sample")) == 1
        assert not caplog.records
        found = dataset_of(Setting(lenet).but(timeout=SECONDS), "sample")
    assert len(found) == 1
    assert "reading of the data set" in caplog.text
    assert "has not ended after 0.2 s; it goes on" in caplog.text


def test_lengths_and_answers_that_take_long_are_said(until: threading.Event, caplog: pytest.LogCaptureFixture) -> None:
    task: Any = SimpleNamespace(padding=0, length=lambda data: until.wait(3 * SECONDS) or data)
    with caplog.at_level(logging.WARNING):
        assert [one.data for one in arranged(task, [Sample("a", 1)], SECONDS)] == [1]
    assert "sorting of 1 samples by length has not ended after 0.2 s" in caplog.text
    caplog.clear()
    batch: Any = SimpleNamespace(samples=[Sample("digit", 1)], metas=[None])
    task.postprocess = lambda outputs, metas: until.wait(3 * SECONDS) or outputs
    with caplog.at_level(logging.WARNING):
        assert postprocessed(task, [1], batch, SECONDS) == [1]
    assert "postprocessing of digit to digit has not ended after 0.2 s" in caplog.text
