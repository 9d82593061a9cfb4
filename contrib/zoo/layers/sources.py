"""Who gives the tensors within a network: a file on a target, or the framework's own modules."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import numpy as np

from engine import backends
from engine.backends.compiling.base import CompilingBackend
from engine.base import Engine
from zoo.running.setting import Setting
from zoo.task import as_list

from .taps import Graph, Tap


class Source(Protocol):
    """Gives the tensors that it is asked for, for samples that it has."""

    name: str
    matched: bool  # by the names of modules, so that another shape means another tensor

    def __call__(self, taps: Sequence[Tap]) -> list[np.ndarray]: ...
    def known(self) -> set[str]:
        """The names of the tensors that it can give."""
        ...


class FileSource:
    """The tensors within an ONNX file on a target.

    Args:
        setting: says the target, the dtype and how the target is opened.
        graph: of the file.
        arrays: what the network is given, one array an input.
    """

    def __init__(self, setting: Setting, graph: Graph, arrays: Sequence[np.ndarray]):
        self.name, self.matched = f"{setting.target} {setting.dtype}", False
        self._setting, self._graph = setting, graph
        self._arrays = list(arrays)

    def known(self) -> set[str]:
        return {tap.tensor for tap in self._graph.taps}

    def __call__(self, taps: Sequence[Tap]) -> list[np.ndarray]:
        own = {tap.tensor: tap for tap in self._graph.taps}
        setting = self._setting
        backend = backends.find(setting.target)
        with tempfile.TemporaryDirectory(prefix="zoo-debug-") as folder:
            path = Path(folder, "tapped.onnx")
            self._graph.write([own[tap.tensor] for tap in taps], path)
            with Engine(
                path,
                target=setting.target,
                dtype=setting.dtype,
                batch_size=len(self._arrays[0]),
                input_size=[list(array.shape) for array in self._arrays],
                pass_path=setting.pass_path,
                options={"cache": False} if isinstance(backend, CompilingBackend) else None,
            ) as engine:
                return [np.asarray(one) for one in as_list(engine(self._arrays))]
