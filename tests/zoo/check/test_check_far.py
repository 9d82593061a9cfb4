"""zoo check --ray: cases run elsewhere, and what is known of them is here."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from typing import Any

import pytest

from zoo.contributing.check import far
from zoo.contributing.check.command import main
from zoo.distributed.cluster import Cluster, Place
from zoo.distributed.commands import Command, Ran, commanding

PLACE = Place("", "10.0.0.3", 0, 1 << 10)


class Elsewhere:
    """Stands for a cluster: runs commands as a node of it does."""

    def __init__(self) -> None:
        self.names: list[str] = []

    def __call__(self, cluster: Cluster, commands: Sequence[Command]) -> Iterator[tuple[Command, Ran, Place]]:
        with commanding(None, PLACE) as (_, run):
            for command in commands:
                self.names.append(command.name)
                yield command, run(command), PLACE


@pytest.fixture
def elsewhere(monkeypatch: pytest.MonkeyPatch) -> Elsewhere:
    made = Elsewhere()
    monkeypatch.setattr(far, "run_each", made)
    monkeypatch.setattr("zoo.distributed.cluster.connected", lambda *_: nullcontext())
    return made


def test_results_and_logs_come_back(repository: Any, elsewhere: Elsewhere, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["--all", "--root", str(repository.root), "--ray", "--json", str(repository.root / "out.json")]
    assert main([*words, "--only", "functional"]) == 0
    assert "fake: passed, on 10.0.0.3" in capsys.readouterr().out
    case = json.loads((repository.root / "out.json").read_text())["cases"][0]
    assert [step["state"] for step in case["steps"]] == ["passed"] * 4
    assert case["why"] == "all are checked"
    logs = [repository.output / "fake" / f"{name}.log" for name in ("export", "valid", "single", "multi")]
    assert [step["log"] for step in case["steps"]] == list(map(str, logs))
    assert "eval_metric 0.75" in logs[1].read_text()
    assert main([*words, "--only", "functional", "--resume"]) == 0
    assert "fake: passed before" in capsys.readouterr().out
    assert elsewhere.names == ["fake"]
    repository.write("example_valid.py", "import sys; sys.exit('no such metric')")
    assert main([*words, "--only", "functional", "--resume"]) == 1
    out = capsys.readouterr().out
    assert "no such metric" in out  # the end of a log that came back
    assert elsewhere.names == ["fake", "fake"]


def test_a_case_that_cannot_be_run(
    repository: Any, elsewhere: Elsewhere, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    real = far._command
    monkeypatch.setattr(far, "_command", lambda case, plan, root: real(case, plan, root / "not there"))
    assert main(["--all", "--root", str(repository.root), "--ray"]) == 2
    err = capsys.readouterr().err
    assert err.startswith("error: fake (on node 10.0.0.3): ")
    assert "Traceback" not in err
