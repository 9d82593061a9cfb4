"""Keeps the nodes that cost most accuracy in float32, as few as are enough."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from engine.base import Engine
from zoo.difference import TOLERANCE, outputs_difference
from zoo.errors import CheckFailedError, ZooError
from zoo.model import Part
from zoo.running.network import PartCall
from zoo.running.setting import Setting
from zoo.task import as_list
from zoo_core.files import atomic_write

from .compare import Compared, beyond_float16
from .rounded import DTYPES, plain, writer
from .taps import Graph


@dataclass(frozen=True)
class Fixed:
    """A file that passes. nodes: that stay in float32. relative: its outputs' difference from the float32 file's."""

    path: Path
    nodes: list[str]
    relative: float


def fix(setting: Setting, part: Part, call: PartCall, done: Compared, path: Path) -> Fixed:
    """Write the part's file in `setting.dtype` with ever more nodes in float32, until its outputs are near enough.

    Args:
        setting: float16 or int8 on target onnx.
        part, call: what was compared, and what the part was given.
        done: the comparison, which says which nodes to begin with.
        path: of the new file.

    Raises:
        ZooError: another target or dtype, or a path that is taken.
        CheckFailedError: not even all nodes in float32 help.
    """
    require_fixable(setting, path)
    source = plain(setting).file(part)
    graph = Graph(source, [array.shape for array in call.inputs])
    too_large = beyond_float16(done, graph)
    nodes = _worst_first(done, graph, too_large)
    write = writer(setting, part)
    with Engine(source) as engine:
        wanted = as_list(engine(call.inputs))
    with tempfile.TemporaryDirectory(prefix="zoo-debug-") as folder:
        tried = Path(folder, path.name)
        for count in _counts(max(len(too_large), 1), len(nodes)):
            write(nodes[:count], tried)
            relative = _difference(wanted, tried, call, setting.dtype)
            if relative <= TOLERANCE[setting.dtype]:
                with atomic_write(path) as temporary:
                    shutil.copyfile(tried, temporary)
                return Fixed(path, nodes[:count], relative)
    raise CheckFailedError(
        f"{source.name} does not pass in {setting.dtype} whatever stays in float32: its inputs and outputs themselves "
        "do not fit"
    )


def require_fixable(setting: Setting, path: Path) -> None:
    """Raise ZooError for a target or dtype whose numbers the file does not decide, and for a path that is taken."""
    if setting.target != "onnx" or setting.dtype not in DTYPES:
        raise ZooError(
            f"--fix writes a float16 or int8 file for target onnx; on {setting.target} in {setting.dtype} the runtime "
            "decides: without --fix, the table names the nodes for its pass file (doc/Debugging.md)"
        )
    if path.resolve() in {plain(setting).file(part).resolve() for part in setting.model.parts}:
        raise ZooError(f"--fix {path}: that is the float32 file that is rounded; give another name")


def _counts(least: int, most: int) -> Iterator[int]:
    """`least`, twice as many, … and all."""
    while least < most:
        yield least
        least *= 2
    yield most


def _worst_first(done: Compared, graph: Graph, too_large: list[str]) -> list[str]:
    """The nodes of the float32 file that can stay in float32: those whose values do not fit, the first that differs,
    and then those that add most error."""
    known = {tap.node for tap in graph.taps}
    wanted = [*too_large, *([done.first.node] if done.first else [])]
    wanted += [layer.node for layer in done.most(len(done.layers))]
    return [node for node in dict.fromkeys(wanted) if node in known]


def _difference(wanted: list[np.ndarray], path: Path, call: PartCall, dtype: str) -> float:
    with Engine(path, dtype=dtype) as engine:
        got = as_list(engine(call.inputs))
    if not all(np.isfinite(one).all() for one in got):
        return float("inf")
    return outputs_difference(wanted, [one.astype(np.float32) for one in got]).relative
