"""`zoo report MODEL`: the description of a pull request, from what has been measured and from nothing else."""

from __future__ import annotations

import argparse
import subprocess
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from zoo.commands import console, flags
from zoo.contributing.check import changes, runner, schema, workspace
from zoo.contributing.markdown import code, escape, table
from zoo.contributing.repository import repository
from zoo.errors import ZooError
from zoo.family import Family
from zoo.model import Model
from zoo.provenance import provenance
from zoo_core.files import read_json, write_text


def main(family: Family, argv: list[str] | None = None) -> int:
    """`zoo report MODEL`."""
    parser = argparse.ArgumentParser(
        prog=f"zoo report {family.id}",
        description="The description of a pull request, in Markdown, from the results in the runs folder.",
    )
    parser.add_argument("--variant", help="which network of the family (default: the model's own default)")
    parser.add_argument("--runs", type=Path, help="where results are (default: runs of --root)")
    parser.add_argument("--limit", type=Path, metavar="F", help="limit performance: a file of tecoexec.py --json")
    parser.add_argument("--output", type=Path, metavar="F", help="write to this file (default: print)")
    parser.add_argument("--root", type=Path, default=repository(), help="the repository (default: this one)")

    def job(args: argparse.Namespace) -> int:
        root, model = args.root.resolve(), flags.model_of(family, args)
        text = "\n".join(report(model, root, args.runs or root / "runs", args.limit)) + "\n"
        if args.output is None:
            print(text, end="")
        else:
            write_text(args.output, text)
        return console.OK

    return console.run(job, parser.parse_args(argv))


def report(model: Model, root: Path, runs: Path, limit: Path | None) -> Iterator[str]:
    """The lines of the description."""
    variant = "" if model.default else f", variant {escape(model.variant)}"
    yield f"# Add {escape(model.title)} ({escape(model.id)}{variant})"
    yield from _section("1. Software stack", _stack())
    yield from _section("2. Source and commit", _source(model, root))
    yield from _section("3. Folder", _tree(model))
    yield from _section("4. What was adapted", _adapted(model))
    yield from _section("5. Functional check", _functional(model, root, runs))
    yield from _section("6. Accuracy", _accuracy(model, runs))
    yield from _section("7. Limit performance", _limit(model, limit))
    yield from _section("8. README", _readme(model, runs))


def _section(title: str, lines: Iterator[str]) -> Iterator[str]:
    yield from ("", f"## {title}", "")
    yield from lines


def _variant(model: Model) -> str:
    """The flag that names it, where it is not the default."""
    return "" if model.default else f" --variant {model.variant}"


def _not_run(command: str) -> Iterator[str]:
    yield f"Not run. Command: {code(command)}"


def _stack() -> Iterator[str]:
    found = provenance()
    host = found["host"]
    rows = [("host", f"{host['cpu']}, {host['cores']} cores, {host['system']}"), *found["versions"].items()]
    yield from table(("part", "version"), rows)


def _source(model: Model, root: Path) -> Iterator[str]:
    yield f"- source: {escape(model.source)}"
    yield f"- licence: {escape(model.licence)}"
    if model.paper:
        yield f"- paper: {escape(model.paper)}"
    if model.published:
        figure = model.published
        said = f"{model.variant}: {figure.metric} {figure.value:g} ({figure.where})"
        yield f"- published{'' if model.reference else ', not measured here'}: {escape(said)}"
    yield f"- commit of this repository: {_commit(root)}"


def _commit(root: Path) -> str:
    words = ["git", "-C", str(root), "describe", "--always", "--abbrev=40", "--dirty= with uncommitted changes"]
    try:
        done = subprocess.run([*words, "--exclude=*"], capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return "unknown (git is not installed)"
    return done.stdout.strip() if done.returncode == 0 else "unknown (not a git repository)"


def _tree(model: Model) -> Iterator[str]:
    yield from ("```", f"{model.id}/")
    for file in workspace.own_files(model.folder):
        name = " ".join(file.relative_to(model.folder).as_posix().split())
        yield f"    {name} ({file.stat().st_size} bytes)"
    yield "```"


def _adapted(model: Model) -> Iterator[str]:
    task = model.task
    parts = [("task", task), ("preprocessing", getattr(task, "transform", None)), ("metric", task.metric())]
    rows = [(name, f"{type(part).__module__}.{type(part).__name__}") for name, part in parts if part is not None]
    for one in model.parts:
        for kind, specs in (("input", one.inputs), ("output", one.outputs)):
            rows += [(f"{one.name} {kind}".strip(), str(spec)) for spec in specs]
    yield from table(("part", "what it is"), rows)


def _functional(model: Model, root: Path, runs: Path) -> Iterator[str]:
    config = root / changes.CONFIG
    cases = [case for case in schema.read(config) if case.model_id == model.id] if config.is_file() else []
    if not cases:
        yield f"There is no case of {model.id} in {changes.CONFIG}."
    for case in cases:
        result = runner.read_result(runs / "check" / case.case_name)
        if result is None:
            yield from _not_run(f"zoo check --case {case.case_name}")
            continue
        if result.fingerprint != workspace.fingerprint(root, case.run_dir, case.model_dump_json()):
            yield f"Out of date: files have changed since. Command: `zoo check --case {case.case_name}`"
            continue
        yield f"Case `{case.case_name}`, {result.started}: **{'passed' if result.passed() else 'FAILED'}**"
        yield ""
        rows: list[tuple[object, ...]] = []
        if result.findings is not None:
            rows.append(("structure", "failed" if result.findings else "passed", "", _joined(result)))
        for step in result.steps:
            metric = "" if step.metric is None else f"eval_metric {step.metric:g}"
            rows.append((step.name, step.state, f"{step.seconds:.1f} s", metric or step.reason))
        yield from table(("step", "result", "time", ""), rows)


def _joined(result: runner.CaseResult) -> str:
    return "; ".join(finding.message for finding in result.findings or ())


def _accuracy(model: Model, runs: Path) -> Iterator[str]:
    path = runs / model.place / "verify.json"
    yield from _from(path, _compared, f"zoo run {model.id}{_variant(model)}")


def _compared(found: Mapping[str, Any]) -> Iterator[str]:
    """The table of `zoo verify`, from its record."""
    verdict = "passed" if found["passed"] else "FAILED"
    said = f"Variant {found['variant']}, {found['weights']} weights, {found['date']}"
    yield f"{escape(said)}: **{verdict}**"
    yield ""
    compared = {one["contender"]: one for one in found["comparisons"]}
    rows = []
    for one in found["runtimes"]:
        against = compared.get(f"{one['runtime']} {one['dtype']}")
        metric = ", ".join(
            f"{name} {'–' if value is None else f'{value:.4f}'}" for name, value in one["metrics"].items()
        )
        if against is None:
            rows.append((one["runtime"], one["dtype"], metric, "", "", "", "reference"))
            continue
        share = f"{against['samples'] - against['disagreeing']}/{against['samples']}"
        error = f"{against['relative_error']:.3%} (≤ {against['limit']:.1%})"
        passed = f"{'PASS' if against['passed'] else 'FAIL'} by {', '.join(against['judged_by'])}"
        rows.append((one["runtime"], one["dtype"], metric, against["baseline"], share, error, passed))
    yield from table(("runtime", "dtype", "metric", "against", "agree", "relative error", "verdict"), rows)


def _limit(model: Model, limit: Path | None) -> Iterator[str]:
    command = f"pytest -vs -k {model.variant} tecoexec/test_tecoexec.py"
    if limit is None:
        yield from _not_run(command)
        return
    if not limit.is_file():
        raise ZooError(f"there is no {limit}; tecoexec.py --json writes such a file")
    yield from _from(limit, _performance, command)


def _performance(found: Mapping[str, Any]) -> Iterator[str]:
    """The table of tecoexec, from its record."""
    setting = found["setting"]
    yield f"{escape(Path(setting['ckpt']).name)} on {escape(setting['target'])}, {escape(setting['dtype'])}:"
    yield ""
    rows = []
    for record in found["records"]:
        figures = record["figures"]
        p99 = figures["p99_ms"]
        rows.append(
            (
                record["batch"],
                f"{figures['throughput']:.4g}",
                f"{figures['p50_ms']:.4g}",
                "too few calls" if p99 is None else f"{p99:.4g}",
                "UNSTABLE: " + "; ".join(record["reasons"]) if record["reasons"] else "VALID",
            )
        )
    yield from table(("batch", "samples/s", "p50 ms", "p99 ms", "verdict"), rows)


def _readme(model: Model, runs: Path) -> Iterator[str]:
    yield from _from(runs / "readme" / model.id / "result.json", _commands, f"zoo readme --test {model.id}")


def _commands(found: Mapping[str, Any]) -> Iterator[str]:
    """The table of `zoo readme --test`, from its record."""
    yield f"{escape(found['date'])}: **{'passed' if found['passed'] else 'FAILED'}**"
    yield ""
    rows = [(one["line"], code(one["what"]), one["state"], one["reason"]) for one in found["steps"]]
    yield from table(("line", "command", "result", "why"), rows)


def _from(path: Path, lines: Callable[[Mapping[str, Any]], Iterator[str]], command: str) -> Iterator[str]:
    """What a file of results says, or the command that makes it. Raises ZooError where the file is damaged."""
    if not path.is_file():
        yield from _not_run(command)
        return
    try:
        made = list(lines(read_json(path)))
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        raise ZooError(f"{path} holds no results that can be read; make it anew with: {command}") from error
    yield from made
