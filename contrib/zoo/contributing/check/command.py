"""`zoo check`: chooses the cases, runs them side by side, sums up."""

from __future__ import annotations

import argparse
import sys
import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

from zoo.commands import console
from zoo.commands.flags import add_ray_flags, positive, ray_cluster
from zoo.contributing.check import changes, look, reports, schema, selection, workspace
from zoo.contributing.check.far import on_cluster
from zoo.contributing.check.runner import CaseResult, Plan, require_inside, run_case
from zoo.contributing.check.schema import Case
from zoo.contributing.repository import here, run_its_own
from zoo.provenance import provenance
from zoo_core.interrupts import Uninterrupted, terminable, wait_for
from zoo_core.machine import cores

PARTS = ("structure", "functional")


def main(argv: list[str] | None = None) -> int:
    """`zoo check`. Exit code 0: all passed, 1: something failed, 2: wrong use or a faulty model.yaml."""
    words = sys.argv[2:] if argv is None else argv
    args = parser().parse_args(words)
    run_its_own(args.root.resolve(), ["check", *words])
    return console.run(_check, args)


def parser() -> argparse.ArgumentParser:
    """The flags."""
    parser = argparse.ArgumentParser(prog="zoo check", description="What CI runs for each model, from model.yaml.")
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument("--case", action="append", metavar="NAME", help="the case of this name (may be repeated)")
    which.add_argument("--model", action="append", metavar="D/M", help="the cases of this model (may be repeated)")
    which.add_argument(
        "--changed-since",
        metavar="REF",
        help="the models that differ from this branch or commit; of "
        f"those that only shared code reached, one a task and {changes.MORE} more",
    )
    which.add_argument("--all", action="store_true", help="every model")
    parser.add_argument("--shard", type=selection.shard, metavar="i/n", help="part i of n of them, for n machines")
    parser.add_argument("--only", choices=PARTS, help="one of the two parts (default: both)")
    parser.add_argument("--jobs", type=positive, help="cases at once (default: one a core)")
    parser.add_argument(
        "--resume", action="store_true", help="take over steps that passed before, where nothing has changed since"
    )
    add_ray_flags(parser)
    parser.add_argument("--json", type=Path, metavar="F", help="write everything that was found to this file")
    parser.add_argument("--junit", type=Path, metavar="F", help="write JUnit's XML to this file")
    parser.add_argument("--root", type=Path, default=here(), help="the repository (default: the one we are in)")
    parser.add_argument("--output", type=Path, help="where copies, logs and states go (default: runs/check of --root)")
    return parser


def _check(args: argparse.Namespace) -> int:
    root = args.root.resolve()
    cases = schema.read(root / changes.CONFIG)
    chosen = selection.select(args, root, cases)
    for name, why in [*((case.case_name, why) for case, why in chosen.run), *chosen.look.items()]:
        print(f"{name}: {why}", flush=True)
    jobs = min(args.jobs or cores(), len(chosen.run)) or 1
    output = args.output or root / "runs" / "check"
    parts = (args.only,) if args.only else PARTS
    shared = workspace.shared_print(root) if chosen.run else None
    plan = Plan(root, output.resolve(), parts, args.resume, max(cores() // jobs, 1), shared, say=_say)
    if args.ray:
        with ray_cluster(args) as cluster:
            results = on_cluster(cluster, chosen.run, plan, args.root)
    else:
        results = _run(chosen.run, plan, jobs)
    results += _only_structure(root, chosen.look, cases)
    if not results:
        print("nothing to check: no model is touched")
        return console.OK
    reports.show(results)
    if args.json:
        reports.write_json(args.json, results, provenance())
    if args.junit:
        reports.write_junit(args.junit, results)
    return console.OK if all(result.passed() for result in results) else console.FAILED


def _say(line: str) -> None:
    print(line, flush=True)


def _only_structure(root: Path, why: Mapping[str, str], cases: Sequence[Case]) -> list[CaseResult]:
    """The results of folders of which only the structure is looked at."""
    own = {case.run_dir: case for case in reversed(cases)}
    looks = look.look(root, [(run_dir, own.get(run_dir)) for run_dir in why], PARTS[:1])
    return [
        CaseResult(
            one.run_dir, "/".join(one.run_dir.split("/")[-2:]), "", "", why[one.run_dir], one.findings, parts=PARTS[0]
        )
        for one in looks
    ]


def _run(chosen: Sequence[tuple[Case, str]], plan: Plan, jobs: int) -> list[CaseResult]:
    """All cases, `jobs` at once. Ctrl-C and SIGTERM end every step before they end us."""
    plan = replace(plan, stop=threading.Event())
    for case, _ in chosen:
        require_inside(case, plan.root)
    seen = list(look.look(plan.root, [(case.run_dir, case) for case, _ in chosen], plan.parts))
    with terminable(), Uninterrupted(), ThreadPoolExecutor(jobs) as pool:
        waiting = [pool.submit(run_case, case, why, plan, one) for (case, why), one in zip(chosen, seen, strict=True)]
        try:
            results = []
            for one in waiting:
                wait_for([one])
                results.append(one.result())
            return results
        except BaseException:
            plan.stop.set()
            for one in waiting:
                one.cancel()
            raise
