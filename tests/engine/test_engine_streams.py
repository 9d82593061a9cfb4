"""Several calls at once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from threading import Barrier

import numpy as np
import pytest

from engine.backends.base import Options, Session
from engine.backends.onnxruntime import OnnxRuntimeBackend
from engine.backends.openvino import _config
from engine.base import Engine, OptionError, TensorSpec
from zoo_core.machine import cores

ROW = np.ones((1, 2), np.float32)


class Meeting(Session):
    """A call ends only when `parallel` of them are under way."""

    inputs = outputs = (TensorSpec("x", "float32", ("batch", 2)),)

    def __init__(self, parallel: int):
        self.parallel = parallel
        self._barrier = Barrier(parallel)

    def run(self, arrays: list[np.ndarray]) -> list[np.ndarray]:
        self._barrier.wait(timeout=60)
        return arrays


def test_as_many_calls_run_at_once_as_the_session_says() -> None:
    with Engine.from_session(Meeting(3), "none", "none") as engine:
        calls = [engine.submit(ROW * n) for n in range(6)]
        assert [float(call.result()[0, 0]) for call in calls] == list(range(6))
        assert all(call.run_time > 0 for call in calls)


def test_streams_give_the_same_as_one_after_the_other(doubling: Callable[..., Path]) -> None:
    with Engine(doubling(["batch", 2]), streams=3) as engine:
        assert engine.parallel == 3
        calls = [engine.submit(ROW * n) for n in range(20)]
        assert [float(call.result()[0, 0]) for call in calls] == [2.0 * n for n in range(20)]


def test_cores_are_shared_among_streams() -> None:
    def threads(options: Options) -> int:
        return OnnxRuntimeBackend()._session_options(options).intra_op_num_threads

    assert threads(Options()) == cores()
    assert threads(Options(streams=cores())) == threads(Options(streams=1000)) == 1


def test_a_runtime_that_takes_one_call_at_a_time_keeps_all_cores_for_it() -> None:
    assert Options(streams=4).threads() == cores()
    assert Options(replicas=cores()).threads() == 1


def test_openvino_has_as_many_streams(doubling: Callable[..., Path]) -> None:
    pytest.importorskip("openvino")
    # OpenVINO gives no more streams than there are cores to run them
    for streams, parallel in ((1, 1), (2, min(2, cores()))):
        with Engine(doubling(["batch", 2]), target="openvino", streams=streams, options={"cache": False}) as engine:
            assert engine.parallel == parallel
            calls = [engine.submit(ROW * n) for n in range(20)]
            assert [float(call.result()[0, 0]) for call in calls] == [2.0 * n for n in range(20)]
    with Engine(doubling(["batch", 2]), target="openvino", streams=2, options={"streams": 1, "cache": False}) as engine:
        assert engine.parallel == 1


def test_streams_are_at_least_one(doubling: Callable[..., Path]) -> None:
    with pytest.raises(OptionError, match="streams"):
        Engine(doubling(["batch", 2]), streams=0)


@pytest.mark.parametrize(("streams", "threads", "total"), [(1, 1, 1), (1, cores(), cores()), (cores(), 1, cores())])
def test_openvino_gives_each_stream_its_threads(
    doubling: Callable[..., Path], streams: int, threads: int, total: int
) -> None:
    pytest.importorskip("openvino")
    with Engine(doubling(["batch", 2]), target="openvino", streams=streams, options={"threads": threads}) as engine:
        assert engine.parallel == streams
        calls = [engine.submit(ROW * n) for n in range(20)]
        assert [float(call.result()[0, 0]) for call in calls] == [2.0 * n for n in range(20)]
    config = _config(None, "CPU", Options(streams=streams, extra={"threads": threads}), {"threads": threads})
    assert config["INFERENCE_NUM_THREADS"] == str(total)
