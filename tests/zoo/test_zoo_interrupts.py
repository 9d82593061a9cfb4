"""Ctrl-C: never inside a step, where it would leave a lock taken for ever; always at its end."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from pathlib import Path

import pytest

from zoo.manifest import Exported
from zoo_core.interrupts import Uninterrupted, check, stepwise, wait_for


def interrupt() -> None:
    """What Python does in the main thread after Ctrl-C: it calls the handler. No signal is sent, since a library in
    this process (a compiler, say) may have a handler of its own below Python's."""
    handler = signal.getsignal(signal.SIGINT)
    assert callable(handler)
    handler(signal.SIGINT, None)


@pytest.fixture(autouse=True)
def default_handler() -> Iterator[None]:
    """Python's own handler, also where whoever started the tests ignores Ctrl-C."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def test_it_is_raised_at_the_end_of_the_block() -> None:
    reached = False
    with pytest.raises(KeyboardInterrupt), Uninterrupted():
        interrupt()
        reached = True
    assert reached
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_a_block_inside_another_one_changes_nothing() -> None:
    reached = False
    with pytest.raises(KeyboardInterrupt), Uninterrupted():
        with Uninterrupted():
            interrupt()
        reached = True
    assert reached


def test_a_second_one_is_raised_at_once() -> None:
    reached = False
    with pytest.raises(KeyboardInterrupt), Uninterrupted():
        interrupt()
        interrupt()
        reached = True
    assert not reached


def test_it_is_raised_where_no_lock_is_held() -> None:
    check()
    with pytest.raises(KeyboardInterrupt), Uninterrupted():
        interrupt()
        check()
        pytest.fail("the place was passed")
    check()


def test_it_ends_the_waiting_for_a_job_that_never_ends() -> None:
    never: Future[None] = Future()
    with pytest.raises(KeyboardInterrupt), Uninterrupted():
        threading.Timer(0.1, interrupt).start()
        wait_for([never])


def test_other_threads_and_other_handlers_are_left_alone() -> None:
    seen: list[object] = []

    def elsewhere() -> None:
        with Uninterrupted():
            seen.append(signal.getsignal(signal.SIGINT))
            check()

    thread = threading.Thread(target=elsewhere)
    thread.start()
    thread.join()
    assert seen == [signal.default_int_handler]
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with Uninterrupted():
            assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
            check()
    finally:
        signal.signal(signal.SIGINT, before)


def test_a_loop_is_interrupted_between_its_steps_and_ended() -> None:
    done: list[object] = []

    def steps():  # type: ignore[no-untyped-def]
        try:
            for number in range(3):
                if number == 1:
                    interrupt()
                done.append(number)
                yield number
        finally:
            done.append("end")

    with pytest.raises(KeyboardInterrupt):
        list(stepwise(steps()))
    assert done == [0, 1, "end"]
    assert list(stepwise(number for number in range(3))) == [0, 1, 2]


MANY = """
import faulthandler, random, signal, sys
from pathlib import Path
from zoo import catalogue
from zoo.running.engines import open_runner
from zoo.running.pipeline import Stages, predictions
from zoo.running.setting import Setting

model = catalogue.load("classification/lenet").variant()
setting = Setting(model, folder=Path(sys.argv[1]))
task = setting.task()
samples = task.dataset(model.data("sample"))[:200]
signal.signal(signal.SIGALRM, lambda *_: signal.raise_signal(signal.SIGINT))
chance, ended = random.Random(0), 0
with open_runner(setting, 10) as engine:
    for _ in range(150):
        faulthandler.dump_traceback_later(60, exit=True)
        try:
            try:
                signal.setitimer(signal.ITIMER_REAL, chance.uniform(0.001, 0.03))
                for _ in predictions(task, engine, samples, 1, Stages(), workers=2):
                    pass
            finally:
                signal.setitimer(signal.ITIMER_REAL, 0)
        except KeyboardInterrupt:
            ended += 1
print(ended)
"""


def test_a_run_that_is_interrupted_anywhere_ends(lenet_export: Exported, root: Path) -> None:
    """Without the blocks, about one of 150 runs waited for a lock that nobody held."""
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            f"import signal\nsignal.signal(signal.SIGINT, signal.default_int_handler)\n{MANY}",
            str(lenet_export.manifest.parent),
        ],
        env=os.environ | {"PYTHONPATH": str(root / "contrib")},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 50
