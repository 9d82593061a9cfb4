"""`zoo report MODEL`: the description of a pull request, from what has been measured and from nothing else."""

from __future__ import annotations

import argparse
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path

from zoo.commands import console, flags
from zoo.contributing.check import changes, runner, schema, workspace
from zoo.contributing.check.command import repository
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
    yield f"# Add {model.title} ({model.id})"
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


def table(columns: Sequence[str], rows: Sequence[Sequence[object]]) -> Iterator[str]:
    """A Markdown table."""
    yield f"| {' | '.join(columns)} |"
    yield f"| {' | '.join('---' for _ in columns)} |"
    for row in rows:
        yield f"| {' | '.join(str(cell).replace('|', chr(92) + '|').replace(chr(10), ' ') for cell in row)} |"


def _not_run(command: str) -> Iterator[str]:
    yield f"Not run. Command: `{command}`"


def _stack() -> Iterator[str]:
    found = provenance()
    host = found["host"]
    rows = [("host", f"{host['cpu']}, {host['cores']} cores, {host['system']}"), *found["versions"].items()]
    yield from table(("part", "version"), rows)


def _source(model: Model, root: Path) -> Iterator[str]:
    yield f"- source: {model.source}"
    yield f"- licence: {model.licence}"
    if model.paper:
        yield f"- paper: {model.paper}"
    if model.published:
        figure = model.published
        yield f"- published, not measured here: {model.variant}: {figure.metric} {figure.value:g} ({figure.where})"
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
        yield f"    {file.relative_to(model.folder).as_posix()} ({file.stat().st_size} bytes)"
    yield "```"


def _adapted(model: Model) -> Iterator[str]:
    task = model.task
    parts = [("task", task), ("preprocessing", getattr(task, "transform", None)), ("metric", task.metric())]
    rows = [(name, f"{type(part).__module__}.{type(part).__name__}") for name, part in parts if part is not None]
    for one in model.parts:
        rows += [("input", str(spec)) for spec in one.inputs] + [("output", str(spec)) for spec in one.outputs]
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
    found = read_json(runs / model.place / "verify.json")
    if found is None:
        yield from _not_run(f"zoo run {model.id}")
        return
    verdict = "passed" if found["passed"] else "FAILED"
    yield f"Variant {found['variant']}, {found['weights']} weights, {found['date']}: **{verdict}**"
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
    found = read_json(limit) if limit else None
    if found is None:
        yield from _not_run(f"pytest -vs -k {model.variant} tecoexec/test_tecoexec.py")
        return
    setting = found["setting"]
    yield f"{Path(setting['ckpt']).name} on {setting['target']}, {setting['dtype']}:"
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
    found = read_json(runs / "readme" / model.id / "result.json")
    if found is None:
        yield from _not_run(f"zoo readme --test {model.id}")
        return
    yield f"{found['date']}: **{'passed' if found['passed'] else 'FAILED'}**"
    yield ""
    rows = [(one["line"], f"`{one['what']}`", one["state"], one["reason"]) for one in found["steps"]]
    yield from table(("line", "command", "result", "why"), rows)
