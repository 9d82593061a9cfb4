"""What every target must do alike, whatever runtime is behind it."""

from __future__ import annotations

import contextlib
import gc
import os
import threading
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest

from engine import backends
from engine.base import DtypeError, Engine, InputError, ModelFileError, ReleasedError, ShapeError

from .nets import FIXED, HALF, LINE, PAIR, PICTURE, TOKENS, TOTAL, Net
from .targets import Target

Open = Callable[..., Engine]


def assert_right(net: Net, got: Any, arrays: list[np.ndarray], tolerance: float = 1e-4) -> None:
    """The engine's answer, of one output or several, is what numpy computes."""
    outputs = got if isinstance(got, list) else [got]
    expected = net.compute(*arrays)
    assert len(outputs) == len(expected)
    for output, want, spec in zip(outputs, expected, net.outputs, strict=True):
        assert isinstance(output, np.ndarray)
        assert output.dtype == np.dtype(spec.dtype)
        np.testing.assert_allclose(output, want, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("rows", [0, 1, 3, 4, 5, 9])
@pytest.mark.parametrize("net", [LINE, FIXED, PICTURE], ids=lambda net: net.name)
def test_any_number_of_rows(open_net: Open, net: Net, rows: int) -> None:
    arrays = net.arrays(rows)
    got = open_net(net)(arrays)
    assert got.shape[0] == rows
    if rows:
        assert_right(net, got, arrays)


def test_several_inputs_and_outputs(open_net: Open) -> None:
    engine, arrays = open_net(PAIR), PAIR.arrays(5)
    assert_right(PAIR, engine(arrays), arrays)
    assert_right(PAIR, engine(tuple(arrays)), arrays)
    by_name = {spec.name: array for spec, array in zip(engine.inputs, arrays, strict=True)}
    assert_right(PAIR, engine(dict(reversed(by_name.items()))), arrays)


def test_inputs_and_outputs_are_described(open_net: Open) -> None:
    engine = open_net(PAIR)
    assert [spec.dtype for spec in engine.inputs] == ["float32"] * 2
    assert [len(spec.shape) for spec in engine.inputs + engine.outputs] == [2] * 4
    assert [spec.shape[1] for spec in engine.inputs] == [3, 3]


def test_what_is_compiled_for_one_shape_is_said(target: Target) -> None:
    assert backends.find(target.name).one_shape == target.compiles


@pytest.mark.parametrize("size", [8, 11])
def test_other_sizes(open_net: Open, size: int) -> None:
    arrays = PICTURE.arrays(2, size)
    assert_right(PICTURE, open_net(PICTURE, size=size)(arrays), arrays)


def test_float16(open_net: Open) -> None:
    arrays = HALF.arrays(3)
    assert_right(HALF, open_net(HALF, dtype="float16")(arrays), arrays, tolerance=2e-3)


def test_int64(open_net: Open) -> None:
    arrays = TOKENS.arrays(3)
    engine = open_net(TOKENS)
    assert_right(TOKENS, engine(arrays), arrays)
    assert_right(TOKENS, engine(arrays[0].astype(np.int32)), arrays)


def test_arrays_that_are_not_contiguous_or_not_writeable(open_net: Open) -> None:
    whole = PICTURE.arrays(8)[0]
    engine = open_net(PICTURE)
    for view in (whole[::2], whole.transpose(0, 1, 3, 2)[:4], np.asfortranarray(whole[:4]), whole[4:]):
        view.flags.writeable = False
        assert_right(PICTURE, engine(view), [view])


def test_results_belong_to_the_caller(open_net: Open) -> None:
    engine = open_net(FIXED)
    first, second = FIXED.arrays(4, seed=1), FIXED.arrays(4, seed=2)
    got = engine(first)
    kept, sent = got.copy(), first[0].copy()
    engine(second)
    np.testing.assert_array_equal(got, kept)
    np.testing.assert_array_equal(first[0], sent)


def test_submitted_calls_answer_in_their_own_futures(open_net: Open) -> None:
    engine = open_net(LINE)
    calls = [LINE.arrays(rows, seed=rows) for rows in (1, 4, 2, 7, 3, 5)]
    futures: list[Future[Any]] = [engine.submit(arrays) for arrays in calls]
    for future, arrays in reversed(list(zip(futures, calls, strict=True))):
        assert_right(LINE, future.result(timeout=60), arrays)
    assert engine.run_time > 0


def test_what_a_runtime_tells_of_its_time_lies_within_the_call(target: Target, open_net: Open) -> None:
    engine = open_net(LINE)
    arrays = LINE.arrays(4)
    engine(arrays)
    direct, whole = engine.timings, engine.run_time
    call = engine.submit(arrays)
    call.result()
    for timings, seconds in ((direct, whole), (call.timings, call.run_time)):
        told = {name: value for name, value in vars(timings).items() if value is not None}
        assert tuple(told) == target.tells
        assert all(value >= 0 for value in told.values())
        assert sum(told.values()) <= seconds
    rows = LINE.arrays(11)  # several pieces, where the network is fixed at 4 rows
    engine(rows)
    assert sum(filter(None, vars(engine.timings).values())) <= engine.run_time


def test_wrong_inputs_are_refused(open_net: Open) -> None:
    engine, arrays = open_net(PAIR), PAIR.arrays(4)
    with pytest.raises(InputError, match="takes 2 inputs"):
        engine(arrays[0])
    with pytest.raises(ShapeError, match="takes 3 in dimension 1"):
        engine([arrays[0], arrays[1][:, :2]])
    with pytest.raises(ShapeError, match="takes 2 dimensions"):
        engine([arrays[0], arrays[1][0]])
    with pytest.raises(ShapeError):
        engine([arrays[0], arrays[1][:2]])
    with pytest.raises(DtypeError):
        engine([arrays[0], arrays[1].astype(np.complex64)])
    with pytest.raises(InputError, match="unknown: nobody"):
        engine({"nobody": arrays[0]})
    assert_right(PAIR, engine(arrays), arrays)


def test_an_output_without_rows_takes_whole_batches_only(open_net: Open) -> None:
    engine, arrays = open_net(TOTAL), TOTAL.arrays(4)
    assert_right(TOTAL, engine(arrays), arrays)
    with pytest.raises(ShapeError, match="no batch dimension"):
        engine(TOTAL.arrays(5))


def test_a_damaged_file_is_named(target: Target, written: Callable[[Target, Net], Path], tmp_path: Path) -> None:
    whole = written(target, LINE)
    damaged = tmp_path / f"damaged{whole.suffix}"
    damaged.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    with pytest.raises(ModelFileError, match="damaged"):
        Engine(damaged, target=target.name, batch_size=4)


def test_release(open_net: Open) -> None:
    engine, arrays = open_net(LINE), LINE.arrays(4)
    pending = engine.submit(arrays)
    engine.release()
    assert_right(LINE, pending.result(timeout=60), arrays)
    engine.release()
    for use in (lambda: engine(arrays), lambda: engine.submit(arrays), lambda: engine.init_module(0)):
        with pytest.raises(ReleasedError):
            use()
    with open_net(LINE) as other:
        assert_right(LINE, other(arrays), arrays)
    with pytest.raises(ReleasedError):
        other(arrays)


def test_two_engines_in_two_threads(open_net: Open) -> None:
    engines = {LINE: open_net(LINE), PICTURE: open_net(PICTURE)}
    failures: list[BaseException] = []

    def work(net: Net) -> None:
        try:
            for seed in range(20):
                arrays = net.arrays(3, seed=seed)
                assert_right(net, engines[net](arrays), arrays)
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=work, args=(net,)) for net in engines]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert failures == []


@pytest.mark.timeout(900)  # a thousand sessions take minutes where other processes use the same cores
def test_a_thousand_engines_leave_nothing_behind(target: Target, open_net: Open) -> None:
    process, arrays = psutil.Process(), LINE.arrays(4)

    def cycles(count: int) -> tuple[int, int, int]:
        for _ in range(count):
            with open_net(LINE) as engine:
                engine(arrays)
        open_net.opened.clear()  # type: ignore[attr-defined]
        gc.collect()
        return process.memory_info().rss, len(os.listdir("/proc/self/fd")), process.num_threads()

    # the first cycles fill the allocator's pools; a leak goes on after them
    cycles(target.cycles // 2)
    memory, handles, threads = cycles(10)
    after_memory, after_handles, after_threads = cycles(target.cycles // 2)
    assert after_handles <= handles
    assert after_threads <= threads
    each = (after_memory - memory) / (target.cycles // 2)
    assert each < 8192 + target.leaves, f"{each:.0f} bytes a cycle"


def test_a_fixed_batch_is_not_cut_where_nobody_says_that_it_is_one(target: Target, open_net: Open) -> None:
    """Steps of a sequence look the same: 4 of them are no 4 rows."""
    arrays = FIXED.arrays(4)
    engine = open_net(FIXED, batch_first=None)
    if target.name == "sdaa":
        pytest.skip("a card splits dimension 0 over its compute units, whatever it is")
    assert_right(FIXED, engine(arrays), arrays)
    for rows in (1, 3, 8):
        with pytest.raises(ShapeError, match="takes 4 in dimension 0"):
            engine(FIXED.arrays(rows))


def test_releasing_while_others_call(open_net: Open) -> None:
    """Calls that have begun give their results, `release` returns after them, and later ones are a ReleasedError."""
    engine, arrays = open_net(LINE), LINE.arrays(4)
    begun = threading.Barrier(4)
    answers: list[Any] = []

    def work() -> None:
        begun.wait(timeout=60)
        try:
            while True:
                assert_right(LINE, engine(arrays), arrays)
                assert_right(LINE, engine.submit(arrays).result(timeout=60), arrays)
        except BaseException as error:
            answers.append(error)

    threads = [threading.Thread(target=work, daemon=True) for _ in range(3)]
    for thread in threads:
        thread.start()
    begun.wait(timeout=60)
    engine.release()
    for thread in threads:
        thread.join(timeout=60)
    assert [type(answer) for answer in answers] == [ReleasedError] * 3


def test_releasing_in_a_callback(open_net: Open) -> None:
    """It returns at once, and the calls that were submitted before still answer."""
    engine, arrays = open_net(LINE), LINE.arrays(4)
    called = threading.Event()
    first = engine.submit(arrays)
    first.add_done_callback(lambda _: (engine.release(), called.set()))
    more = []
    with contextlib.suppress(ReleasedError):  # where the callback is quicker
        more += [engine.submit(arrays) for _ in range(3)]
    assert called.wait(timeout=60)
    for call in (first, *more):
        assert_right(LINE, call.result(timeout=60), arrays)
    with pytest.raises(ReleasedError):
        engine(arrays)
    engine.release()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
def test_after_a_fork(open_net: Open) -> None:
    """The child, where none of the runtime's threads are, is told so at every call; the parent goes on."""
    engine, arrays = open_net(LINE), LINE.arrays(4)
    engine(arrays)
    child = os.fork()
    if child == 0:
        told = 0
        try:
            for call in (engine, engine.submit):
                try:
                    call(arrays)
                except ReleasedError as error:
                    told += "before the process forked" in str(error)
            engine.release()
        finally:
            os._exit(told)  # nothing of the tests goes on here
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 2
    assert_right(LINE, engine.submit(arrays).result(timeout=60), arrays)
