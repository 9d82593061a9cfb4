"""`zoo check`: chooses the cases, runs them side by side, sums up."""

from __future__ import annotations

import argparse
import signal
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from zoo.commands import console
from zoo.commands.flags import positive
from zoo.contributing.check import changes, reports, schema, structure
from zoo.contributing.check.runner import CaseResult, Plan, run_case
from zoo.contributing.check.schema import Case
from zoo.errors import ZooError
from zoo.provenance import provenance
from zoo_core.machine import cores

PARTS = ("structure", "functional")


def repository() -> Path:
    """The root of the repository that this code is in."""
    return Path(__file__).resolve().parents[4]


def main(argv: list[str] | None = None) -> int:
    """`zoo check`. Exit code 0: all passed, 1: something failed, 2: wrong use or a faulty model.yaml."""
    parser = argparse.ArgumentParser(prog="zoo check", description="What CI runs for each model, from model.yaml.")
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument("--case", action="append", metavar="NAME", help="the case of this name (may be repeated)")
    which.add_argument("--model", action="append", metavar="D/M", help="the cases of this model (may be repeated)")
    which.add_argument("--changed-since", metavar="REF", help="the models that differ from this branch or commit")
    which.add_argument("--all", action="store_true", help="every model")
    parser.add_argument("--only", choices=PARTS, help="one of the two parts (default: both)")
    parser.add_argument("--jobs", type=positive, help="cases at once (default: one a core)")
    parser.add_argument("--resume", action="store_true", help="go on where an earlier run was interrupted")
    parser.add_argument("--json", type=Path, metavar="F", help="write everything that was found to this file")
    parser.add_argument("--junit", type=Path, metavar="F", help="write JUnit's XML to this file")
    parser.add_argument("--root", type=Path, default=repository(), help="the repository (default: this one)")
    parser.add_argument("--output", type=Path, help="where copies, logs and states go (default: runs/check of --root)")
    return console.run(_check, parser.parse_args(argv))


def _check(args: argparse.Namespace) -> int:
    root = args.root.resolve()
    cases = schema.read(root / changes.CONFIG)
    chosen, without = _chosen(args, root, cases)
    for name, why in [*((case.case_name, why) for case, why in chosen), *without.items()]:
        print(f"{name}: {why}", flush=True)
    jobs = min(args.jobs or cores(), len(chosen)) or 1
    output = args.output or root / "runs" / "check"
    parts = (args.only,) if args.only else PARTS
    plan = Plan(root, output.resolve(), parts, args.resume, max(cores() // jobs, 1), say=_say)
    results = _run(chosen, plan, jobs) + [_only_structure(root, run_dir, why) for run_dir, why in without.items()]
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


def _chosen(
    args: argparse.Namespace, root: Path, cases: Sequence[Case]
) -> tuple[list[tuple[Case, str]], dict[str, str]]:
    """(case, why) to run, and folder → why of models that have no case."""
    if args.case:
        return [(_named(name, cases), "asked for by name") for name in args.case], {}
    folders = _folders(root, cases)
    if args.model:
        why = {folder: "asked for by model" for model in args.model for folder in _of_model(model, folders)}
    elif args.changed_since is not None:
        touched = changes.touched_cases(root, args.changed_since, cases)
        why = changes.reasons(root, changes.since(root, args.changed_since), folders, touched)
    else:
        why = dict.fromkeys(folders, "all are checked")
    with_case = {case.run_dir for case in cases}
    chosen = [(case, why[case.run_dir]) for case in cases if case.run_dir in why]
    return chosen, {folder: text for folder, text in why.items() if folder not in with_case}


def _named(name: str, cases: Sequence[Case]) -> Case:
    for case in cases:
        if case.case_name == name:
            return case
    raise ZooError(f"there is no case '{name}'; there are: {', '.join(case.case_name for case in cases)}")


def _folders(root: Path, cases: Sequence[Case]) -> list[str]:
    """Every model's folder: those of the cases, and those in contrib/example that hold a README or a script."""
    found = [
        path.relative_to(root).as_posix()
        for path in root.glob("contrib/example/*/*")
        if path.is_dir() and any((path / name).is_file() for name in structure.REQUIRED)
    ]
    return sorted({*found, *(case.run_dir for case in cases)})


def _of_model(model: str, folders: Sequence[str]) -> list[str]:
    found = [folder for folder in folders if folder.endswith(f"/{model}")]
    if not found:
        known = ", ".join("/".join(folder.split("/")[-2:]) for folder in folders)
        raise ZooError(f"there is no model '{model}'; there are: {known}")
    return found


def _only_structure(root: Path, run_dir: str, why: str) -> CaseResult:
    findings = structure.check(structure.Folder(root, run_dir, None))
    return CaseResult(run_dir, "/".join(run_dir.split("/")[-2:]), "", "", why, findings)


def _run(chosen: Sequence[tuple[Case, str]], plan: Plan, jobs: int) -> list[CaseResult]:
    """All cases, `jobs` at once. Ctrl-C and SIGTERM end every step before they end us."""
    plan = replace(plan, stop=threading.Event())
    with _terminable(), ThreadPoolExecutor(jobs) as pool:
        waiting = [pool.submit(run_case, case, why, plan) for case, why in chosen]
        try:
            return [one.result() for one in waiting]
        except BaseException:
            plan.stop.set()
            for one in waiting:
                one.cancel()
            raise


@contextmanager
def _terminable() -> Iterator[None]:
    """SIGTERM is handled as Ctrl-C is."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
