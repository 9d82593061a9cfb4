"""Each item in a process of its own: what crashes, exits, hangs or takes too much costs itself, and is ended whole."""

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from zoo.contributing.sweep.alone import Ended, Limits, Say, each_alone

PLENTY = Limits(seconds=120, mebibytes=1 << 20)


def _job(item: str, say: Say) -> None:
    print("what is printed is nobody's")
    say({"began": item, "step": "first"})
    say({"step": "second"})
    if item == "exits":
        os._exit(0)
    if item == "leaves":
        sys.exit(3)
    if item == "aborts":
        os.kill(os.getpid(), signal.SIGKILL)
    if item == "raises":
        raise ValueError("of its own")
    if item == "hangs":
        time.sleep(600)
    if item == "weighs":
        say({"mebibytes": psutil.Process().memory_info().rss >> 20})
    if item == "swells":
        held = bytearray(1 << 30)
        time.sleep(600 + len(held))


def _ended(items: list[str], limits: Limits = PLENTY) -> dict[str, Ended]:
    return {one.item: one for one in each_alone(_job, items, limits)}


def test_whatever_ends_a_process_is_said_of_its_item_and_the_others_go_on(
    capfd: pytest.CaptureFixture,
) -> None:
    found = _ended(["exits", "fine", "leaves", "aborts", "raises", "well"])
    assert {name: one.fault for name, one in found.items()} == {
        "exits": "ended with exit code 0",
        "fine": "",
        "leaves": "ended with exit code 1",
        "aborts": "ended by signal 9 (SIGKILL)",
        "raises": "ended with exit code 1",
        "well": "",
    }
    assert all(one.said == {"began": name, "step": "second"} for name, one in found.items())
    assert not any(one.forced for one in found.values())
    assert "nobody" not in capfd.readouterr().out


def test_an_item_is_ended_at_its_time_limit() -> None:
    found = _ended(["hangs", "fine"], Limits(seconds=0.5, mebibytes=1 << 20, jobs=2))
    assert (found["hangs"].fault, found["hangs"].forced) == ("took more than 0.5 s", True)


def test_an_item_is_ended_at_its_memory_limit() -> None:
    # measured in a process like it, since a forked one has less in memory than the one that forks it
    mebibytes = _ended(["weighs"])["weighs"].said["mebibytes"] + 256
    found = _ended(["swells", "fine"], Limits(seconds=120, mebibytes=mebibytes))
    assert (found["swells"].fault, found["swells"].forced) == (f"took more than {mebibytes} MiB of memory", True)
    assert found["fine"].fault == ""


def test_several_run_at_once(tmp_path: Path) -> None:
    def meeting(item: str, say: Say) -> None:
        (tmp_path / item).touch()
        while len(list(tmp_path.iterdir())) < 3:
            time.sleep(0.01)

    assert [one.fault for one in each_alone(meeting, ["a", "b", "c"], Limits(120, 1 << 20, jobs=3))] == [""] * 3


def test_what_an_item_started_ends_with_it() -> None:
    def starting(_: str, say: Say) -> None:
        say({"pid": subprocess.Popen(["sleep", "600"]).pid})

    (ended,) = each_alone(starting, ["item"], PLENTY)
    _await_end(ended.said["pid"])


def test_closing_the_iterator_ends_what_is_under_way(tmp_path: Path) -> None:
    def job(item: str, say: Say) -> None:
        if item == "waits":
            (tmp_path / "pid").write_text(str(os.getpid()))
            time.sleep(600)
        while not (tmp_path / "pid").exists():
            time.sleep(0.01)

    running = each_alone(job, ["waits", "ends"], Limits(120, 1 << 20, jobs=2))
    assert next(running).item == "ends"
    running.close()
    assert not psutil.pid_exists(int((tmp_path / "pid").read_text()))


def _await_end(pid: int) -> None:
    """Wait until a process is no more, or a zombie that whoever adopted it has not yet taken away."""
    with suppress(psutil.NoSuchProcess):
        while psutil.Process(pid).status() != psutil.STATUS_ZOMBIE:
            time.sleep(0.01)
