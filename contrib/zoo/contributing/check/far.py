"""Cases on the nodes of a cluster: each is a `zoo check` of its own there, whose state and logs come back."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from zoo.contributing.check.runner import STATE, CaseResult, Plan, finished, read_result, require_inside, write_result
from zoo.contributing.check.schema import Case
from zoo.distributed.cluster import Cluster
from zoo.distributed.commands import FOLDER, Command, Ran, require_ran, run_each, written
from zoo.errors import ZooError


def on_cluster(cluster: Cluster, chosen: Sequence[tuple[Case, str]], plan: Plan, root: Path) -> list[CaseResult]:
    """Run cases, each on some node; returns their results in the order in which they were chosen.

    Args:
        cluster: connected.
        chosen: cases, and why each is run.
        plan: how. Where it resumes, cases that have passed before as a whole are not run again.
        root: the repository, which every node has at this path.

    Raises:
        ZooError: a node has another version of the zoo, or cannot run the command at all.
        CheckFailedError: a case ended its worker three times, or no node is left.
    """
    why = {case.case_name: reason for case, reason in chosen}
    found: dict[str, CaseResult] = {}
    for case, _ in chosen:
        require_inside(case, plan.root)
        before = finished(case, plan)
        if before is not None:
            plan.say(f"{case.case_name}: passed before")
            found[case.case_name] = before
    commands = [_command(name, plan, root.resolve()) for name in why if name not in found]
    with closing(run_each(cluster, commands)) as every:
        for command, ran, place in every:
            require_ran(command, ran, place)
            result = _taken(command.name, ran, plan)
            found[command.name] = result
            plan.say(f"{command.name}: {'passed' if result.passed() else 'FAILED'}, on {place.host}")
    return [replace(found[name], why=reason) for name, reason in why.items()]


def _command(case: str, plan: Plan, root: Path) -> Command:
    words = ["check", "--case", case, "--jobs", "1", "--root", str(root), "--output", FOLDER]
    if len(plan.parts) == 1:
        words += ["--only", plan.parts[0]]
    return Command(case, words, [f"{case}/{STATE}", f"{case}/*.log"])


def _taken(case: str, ran: Ran, plan: Plan) -> CaseResult:
    """The result of a case, whose logs lie below `plan.output` now."""
    written(ran, plan.output)
    folder = plan.output / case
    result = read_result(folder)
    if result is None:
        raise ZooError(f"{case}: what came back is no result of a check: {ran.last_line()}")
    for step in result.steps:
        step.log = str(folder / Path(step.log).name) if step.log else ""
    write_result(result, folder)
    return result
