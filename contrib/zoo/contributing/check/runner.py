"""Runs cases: structure, then the four steps, each in the clean copy, each result written down at once."""

from __future__ import annotations

import datetime
import fcntl
import json
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from zoo.contributing.check import carriers, process, steps, structure, workspace
from zoo.contributing.check.look import Look
from zoo.contributing.check.schema import Case
from zoo.errors import ZooError
from zoo_core.files import read_json, write_json
from zoo_core.hashing import facts_digest

STATE = "result.json"
_TAIL_LINES = 15


@dataclass
class StepResult:
    """state: passed, failed or skipped. reason: why it has not passed."""

    name: str
    state: str
    seconds: float = 0.0
    reason: str = ""
    repeat: str = ""
    log: str = ""
    metric: float | None = None

    def tail(self) -> str:
        """The last lines of the log."""
        path = Path(self.log)
        text = path.read_text(encoding="utf-8", errors="replace") if self.log and path.is_file() else ""
        return "\n".join(text.splitlines()[-_TAIL_LINES:])


@dataclass
class CaseResult:
    """Everything that is known of a case. `running` is the token of the step that runs, or ran when we were killed."""

    case: str
    model: str
    fingerprint: str
    started: str
    why: str = ""
    findings: list[structure.Finding] | None = None
    steps: list[StepResult] = field(default_factory=list)
    running: str = ""
    parts: str = "structure, functional"

    def passed(self) -> bool:
        return not self.findings and all(step.state == "passed" for step in self.steps)

    def to_json(self) -> dict[str, Any]:
        return asdict(self) | {"passed": self.passed()}


@dataclass(frozen=True)
class Plan:
    """How cases are run.

    Args:
        root: the repository.
        output: where copies, logs and states go.
        parts: of "structure" and "functional".
        resume: whether steps that passed before are taken over.
        threads: a case's share of the cores.
        shared: `workspace.shared_print(root)`, which all cases have in common; found out where it is not given.
        say: told what has been done.
        stop: ends everything when it is set.
    """

    root: Path
    output: Path
    parts: tuple[str, ...] = ("structure", "functional")
    resume: bool = False
    threads: int = 1
    shared: str | None = None
    say: Callable[[str], None] = print
    stop: threading.Event = field(default_factory=threading.Event)


def run_case(case: Case, why: str, plan: Plan, seen: Look) -> CaseResult:
    """Run one case, or go on with it where `plan.resume` finds its unfinished state. Raises ZooError if it cannot.

    Args:
        case: as it stands in model.yaml.
        why: the reason for which it is run.
        plan: how.
        seen: what was found out of it before.
    """
    folder = plan.output / case.case_name
    folder.mkdir(parents=True, exist_ok=True)
    with _locked(folder, case):
        result = _earlier(case, folder, plan) or CaseResult(
            case.case_name, case.model_id, _print_of(case, plan), _now()
        )
        result.why, result.parts = why, ", ".join(plan.parts)
        if "structure" in plan.parts:
            result.findings = seen.findings
            plan.say(f"{case.case_name}: structure {'passed' if not result.findings else 'FAILED'}")
        if "functional" in plan.parts and seen.ready is None:
            repeat = f"zoo info {case.model_id}"
            result.steps = [StepResult("export", "failed", reason=seen.fault, repeat=repeat)]
        elif "functional" in plan.parts and seen.ready is not None:
            _run_steps(seen.ready, result, folder, plan)
        write_result(result, folder)
    return result


def _run_steps(case: Case, result: CaseResult, folder: Path, plan: Plan) -> None:
    done = {step.name for step in result.steps}
    copy = folder / "work" / case.run_dir
    if not done:
        workspace.clean_copy(plan.root, case.run_dir, folder / "work")
    environ = workspace.environment(folder / "work", plan.threads)
    for step in steps.of(case):
        if step.name in done:
            plan.say(f"{case.case_name}: {step.name} passed before")
            continue
        if plan.stop.is_set():
            return
        exported = step.name == "export" or any(one.name == "export" and one.state == "passed" for one in result.steps)
        if not exported:
            result.steps.append(StepResult(step.name, "skipped", reason="the export has not passed"))
            continue
        result.running = carriers.new_token()
        write_result(result, folder)
        log = folder / f"{step.name}.log"
        outcome = process.run(step.command(), copy, log, case.timeout, environ, result.running, plan.stop)
        if outcome.ended == "stopped":
            return
        result.running = ""
        result.steps.append(_judged(step, case, copy, log, outcome))
        write_result(result, folder)
        plan.say(f"{case.case_name}: {step.name} {_shown(result.steps[-1])}")


def _judged(step: steps.Step, case: Case, copy: Path, log: Path, outcome: process.Outcome) -> StepResult:
    text = log.read_text(encoding="utf-8", errors="replace")
    reason = outcome.ended or (f"exit code {outcome.code}" if outcome.code else steps.fault(step, case, copy, text))
    return StepResult(
        step.name,
        "failed" if reason else "passed",
        round(outcome.seconds, 2),
        reason,
        step.shown(copy),
        str(log),
        steps.metric(text) if step.name == "valid" and not reason else None,
    )


def _shown(step: StepResult) -> str:
    figure = "" if step.metric is None else f", eval_metric {step.metric:g}"
    return f"{'passed' if step.state == 'passed' else 'FAILED'} in {step.seconds:.1f} s{figure}"


def _earlier(case: Case, folder: Path, plan: Plan) -> CaseResult | None:
    """The state that an interrupted run left, if nothing has changed since; its passed steps count.

    Whatever its unfinished step left running ends now.
    """
    result = read_result(folder)
    if result is None:
        return None
    if result.running:
        carriers.end(result.running)
        result.running = ""
    if not plan.resume or result.fingerprint != _print_of(case, plan):
        return None
    result.steps = [step for step in result.steps if step.state == "passed"]
    whole = len(result.steps) == len(steps.of(case))
    return result if whole or (folder / "work" / case.run_dir).is_dir() else None


def read_result(folder: Path) -> CaseResult | None:
    """What was written down of a case in its folder; None if nothing was, or it is damaged or was edited."""
    raw = read_json(folder / STATE)
    try:
        if raw.pop("digest") != facts_digest(raw):
            return None
        raw.pop("passed")
        raw["findings"] = None if raw["findings"] is None else [structure.Finding(**one) for one in raw["findings"]]
        raw["steps"] = [StepResult(**one) for one in raw["steps"]]
        return CaseResult(**raw)
    except (KeyError, TypeError, AttributeError):
        return None


def finished(case: Case, plan: Plan) -> CaseResult | None:
    """The result of a case that has passed before as a whole, and of which nothing has changed since; None elsewhere,
    and where `plan` does not resume."""
    result = _earlier(case, plan.output / case.case_name, plan)
    wanted = steps.of(case) if "functional" in plan.parts else []
    if result is None or not result.passed() or len(result.steps) != len(wanted):
        return None
    return result if "structure" not in plan.parts or result.findings is not None else None


def write_result(result: CaseResult, folder: Path) -> None:
    """What is known of a case, into its folder.

    Args:
        result: of the case.
        folder: its own, below that of all cases.
    """
    said = json.loads(json.dumps(result.to_json()))  # as it will be read: tuples become lists
    write_json(folder / STATE, said | {"digest": facts_digest(said)})


def _print_of(case: Case, plan: Plan) -> str:
    return workspace.fingerprint(plan.root, case.run_dir, case.model_dump_json(), plan.shared)


def require_inside(case: Case, root: Path) -> None:
    """Raise ZooError where the case's folder is a link out of the repository."""
    if not (root / case.run_dir).resolve().is_relative_to(root.resolve()):
        raise ZooError(f"{case.case_name}: run_dir {case.run_dir} leads out of the repository")


@contextmanager
def _locked(folder: Path, case: Case) -> Iterator[None]:
    """Two checks of one case at once would write over each other. The system lets go of the lock when we die."""
    with (folder / "lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise ZooError(f"{case.case_name} is being checked by another process; its folder is {folder}") from error
        file.write(str(os.getpid()))
        with suppress(OSError):
            file.flush()
        yield


def _now() -> str:
    return datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds")
