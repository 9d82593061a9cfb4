"""`zoo env`: what this machine is, and which targets can be used on it."""

from __future__ import annotations

import argparse
import datetime
import importlib.metadata
import os
import platform
import sys
from pathlib import Path
from typing import Any

from engine import backends
from zoo.commands import console
from zoo_core.home import home
from zoo_core.machine import cores

_PACKAGES = (
    "numpy", "Pillow", "onnxruntime", "onnx", "onnxsim", "onnxconverter-common", "torch", "torchvision",
    "paddlepaddle", "paddle2onnx", "openvino", "apache-tvm", "mindspore", "scikit-learn", "safetensors",
)  # fmt: skip


def facts() -> dict[str, Any]:
    """Host, packages and targets, fit for JSON."""
    return {
        "host": {
            "system": platform.platform(),
            "cpu": cpu_name(),
            "cores": cores(),
            "memory_gib": _memory_gib(),
            "python": platform.python_version(),
            "executable": sys.executable,
            "TECO_ZOO_HOME": str(home()),
        },
        "packages": {name: _version(name) for name in _PACKAGES},
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


def provenance() -> dict[str, Any]:
    """When and on what something was measured: goes into every file of results."""
    return {
        "date": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
        "host": {"cpu": cpu_name(), "cores": cores(), "load": _load(), "system": platform.platform()},
        "versions": {"python": platform.python_version()}
        | {name: version for name in _PACKAGES if (version := _version(name))},
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
            (name, entry["runtime"], "yes" if entry["usable"] else "no", entry["detail"], entry["note"])
            for name, entry in found["targets"].items()
        ]
        console.table("targets", ("target", "runtime", "usable", "version, or what is missing", "note"), rows)
        if args.json:
            console.write_json(args.json, found)
        return console.OK

    return console.run(job, parser.parse_args(argv))


def _version(package: str) -> str | None:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


def cpu_name() -> str:
    """The processor's name, as the system gives it."""
    info = Path("/proc/cpuinfo")
    if info.is_file():
        for line in info.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def _load() -> float | None:
    """Processes that wanted to run, on average over the last minute; ours are among them."""
    return round(os.getloadavg()[0], 1) if hasattr(os, "getloadavg") else None


def _memory_gib() -> float | None:
    if not hasattr(os, "sysconf"):
        return None
    return round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1)
