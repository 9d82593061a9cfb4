"""Who gives the tensors within a network: a file on a target, or the framework's own modules."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

import numpy as np

from engine import backends
from engine.backends.compiling.base import CompilingBackend
from engine.base import Engine
from engine.errors import ModelFileError
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
        names: of this file's tensors, by the names that they are asked for by; None: the same ones.
    """

    def __init__(
        self,
        setting: Setting,
        graph: Graph,
        arrays: Sequence[np.ndarray],
        names: Mapping[str, str] | None = None,
    ):
        self.name, self.matched = f"{setting.target} {setting.dtype}", False
        self._setting, self._graph = setting, graph
        self._arrays = list(arrays)
        taps = {tap.tensor: tap for tap in graph.taps}
        names = {name: name for name in taps} if names is None else names
        self._taps = {name: taps[own] for name, own in names.items() if own in taps}

    def known(self) -> set[str]:
        return {*self._taps}

    def __call__(self, taps: Sequence[Tap]) -> list[np.ndarray]:
        setting = self._setting
        backend = backends.find(setting.target)
        with tempfile.TemporaryDirectory(prefix="zoo-debug-") as folder:
            path = Path(folder, "tapped.onnx")
            self._graph.write([self._taps[tap.tensor] for tap in taps], path)
            try:
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
            except ModelFileError as error:
                # nobody knows the file that was cut
                raise ModelFileError(str(error).replace(str(path), str(self._graph.path))) from error


def counterparts(graph: Graph, other: Graph) -> dict[str, str]:
    """The tensors of `other`, by those of `graph` that they stand for.

    That of the same name; where the files name tensors otherwise and the nodes are wired alike, that of the same place.
    Outputs stand for those of the same number in any case.
    """
    known = {name for _, made in other.wiring() for name in made}
    same = {name: name for _, made in graph.wiring() for name in made if name in known}
    pairs = same if len(same) == len(known) else _wired_alike(graph, other) or same
    return pairs | (dict(zip(graph.outputs, other.outputs, strict=True)) if _as_many(graph, other) else {})


def _as_many(graph: Graph, other: Graph) -> bool:
    return len(graph.outputs) == len(other.outputs)


def _wired_alike(graph: Graph, other: Graph) -> dict[str, str] | None:
    """The tensors of `other` by those of `graph` where each node takes what its counterpart takes; else None."""
    own, others = graph.wiring(), other.wiring()
    if len(own) != len(others):
        return None
    pairs = {"": ""}
    for (taken, made), (also_taken, also_made) in zip(own, others, strict=True):
        if len(taken) != len(also_taken) or len(made) != len(also_made):
            return None
        # what no node has made is an input of the graph
        if any(pairs.setdefault(one, two) != two for one, two in zip(taken, also_taken, strict=True)):
            return None
        pairs |= dict(zip(made, also_made, strict=True))
    return pairs
