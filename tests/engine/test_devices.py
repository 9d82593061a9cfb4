"""Several devices behind one engine: fair shares, order, failures, and an end without leftovers."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine import backends
from engine.backends.base import Availability, Backend, Options, Session
from engine.base import Engine, OptionError, RunError, ShapeError
from engine.spec import TensorSpec

from .conformance.nets import LINE, PAIR, TOTAL, write_onnx

CONTRIB = Path(__file__).resolve().parents[2] / "contrib"


class Recording(Session):
    """Doubles its input; remembers how many rows it got."""

    outputs = (TensorSpec("y", "float32", ("batch", 2)),)

    def __init__(self, owner: FakeBackend, name: str, batch: int | str):
        self.inputs = (TensorSpec("x", "float32", (batch, 2)),)
        self.owner, self.name, self.rows, self.closed = owner, name, [], 0  # type: ignore[var-annotated]

    def run(self, arrays: list[np.ndarray]) -> list[np.ndarray]:
        self.rows.append(len(arrays[0]))
        if self.owner.meeting is not None:
            self.owner.meeting.wait(timeout=60)
        if self.name in self.owner.broken:
            raise RuntimeError("the fan has stopped")
        return [arrays[0] * 2]

    def close(self) -> None:
        self.closed += 1


class FakeBackend(Backend):
    """Devices a, b, c, …; those in `broken` fail when they run, "missing" when it is opened."""

    target = name = summary = "fake"
    device_kind = "names"

    def __init__(self) -> None:
        self.sessions: list[Recording] = []
        self.broken: set[str] = set()
        self.meeting: threading.Barrier | None = None

    def availability(self) -> Availability:
        return Availability(True, "here")

    def open(self, ckpt: Path, options: Options) -> Session:
        if options.device == "missing":
            raise OptionError("there is no device 'missing'")
        self.sessions.append(Recording(self, options.device, options.extra.get("batch", "batch")))
        return self.sessions[-1]


@pytest.fixture
def fake() -> Iterator[FakeBackend]:
    backends.targets()
    made = FakeBackend()
    backends.register(made)
    yield made
    del backends._registry["fake"]


def opened(tmp_path: Path, **options: Any) -> Engine:
    path = tmp_path / "model"
    path.touch()
    return Engine(path, target="fake", batch_first=True, **options)


@pytest.mark.parametrize("rows", range(12))
@pytest.mark.parametrize("batch", ["batch", 2])
def test_shares_are_fair_and_in_order(fake: FakeBackend, tmp_path: Path, rows: int, batch: int | str) -> None:
    x = np.arange(rows * 2, dtype=np.float32).reshape(rows, 2)
    with opened(tmp_path, devices=["a", "b", "c"], options={"batch": batch}) as engine:
        np.testing.assert_array_equal(engine(x), x * 2)
    if batch == "batch":
        got = [sum(session.rows) for session in fake.sessions]
        assert max(got) - min(got) <= 1
        assert sum(got) == max(rows, 1)


def test_devices_work_at_the_same_time(fake: FakeBackend, tmp_path: Path) -> None:
    fake.meeting = threading.Barrier(3)  # breaks unless all three are in a call at once
    with opened(tmp_path, devices=["a", "b", "c"]) as engine:
        assert engine(np.ones((6, 2), np.float32)).shape == (6, 2)


def test_two_calls_may_be_in_flight(fake: FakeBackend, tmp_path: Path) -> None:
    with opened(tmp_path, devices=["a", "b"]) as engine:
        arrays = [np.full((5, 2), value, np.float32) for value in range(10)]
        futures = [engine.submit(array) for array in arrays]
        for future, array in zip(futures, arrays, strict=True):
            np.testing.assert_array_equal(future.result(timeout=60), array * 2)


def test_a_failing_device_is_named_once_and_the_others_go_on_later(fake: FakeBackend, tmp_path: Path) -> None:
    fake.broken = {"b"}
    with opened(tmp_path, devices=["a", "b"], options={"batch": 1}) as engine:
        with pytest.raises(RunError, match="device b failed: the fan has stopped"):
            engine(np.ones((40, 2), np.float32))
        fake.broken = set()
        assert engine(np.ones((4, 2), np.float32)).shape == (4, 2)
    assert [session.closed for session in fake.sessions] == [1, 1]


def test_what_cannot_be_opened_leaves_nothing_open(fake: FakeBackend, tmp_path: Path) -> None:
    with pytest.raises(OptionError, match="missing"):
        opened(tmp_path, devices=["a", "missing"])
    assert [session.closed for session in fake.sessions] == [1]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"devices": ["a"], "replicas": 2}, "not both"),
        ({"devices": []}, "list of different devices"),
        ({"devices": ["a", "a"]}, "list of different devices"),
        ({"replicas": 0}, "at least 1"),
        ({"replicas": True}, "at least 1"),
    ],
)
def test_senseless_requests(fake: FakeBackend, tmp_path: Path, options: dict[str, Any], message: str) -> None:
    with pytest.raises(OptionError, match=message):
        opened(tmp_path, **options)


def test_checked_input_and_several_tensors(tmp_path: Path) -> None:
    with Engine(write_onnx(PAIR, tmp_path), replicas=3) as engine:
        arrays = PAIR.arrays(7)
        for got, want in zip(engine(arrays), PAIR.compute(*arrays), strict=True):
            np.testing.assert_allclose(got, want, rtol=1e-6)
        with pytest.raises(ShapeError):
            engine([arrays[0], arrays[1][:3]])
    with (
        Engine(write_onnx(TOTAL, tmp_path), replicas=2, batch_first=True) as engine,
        pytest.raises(ShapeError, match="no batch"),
    ):
        engine(TOTAL.arrays(8))


def test_a_target_without_devices_says_so(tmp_path: Path) -> None:
    path = write_onnx(LINE, tmp_path)
    with pytest.raises(OptionError, match="use replicas=2"):
        Engine(path, devices=[0, 1])
    with pytest.raises(OptionError, match="no devices to choose from"):
        Engine(path, target="onnx:3")


def test_an_engine_that_nobody_releases_ends_with_its_last_user_or_the_interpreter(tmp_path: Path) -> None:
    code = """
import sys
from engine.backends.base import Session
from engine.base import Engine
from engine.spec import TensorSpec
class Loud(Session):
    inputs = outputs = (TensorSpec("x", "float32", ("batch",)),)
    def __init__(self, name): self.name = name
    def run(self, arrays): return arrays
    def close(self): print("closed", self.name, flush=True)
forgotten = Engine.from_session(Loud("forgotten"), "loud", "loud")
del forgotten
print("then", flush=True)
kept = Engine.from_session(Loud("kept"), "loud", "loud")
sys.exit("an error")
"""
    done = subprocess.run(
        [sys.executable, "-c", code], env={"PYTHONPATH": str(CONTRIB)}, capture_output=True, text=True
    )
    assert done.stdout.splitlines() == ["closed forgotten", "then", "closed kept"]
    assert done.returncode == 1
