"""`zoo verify MODEL`: the acceptance standard."""

from __future__ import annotations

import argparse
import statistics
from pathlib import Path

from zoo.accuracy.choice import choose_target
from zoo.accuracy.comparison import Comparison, Contender, Verification
from zoo.accuracy.verify import VerifyOptions, record, require_passed, verify
from zoo.commands import console, flags
from zoo.difference import Difference
from zoo.family import Family
from zoo_core.files import write_json


def main(family: Family, argv: list[str] | None = None) -> int:
    """Framework, ONNX Runtime and target on the same tensors; exit code 1 where a gate does not hold."""
    parser = argparse.ArgumentParser(
        prog=f"zoo verify {family.id}",
        description="Prove that the exported files are as accurate as the framework.",
    )
    parser.add_argument("--variant")
    parser.add_argument("--folder", type=Path, help="where the exported files are (default: where an export is found)")
    parser.add_argument("--target", default="onnx", help=flags.SEVERAL)
    parser.add_argument(
        "--dtype", choices=flags.DTYPES, action="append", help="may be given several times (default: all)"
    )
    parser.add_argument("--data_path", type=flags.said, default="sample")
    parser.add_argument("--batch_size", type=flags.positive, default=16)
    parser.add_argument("--input_size", type=flags.positive)
    parser.add_argument("--limit", type=flags.positive, help="at most so many samples, evenly over the data set")
    parser.add_argument("--workers", type=flags.positive, help="threads that preprocess (default: as many as cores)")
    flags.add_timeout(parser)
    flags.add_device_flags(parser)
    parser.add_argument("--json", type=Path, help="write everything that was measured to this file")
    return console.run(lambda args: _verify(family, args), parser.parse_args(argv))


def _verify(family: Family, args: argparse.Namespace) -> int:
    targets = ",".join(flags.targets_in(args.target))
    setting = choose_target(flags.setting_of(family, args, target=targets, dtype=(args.dtype or ["float32"])[0]))
    done = verify(setting, VerifyOptions(args.dtype, args.data_path, args.limit))
    show(done, f"{setting.model.id} ({setting.model.variant})")
    for comparison in done.comparisons:
        worst = ", ".join(f"{name} ({apart:.1e})" for apart, name in sorted(comparison.worst, reverse=True))
        if worst:
            print(f"furthest from {comparison.baseline.name}, {comparison.contender.name}: {worst}")
    if args.json:
        write_json(args.json, record(setting, done, args.data_path))
    require_passed(done)
    return console.OK


def show(done: Verification, title: str) -> None:
    """The table: one row a runtime and dtype."""
    primary = done.contenders[0].metric.infos[0].name
    by_contender = {id(comparison.contender): comparison for comparison in done.comparisons}
    rows = [_row(one, primary, by_contender.get(id(one))) for one in done.contenders]
    columns = (
        "runtime",
        "dtype",
        f">{primary}",
        "against",
        ">agree",
        ">rel. error",
        ">max diff",
        ">samples/s",
        f">p50 ms/{done.batch_size}",
        ">MiB",
        "verdict",
    )
    console.table(title, columns, rows)
    for name, reason in done.left_out.items():
        print(f"not measured: {name}: {reason}")


def _row(one: Contender, primary: str, comparison: Comparison | None) -> list[str]:
    row = [one.runtime, one.dtype, f"{one.figures()[primary]:.4f}"]
    if comparison is None:
        row += ["", "", "", ""]
    else:
        worst = Difference.worst(comparison.differences)
        row += [comparison.baseline.name, f"{comparison.agreeing}/{comparison.samples}"]
        row += [f"{comparison.relative_error():.3%}", f"{worst.largest:.1e}"]
    row += [f"{one.rows / sum(one.seconds):.0f}", f"{statistics.median(one.seconds) * 1e3:.2f}"]
    row.append(f"{one.memory / 2**20:.0f}")
    return [*row, "reference" if comparison is None else comparison.verdict()]
