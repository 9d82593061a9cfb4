"""The overlapped pipeline gives what a plain loop gives, in order, bounded, and ends promptly when it must."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
import tracemalloc
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.backends.base import Session
from engine.base import Engine, RunError
from tests.zoo.numbered import Numbers, numbered
from utils.datasets.folder import files_in
from utils.datasets.sample import Sample
from zoo.errors import HangingError, ZooError
from zoo.exporting.compared import Compared
from zoo.exporting.export import ExportOptions, export
from zoo.exporting.int8 import Calibration, quantiser
from zoo.manifest import Exported
from zoo.model import Model
from zoo.running import diagnosis
from zoo.running.diagnosis import Diagnosis, diagnose
from zoo.running.engines import framework_runner
from zoo.running.feeder import AHEAD, Feeder
from zoo.running.pipeline import Stages, batches, predictions
from zoo.running.setting import Setting
from zoo.running.workers import wanted
from zoo.task import as_list
from zoo_core.errors import DataError

SAMPLES = 60


@pytest.fixture(scope="module")
def digits(lenet: Model) -> list[Sample]:
    return list(lenet.task.dataset(lenet.data("sample")))[:SAMPLES]


@pytest.fixture(scope="module")
def plain(lenet: Model, lenet_export: Exported, digits: list[Sample]) -> dict[str, Any]:
    """Sample id to ranking, by a loop over single samples."""
    with Engine(lenet_export.dynamic, options={"threads": 1}) as engine:
        found = {}
        for sample in digits:
            arrays, meta = lenet.task.preprocess(sample.data)
            outputs = as_list(engine([array[None] for array in arrays]))
            found[sample.id] = lenet.task.postprocess(outputs, [meta])[0]
    return found


@pytest.fixture(autouse=True)
def no_thread_is_left() -> Iterator[None]:
    yield
    assert [thread.name for thread in threading.enumerate() if thread.name.startswith("preprocess")] == []


@pytest.mark.parametrize(
    ("workers", "batch_size", "streams"), [(1, 1, 1), (1, 16, 1), (2, 7, 1), (2, 16, 2), (5, 3, 3), (4, 64, 2)]
)
@pytest.mark.parametrize("reverse", [False, True])
def test_results_do_not_depend_on_workers_batch_size_streams_or_order(
    lenet: Model,
    lenet_export: Exported,
    digits: list[Sample],
    plain: dict[str, Any],
    workers: int,
    batch_size: int,
    streams: int,
    reverse: bool,
) -> None:
    samples = digits[::-1] if reverse else digits
    stages = Stages()
    with Engine(lenet_export.dynamic, streams=streams) as engine:
        found = list(predictions(lenet.task, engine, samples, batch_size, stages, workers=workers, warm_up=1))
    assert [sample.id for batch, _ in found for sample in batch] == [sample.id for sample in samples]
    got = {sample.id: ranking for batch, some in found for sample, ranking in zip(batch, some, strict=True)}
    assert got == plain  # rankings hold the scores as floats: equal means equal to the bit
    assert (stages.samples, stages.batches) == (len(samples), -(-len(samples) // batch_size))


class WithLengths(Numbers):
    """The length n beside [n, n, n]."""

    def preprocess(self, data: int, out: Any = None) -> tuple[tuple[np.ndarray, ...], int]:
        (row,), meta = super().preprocess(data)
        return (row, np.array(data, np.int64)), meta


def test_batches_hold_every_sample_once_and_the_last_one_is_small() -> None:
    task: Any = WithLengths()
    seen = [[array.copy() for array in batch.arrays] for batch in batches(task, numbered(10), 4, workers=3)]
    assert [len(rows) for rows, _ in seen] == [4, 4, 2]
    assert np.concatenate([lengths for _, lengths in seen]).tolist() == list(range(10))
    assert np.concatenate([rows for rows, _ in seen])[:, 1].tolist() == list(range(10))
    assert seen[0][1].dtype == np.int64


def test_slots_take_the_precision_of_the_engine_and_leave_whole_numbers_alone() -> None:
    task: Any = WithLengths()
    feeder = Feeder(task, 4, 2, dtypes=["float16", "float32"])
    first = next(iter(feeder.batches(numbered(4))))
    assert [array.dtype.name for array in first.arrays] == ["float16", "int64"]


def test_no_more_is_preprocessed_than_there_are_slots() -> None:
    task: Any = WithLengths()
    feeder = Feeder(task, 4, 2, slots=3)
    stream = feeder.batches(numbered(100))
    next(stream)
    stream.close()
    assert task.seen <= 3 * 4


@pytest.mark.parametrize("workers", [1, 3])
def test_an_unreadable_sample_ends_the_run_with_its_name(workers: int) -> None:
    task: Any = WithLengths({5: DataError("damaged")})
    with pytest.raises(DataError, match="number-5: damaged"):
        list(batches(task, numbered(100), 4, workers))
    assert task.seen < 100


def test_a_mistake_in_preprocessing_ends_the_run_with_the_name_of_the_sample() -> None:
    task: Any = WithLengths({9: KeyError("colour")})
    with pytest.raises(ZooError, match=r"number-9 failed: KeyError: 'colour'"):
        list(batches(task, numbered(20), 4, 2))


def test_unreadable_samples_are_left_out_when_asked_and_rows_stay_with_their_samples() -> None:
    task: Any = WithLengths({1: DataError("damaged"), 4: DataError("damaged"), 5: DataError("damaged")})
    bad: list[str] = []
    feeder = Feeder(task, 2, 2, on_bad=lambda sample, error: bad.append(f"{sample.id} {error}"))
    rows = []
    for batch in feeder.batches(numbered(8)):
        rows += [(sample.data, int(value)) for sample, value in zip(batch.samples, batch.arrays[1], strict=True)]
        feeder.give_back(batch)
    assert rows == [(n, n) for n in (0, 2, 3, 6, 7)]
    assert bad == [f"number-{n} number-{n}: damaged" for n in (1, 4, 5)]


def test_a_sample_of_another_shape_is_named() -> None:
    class Growing(Numbers):
        def preprocess(self, data: int, out: Any = None) -> tuple[tuple[np.ndarray, ...], int]:
            return (np.zeros(3 if data < 6 else 4, np.float32),), data

    task: Any = Growing()
    with pytest.raises(DataError, match=r"number-6: preprocessing gave an array of \[4\], others \[3\]"):
        list(batches(task, numbered(8), 4, 1))


class Many(Numbers):
    """The same task, which takes a batch at once."""

    def many(self, data: Sequence[int]) -> tuple[tuple[np.ndarray, ...], list[int]]:
        self.batches = getattr(self, "batches", 0) + 1
        columns = zip(*(self.preprocess(one)[0] for one in data), strict=True)
        return tuple(np.stack(column) for column in columns), list(data)


@pytest.mark.parametrize("workers", [1, 3])
def test_a_task_that_takes_many_gives_what_single_samples_give(workers: int) -> None:
    task = Many()
    some = list(batches(task, numbered(10), 4, workers))
    assert task.batches == 3
    assert [sample.id for batch in some for sample in batch.samples] == [sample.id for sample in numbered(10)]
    alone = [(batch.arrays[0].tolist(), batch.metas) for batch in batches(WithLengths(), numbered(10), 4, workers)]
    assert [(batch.arrays[0].tolist(), batch.metas) for batch in some] == alone
    feeder = Feeder(task, 4, workers, dtypes=["float16"])
    (batch,) = feeder.batches(numbered(3))
    assert batch.arrays[0].dtype == np.float16


def test_one_of_many_that_cannot_be_read_is_left_out_or_named() -> None:
    bad: list[str] = []
    task = Many({5: DataError("five is torn"), 9: DataError("nine too")})
    feeder = Feeder(task, 4, 2, on_bad=lambda sample, error: bad.append(f"{sample.id}: {error}"))
    rows = []
    for batch in feeder.batches(numbered(12)):
        rows += batch.arrays[0][:, 0].tolist()
        feeder.give_back(batch)
    assert rows == [0, 1, 2, 3, 4, 6, 7, 8, 10, 11]
    assert [text.partition(":")[0] for text in bad] == [numbered(12)[5].id, numbered(12)[9].id]
    with pytest.raises(DataError, match=numbered(12)[5].id):
        list(batches(task, numbered(12), 4, 2))
    with pytest.raises(ZooError, match=r"preprocessing of .* failed: KeyError"):
        list(batches(Many({2: KeyError("x")}), numbered(4), 4, 1))


def test_pixels_are_written_in_place(lenet: Model, digits: list[Sample]) -> None:
    feeder = Feeder(lenet.task, 4, 1, slots=1)
    stream = feeder.batches(digits[:12])
    first = next(stream)
    feeder.give_back(first)
    slot = first.slot.arrays[0]
    assert np.shares_memory(next(stream).arrays[0], slot)
    row = first.slot.row(2)
    assert row is not None
    assert lenet.task.preprocess(digits[0].data, row)[0][0] is row[0]
    stream.close()


def test_the_network_failing_ends_the_run(lenet: Model, digits: list[Sample]) -> None:
    class Broken(Session):
        inputs, outputs = lenet.part.inputs, lenet.part.outputs

        def run(self, arrays: list[np.ndarray]) -> list[np.ndarray]:
            raise ValueError("out of order")

    with (
        Engine.from_session(Broken(), "none", "none") as engine,
        pytest.raises(RunError, match="out of order"),
    ):
        list(predictions(lenet.task, engine, digits, 4, Stages()))


def test_the_diagnosis_names_the_lower_bound(lenet: Model, lenet_export: Exported, digits: list[Sample]) -> None:
    stages = Stages()
    with Engine(lenet_export.dynamic) as engine:
        list(predictions(lenet.task, engine, digits, 8, stages))
        found = diagnose(engine, stages)
    assert found is not None
    assert found.bound() == min(found.headroom, found.host_bound) > 0
    assert found.throughput == pytest.approx(stages.throughput())
    assert sum(found.cpu_ms.values()) * 1e-3 * found.host_bound == pytest.approx(found.cores)
    assert diagnose(engine, Stages()) is None


@pytest.mark.parametrize(("run", "seconds"), [(0.05, 0.05), (0.5, 0.2), (5.0, 0.5), (600.0, 1.0)])
def test_the_diagnosis_takes_a_tenth_of_the_run_and_a_second_at_most(
    run: float, seconds: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(diagnosis, "headroom", lambda engine, arrays, asked: asked)
    engine: Any = None
    found = diagnose(engine, Stages(samples=4, cpu=1.0, end_to_end=run))
    assert found is not None
    assert found.headroom == seconds


def test_the_diagnosis_blames_the_engine_or_the_largest_stage() -> None:
    cpu = {"preprocessing": 3.0, "postprocessing": 1.0, "network and rest": 0.5}
    assert Diagnosis(90, 100, 400, 2, cpu).limit() == "the engine"
    assert Diagnosis(90, 100, 400, 2, cpu).efficiency() == pytest.approx(0.9)
    assert Diagnosis(90, 900, 100, 2, cpu).limit().endswith("preprocessing")


def test_a_run_without_samples_left_gives_nothing(lenet: Model, lenet_export: Exported) -> None:
    task: Any = WithLengths()
    assert list(batches(task, [], 4)) == []


def test_a_file_that_is_no_digit_is_named_by_its_path(lenet: Model, lenet_export: Exported, tmp_path: Path) -> None:
    path = tmp_path / "broken.png"
    path.write_bytes(b"no picture")
    samples = [Sample("broken.png", path)]
    with Engine(lenet_export.dynamic) as engine, pytest.raises(DataError, match=r"broken\.png"):
        list(predictions(lenet.task, engine, samples, 4, Stages(), warm_up=1))


def test_results_do_not_depend_on_the_graph_having_a_fixed_batch(lenet: Model, lenet_export: Exported) -> None:
    """A static file of batch 1 computes each row alone; the dynamic one sees them all at once."""
    samples = lenet.task.dataset(lenet.data("sample"))[:40]
    tops = []
    for path, size in ((lenet_export.static, 16), (lenet_export.dynamic, 1), (lenet_export.dynamic, 40)):
        with Engine(path, batch_first=True) as engine:
            found = predictions(lenet.task, engine, samples, size, Stages())
            tops.append([one.classes for _, predicted in found for one in predicted])
    assert tops[0] == tops[1] == tops[2]


def test_warm_up_runs_the_network_but_is_in_no_figure(lenet: Model, digits: list[Sample]) -> None:
    calls: list[int] = []

    class Counting(Session):
        inputs, outputs = lenet.part.inputs, lenet.part.outputs

        def run(self, arrays: list[np.ndarray]) -> list[np.ndarray]:
            calls.append(len(arrays[0]))
            return [np.zeros((len(arrays[0]), 10), np.float32)]

    stages = Stages()
    with Engine.from_session(Counting(), "none", "none") as engine:
        list(predictions(lenet.task, engine, digits[:8], 4, stages, warm_up=3))
    assert calls == [4] * (3 + 2)
    assert (stages.batches, stages.samples) == (2, 8)


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


def test_memory_does_not_grow_with_the_data_set(lenet: Model, lenet_export: Exported) -> None:
    def peak(engine: Engine, count: int) -> int:
        metric = lenet.task.metric()
        tracemalloc.start()
        for batch, found in predictions(
            lenet.task, engine, Endless(count, lenet.demo_folder() / "digit_3.png"), 8, Stages()
        ):
            metric.update(found, [sample.truth for sample in batch])
        size = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert metric.state()["samples"] == count
        return size

    with Engine(lenet_export.dynamic) as engine:
        peak(engine, 64)
        grown = peak(engine, 1600) - peak(engine, 160)
    slots = (engine.parallel + 1 + AHEAD) * 8 * 4096  # of which the shorter run may not have used all
    assert grown < slots + 1440 * 100  # a prediction that is kept takes more than 300 bytes, a picture 4,096


def test_a_preprocessing_that_hangs_is_named(
    lenet: Model, digits: list[Sample], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Others that merely take their time are waited for."""
    release = threading.Event()
    preprocess = type(lenet.task).preprocess

    def slow(self: Any, data: Any, *rest: Any, **options: Any) -> Any:
        if data is digits[5].data:
            release.wait(60)
        return preprocess(self, data, *rest, **options)

    monkeypatch.setattr(type(lenet.task), "preprocess", slow)
    feeder = Feeder(lenet.task, 4, 2, timeout=0.3)
    given = feeder.batches(digits[:12])
    assert next(given).samples == digits[:4]
    with pytest.raises(HangingError, match=re.escape(f"preprocessing of {digits[5].id} did not end within 0.3 s")):
        next(given)
    release.set()
    for thread in threading.enumerate():
        if thread.name.startswith("preprocess"):
            thread.join(30)


def _export(model: Model, files: Exported, folder: Path) -> None:
    export(model, folder, ExportOptions(timeout=0.3))


def _framework(model: Model, files: Exported, folder: Path) -> None:
    framework_runner(Setting(model, folder=files.dynamic.parent, timeout=0.3))


def _compared(model: Model, files: Exported, folder: Path) -> None:
    Compared(model, Engine(files.dynamic), model.demo_folder(), None, 1, 0.3)


def _calibrated(model: Model, files: Exported, folder: Path) -> None:
    with Engine(files.dynamic) as engine:
        quantiser(model, model.part, engine, files.dynamic, None, Calibration(samples=_demos(model), timeout=0.3))


def _probed(model: Model, files: Exported, folder: Path) -> None:
    wanted(None, model.task, _demos(model), 0.3)


def _demos(model: Model) -> list[Sample]:
    return [Sample(file.name, file) for file in files_in(model.demo_folder(), model.task.suffixes)]


@pytest.mark.parametrize("job", [_export, _framework, _compared, _calibrated, _probed])
def test_what_preprocesses_outside_of_batches_is_under_timeout(
    lenet: Model,
    lenet_export: Exported,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    job: Callable[[Model, Exported, Path], None],
) -> None:
    """The model's own demos, what int8 is calibrated on, and what decides between threads and processes."""
    release = threading.Event()
    preprocess = type(lenet.task).preprocess

    def slow(self: Any, data: Any, *rest: Any, **options: Any) -> Any:
        if str(data).endswith("digit_3.png"):
            release.wait(60)
        return preprocess(self, data, *rest, **options)

    monkeypatch.setattr(type(lenet.task), "preprocess", slow)
    monkeypatch.setattr("zoo.running.workers._PROBES", 5)
    monkeypatch.setattr(type(lenet.task), "python_bound", True)
    with pytest.raises(HangingError, match=r"digit_3.png did not end within 0.3 s"):
        job(lenet, lenet_export, tmp_path)
    release.set()
    for thread in threading.enumerate():
        if thread.name.startswith("preprocess"):
            thread.join(30)


HANGS = """
import sys, time
from zoo import catalogue
from zoo.commands import predict, tune, verify
family = catalogue.load("classification/lenet")
task = type(family.variant().task)
preprocess = task.preprocess


def hangs(self, data, *rest, **options):
    if {hanging!r} in str(data):
        time.sleep(600)
    return preprocess(self, data, *rest, **options)


task.preprocess = hangs
sys.exit({command}(family, {words}))
"""


@pytest.mark.parametrize(
    ("command", "hanging"),
    [
        ("predict.single", "digit_0.png"),
        ("predict.multi", "digit_0.png"),
        ("verify.main", "0/0357.png"),
        ("tune.main", "0/0357.png"),
    ],
)
def test_a_process_whose_preprocessing_hangs_ends(
    root: Path, lenet_export: Exported, command: str, hanging: str
) -> None:
    file = lenet_export.dynamic
    words = ["--timeout", "1"]
    words += ["--ckpt", str(file)] if command.startswith("predict") else ["--folder", str(file.parent)]
    done = subprocess.run(
        [sys.executable, "-c", HANGS.format(command=command, words=words, hanging=hanging)],
        env=os.environ | {"PYTHONPATH": str(root / "contrib")},
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )
    assert done.returncode == 2, done.stderr
    assert hanging in done.stderr
    assert "did not end within 1 s" in done.stderr
    assert "Traceback" not in done.stderr
