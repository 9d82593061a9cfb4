"""`zoo env`: what this machine is, and which targets can be used on it."""

from __future__ import annotations

import argparse
import os
import platform
import sys
from pathlib import Path
from typing import Any

from engine import backends
from zoo.commands import console
from zoo.provenance import PACKAGES, cards, cpu_name, version_of
from zoo_core.files import write_json
from zoo_core.home import home
from zoo_core.machine import cores, memory


def facts() -> dict[str, Any]:
    """Host, packages and targets, fit for JSON."""
    return {
        "host": {
            "system": platform.platform(),
            "cpu": cpu_name(),
            "cards": ", ".join(cards()) or "none that a driver lists",
            "cores": cores(),
            "memory_gib": _memory_gib(),
            "python": platform.python_version(),
            "executable": sys.executable,
            "TECO_ZOO_HOME": str(home()),
        },
        "packages": {name: version_of(name) for name in PACKAGES},
        "targets": {
            name: {
                "usable": state.usable,
                "detail": state.detail,
                "runtime": backend.summary,
                "proved": not backend.unproved,
                "note": f"not run on its hardware ({backend.unproved}) yet" if backend.unproved else "",
            }
            for name, backend in backends.targets().items()
            for state in [backend.availability()]
        },
    }


def main(argv: list[str] | None = None) -> int:
    """`zoo env`."""
    parser = argparse.ArgumentParser(
        prog="zoo env", description="What this machine is, and which targets can be used on it."
    )
    parser.add_argument("--json", type=Path, help="write it to this file")

    def job(args: argparse.Namespace) -> int:
        found = facts()
        console.table("host", ("", ""), [(name, str(value)) for name, value in found["host"].items()])
        console.table(
            "packages",
            ("package", "version"),
            [(name, version or "not installed") for name, version in found["packages"].items()],
        )
        rows = [
            (
                name,
                entry["runtime"],
                f"{'yes' if entry['usable'] else 'no'}: {'; '.join(filter(None, (entry['detail'], entry['note'])))}",
            )
            for name, entry in found["targets"].items()
        ]
        console.table("targets", ("target", "runtime", "usable here: version, or what is missing"), rows)
        if args.json:
            write_json(args.json, found)
        return console.OK

    return console.run(job, parser.parse_args(argv))


def _memory_gib() -> float | None:
    if not hasattr(os, "sysconf"):
        return None
    return round(memory() / 2**30, 1)
