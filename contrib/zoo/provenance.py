"""When and on what something was measured."""

from __future__ import annotations

import datetime
import os
import platform
import sys
from pathlib import Path
from typing import Any

from zoo_core.machine import cores

PACKAGES = (
    "numpy", "Pillow", "onnxruntime", "onnx", "onnxsim", "onnxconverter-common", "torch", "torchvision",
    "paddlepaddle", "paddle2onnx", "openvino", "apache-tvm", "mindspore", "scikit-learn", "safetensors",
)  # fmt: skip


def provenance() -> dict[str, Any]:
    """When and on what something was measured: goes into every file of results."""
    return {
        "date": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
        "host": {"cpu": cpu_name(), "cores": cores(), "load": _load(), "system": platform.platform(), "cards": cards()},
        "versions": {"python": platform.python_version()}
        | {name: version for name in PACKAGES if (version := version_of(name))},
    }


def version_of(package: str) -> str | None:
    """The version of an installed package; None where it is not installed.

    ONNX Runtime tells its own once it is imported: several packages (onnxruntime-gpu …) bring it, perhaps two at once.
    """
    if package == "onnxruntime" and package in sys.modules:
        return str(sys.modules[package].__version__)
    import importlib.metadata  # which is slow to import: it brings the parser of mails along

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


def cards(drivers: Path = Path("/proc/driver/nvidia/gpus")) -> list[str]:
    """The NVIDIA cards by name, as their driver lists them; other makers' drivers list none there."""
    found = []
    for place in sorted(drivers.glob("*/information")):
        lines = place.read_text(encoding="utf-8", errors="replace").splitlines()
        found += [line.partition(":")[2].strip() for line in lines if line.startswith("Model:")]
    return found


def _load() -> float | None:
    """Processes that wanted to run, on average over the last minute; ours are among them."""
    return round(os.getloadavg()[0], 1) if hasattr(os, "getloadavg") else None
