"""Code that is not ours runs in a process of its own: what it does there reaches nobody else."""

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from zoo_core.errors import DataError
from zoo_core.guarded import Outcome, guarded


def job(item: str) -> Any:
    if item == "exit":
        os._exit(7)
    if item == "sleep":
        time.sleep(600)
    if item == "raise":
        raise KeyboardInterrupt
    if item == "say":
        raise DataError("a sentence")
    if item == "object":
        return object()
    if item == "print":
        print("noise", flush=True)
        sys.stdout.write("more")
    return {"item": item, "pid": os.getpid()}


def test_each_item_has_one_outcome_in_order() -> None:
    items = ["a", "exit", "b", "raise", "say", "sleep", "object", "c"]
    outcomes = list(guarded(job, items, seconds=2))
    assert [one.item for one in outcomes] == items
    faults = {one.item: one.fault for one in outcomes if one.fault}
    assert faults == {
        "exit": "it ended the process with exit code 7",
        "raise": "KeyboardInterrupt: KeyboardInterrupt",
        "say": "a sentence",
        "sleep": "it took more than 2 s",
        "object": "TypeError: Object of type object is not JSON serializable",
    }
    pids = {one.value["pid"] for one in outcomes if not one.fault}
    assert os.getpid() not in pids
    assert len(pids) == 3, "one process serves until an item ends it"


def test_a_large_value_arrives_whole() -> None:
    assert next(guarded(lambda item: item * 1_000_000, ["é"])).value == "é" * 1_000_000


def test_what_items_print_is_no_output_of_ours(capfd: pytest.CaptureFixture[str]) -> None:
    print("before", end="")
    assert [one.fault for one in guarded(job, ["print", "a"])] == ["", ""]
    assert capfd.readouterr().out == "before"


def test_no_process_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[int] = []
    fork = os.fork
    monkeypatch.setattr(os, "fork", lambda: made.append(pid := fork()) or pid)
    for outcome in guarded(job, ["a", "sleep", "b"]):
        assert outcome == Outcome("a", {"item": "a", "pid": made[0]})
        break
    for pid in made:
        with pytest.raises(ChildProcessError):
            os.waitpid(pid, os.WNOHANG)


def test_nothing_to_do() -> None:
    assert list(guarded(job, [])) == []


def test_an_item_that_forks_answers_once_and_leaves_nobody(tmp_path: Path) -> None:
    """The fork would go on with the items behind it, and its answers would be taken for those of others."""
    trace = tmp_path / "pid"

    def forks(item: str) -> str:
        if item == "forks" and os.fork():
            time.sleep(0.5)  # so that the fork comes first
        if item == "leaves" and not (left := os.fork()):
            time.sleep(600)
        elif item == "leaves":
            trace.write_text(str(left))
        return f"of {item}"

    items = ["a", "forks", "b", "leaves", "c", "d"]
    assert [one.value for one in guarded(forks, items)] == [f"of {item}" for item in items]
    deadline = time.monotonic() + 10
    while Path(f"/proc/{trace.read_text()}").exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not Path(f"/proc/{trace.read_text()}").exists()


def test_torch_computes_in_a_child_of_a_process_that_computed_before() -> None:
    """The threads that torch began are the parent's: a child that waited for them would never end."""
    pytest.importorskip("torch")
    code = (
        "import torch\n"
        "from zoo_core.guarded import guarded\n"
        "torch.set_num_threads(2)\n"
        "torch.ones(2_000_000).clone()\n"
        "job = lambda item: int(torch.ones(2_000_000).clone().sum())\n"
        "print([one.value for one in guarded(job, ['a', 'b'], 30)])\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=100, check=True)
    assert done.stdout == "[2000000, 2000000]\n"
