"""`zoo sweep FAMILY`: prints a line a name, and writes doc/sweeps/<family>.json and the page of it."""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from contextlib import ExitStack, closing
from pathlib import Path

from zoo.commands import console
from zoo.commands.flags import add_ray_flags, positive, ray_cluster, targets_in
from zoo.contributing.repository import here
from zoo.contributing.sweep.alone import Limits
from zoo.contributing.sweep.far import on_cluster
from zoo.contributing.sweep.page import page
from zoo.contributing.sweep.run import Sweep, chosen
from zoo.contributing.sweep.table import Row, Table, read
from zoo.errors import CheckFailedError
from zoo.family import Family
from zoo_core.files import write_text
from zoo_core.interrupts import terminable
from zoo_core.machine import cores, memory

_SECONDS = 600
_SHARE = 0.5  # of the machine's memory, for all jobs together


def main(family: Family, argv: list[str] | None = None) -> int:
    """`zoo sweep`. Exit code 1: everything is written, and some names are not equal."""
    parser = argparse.ArgumentParser(
        prog=f"zoo sweep {family.id}",
        description="Export and verify one network of a library after the other with random weights, at the smallest "
        "input that it takes, each in a process of its own.",
    )
    parser.add_argument("--variant", help="only this one")
    parser.add_argument(
        "--names",
        action="append",
        metavar="FILE|PATTERN",
        help="a file with a name a line, or a pattern such as 'resnet*' (may be repeated; default: every name)",
    )
    parser.add_argument("--jobs", type=positive, default=1, help=f"names at once (default 1; cores: {cores()})")
    parser.add_argument("--target", default="onnx", help="one, or several with commas between (default onnx)")
    parser.add_argument("--resume", action="store_true", help="leave rows that would be the same as they are")
    parser.add_argument(
        "--limit-seconds", type=positive, default=_SECONDS, help=f"for one name, then it is ended (default {_SECONDS})"
    )
    parser.add_argument(
        "--limit-mib", type=positive, help="memory of one name, then it is ended (default: half the machine's, shared)"
    )
    add_ray_flags(parser)
    parser.add_argument("--output", type=Path, help="where table and page go (default: doc/sweeps of the repository)")
    args = parser.parse_args(argv)
    return console.run(lambda args: _sweep(family, args), args)


def _sweep(family: Family, args: argparse.Namespace) -> int:
    output = args.output or here() / "doc" / "sweeps"
    table = output / f"{family.name}.json"
    asked = [*(args.names or []), *([args.variant] if args.variant else [])]
    mebibytes = args.limit_mib or int(memory() * _SHARE / args.jobs) >> 20
    sweep = Sweep(
        family,
        chosen(family, asked),
        targets_in(args.target),
        Limits(args.limit_seconds, mebibytes, args.jobs),
        args.resume,
    )
    found = read(table, family.id, family.variants)
    left = sweep.left(found)
    print(f"{len(left)} names to try, {len(sweep.names) - len(left)} are in {table} already", flush=True)
    start = time.monotonic()
    with terminable(), ExitStack() as stack:
        if args.ray and left:
            every = on_cluster(stack.enter_context(ray_cluster(args)), sweep, found, left)
        else:
            every = sweep.rows(found, left)
        rows = stack.enter_context(closing(every))
        for count, row in enumerate(rows, start=1):
            _write(found, table)
            print(f"[{count}/{len(left)}] {_line(row)}{_estimate(start, count, len(left))}", flush=True)
    _write(found, table)
    return _judged([found.rows[name] for name in sweep.names], table)


def _write(found: Table, path: Path) -> None:
    """The table, and its page."""
    found.write(path)
    write_text(path.with_suffix(".md"), page(found, path.name))


def _line(row: Row) -> str:
    apart = ", ".join(f"{dtype} {difference:.1e}" for dtype, difference in row.differences.items())
    return f"{row.name}: {row.reason or 'equal'}{f' ({apart})' if apart else ''}, {row.seconds:.0f} s"


def _estimate(start: float, done: int, of: int) -> str:
    """How long the rest will take, should it take as long a name."""
    left = (time.monotonic() - start) / done * (of - done)
    return f"; {left / 60:.0f} min left" if done < of else ""


def _judged(rows: Sequence[Row], path: Path) -> int:
    misses = [row.name for row in rows if not row.passed()]
    print(f"{len(rows) - len(misses)} of {len(rows)} exported and equal: {path.with_suffix('.md')}")
    if misses:
        raise CheckFailedError(f"{len(misses)} names are not equal in all dtypes: {', '.join(misses)}")
    return console.OK
