"""The targets that the conformance suite runs. A new target is one more entry here, and must pass all of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from .nets import Net, write_mindspore, write_onnx, write_paddle, write_torch


@dataclass(frozen=True)
class Target:
    """`write` makes the file that the target opens. `compiles`: the target fixes every shape when it opens a file.

    `double` is a folder of tests/doubles that stands in for the vendor's package. `leaves` is what the framework
    itself, called without the engine, leaves in memory for every file that it loads, in bytes. `cycles` is how often
    a file is opened and closed in search of leaks: fewer where opening is slow. `tells`: which parts of a call's time
    the runtime tells.
    """

    name: str
    write: Callable[[Net, Path], Path] = write_onnx
    compiles: bool = False
    double: str = ""
    leaves: int = 0
    cycles: int = 1000
    tells: tuple[str, ...] = ()


ALL_PARTS = ("host_to_device", "compute", "device_to_host")


TARGETS = (
    Target("onnx"),
    Target("openvino", cycles=500, tells=("compute",)),
    Target("cuda", cycles=100),
    Target("cpu", compiles=True, cycles=300),
    Target("sdaa", compiles=True, double="sdaa"),
    Target("tensorrt", compiles=True, double="tensorrt", cycles=500, tells=ALL_PARTS),
    Target("ascend", compiles=True, double="ascend", tells=ALL_PARTS),
    Target("torch", write_torch, leaves=20_000, cycles=300),  # torch.export.load
    Target("mindspore", write_mindspore, cycles=40),
    Target("paddle", write_paddle, cycles=200),
)
