"""`zoo sync` and `zoo sync --check`."""

from __future__ import annotations

import argparse
from pathlib import Path

from zoo.commands import console
from zoo.contributing.repository import repository
from zoo.contributing.sync.plan import plan, write
from zoo.errors import CheckFailedError


def main(argv: list[str] | None = None) -> int:
    """`zoo sync`. Exit code 1 where --check finds a difference, and where something is left for people to mend."""
    parser = argparse.ArgumentParser(
        prog="zoo sync",
        description="Write what is equal everywhere, from the models: scripts, requirements, facts of READMEs, tables.",
    )
    parser.add_argument("--check", action="store_true", help="write nothing; say what differs, by file and part")
    parser.add_argument("--root", type=Path, default=repository(), help="the repository (default: this one)")
    return console.run(_sync, parser.parse_args(argv))


def _sync(args: argparse.Namespace) -> int:
    root = args.root.resolve()
    made = plan(root)
    if not args.check:
        # the rows of the documents are read from the models' READMEs: what these change is seen the second time
        for _ in range(2):
            for path in write(made):
                print(f"wrote {path.relative_to(root)}")
            made = plan(root)
    for line in [*made.differences, *made.faults]:
        print(line)
    if made.differences or made.faults:
        way_on = "" if made.faults else "; zoo sync writes them"
        raise CheckFailedError(f"{len(made.differences) + len(made.faults)} parts are not as they should be{way_on}")
    return console.OK
