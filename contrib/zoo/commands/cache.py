"""`zoo cache list` and `zoo cache clear`: the engines that compiling targets have compiled."""

from __future__ import annotations

import argparse

from engine.backends.compiling import cache
from zoo.commands import console


def main(argv: list[str] | None = None) -> int:
    """`zoo cache list|clear`."""
    parser = argparse.ArgumentParser(prog="zoo cache", description="The compiled engines that are kept.")
    parser.add_argument("action", choices=("list", "clear"))

    def job(args: argparse.Namespace) -> int:
        if args.action == "clear":
            count = cache.clear()
            print(f"removed {count} compiled engine{'' if count == 1 else 's'} from {cache.folder()}")
            return console.OK
        columns = ("target", "model", "dtype", "shapes or device", ">compiled in", ">MB", "entry")
        console.table(f"compiled engines in {cache.folder()}", columns, [_row(entry) for entry in cache.entries()])
        return console.OK

    return console.run(job, parser.parse_args(argv))


def _row(entry: cache.Entry) -> tuple[str, ...]:
    facts = entry.facts
    return (
        str(facts.get("target")),
        str(facts.get("model"))[:12],
        str(facts.get("dtype") or "as it is"),
        str(facts.get("shapes") or facts.get("device") or ""),
        f"{entry.seconds:.1f} s",
        f"{entry.bytes / 1e6:.1f}",
        entry.folder.name,
    )
