"""The files of ONNX's own operator tests: those that the package onnx brings, and those of single nodes.

Newer versions of the package have the latter as code only; they are written once a process, into a temporary folder.
"""

from __future__ import annotations

import argparse
import atexit
import dataclasses
import os
import tempfile
import warnings
from functools import cache
from pathlib import Path
from typing import Any
from unittest import mock

KINDS = ("node", "simple", "pytorch-converted", "pytorch-operator")
_MADE = "OPERATOR_FILES"  # the folder that another process has made


def folder_of(test: str) -> Path:
    """The folder of a test, kind/name: model.onnx and test_data_set_0."""
    kind, _, _ = test.partition("/")
    return _places()[kind] / test


def tests() -> list[str]:
    """Every test, as kind/name."""
    folders = [folder for kind, place in _places().items() for folder in (place / kind).iterdir()]
    return sorted(f"{folder.parent.name}/{folder.name}" for folder in folders if (folder / "model.onnx").is_file())


@cache
def _places() -> dict[str, Path]:
    """Where the folder of each kind lies. Raises KeyError where the package no longer has one."""
    from onnx.backend.test import data

    brought = Path(next(iter(data.__path__)))
    found = {kind: brought for kind in KINDS if (brought / kind).is_dir()}
    return {"node": _made()} | found


def _made() -> Path:
    if _MADE in os.environ:
        return Path(os.environ[_MADE])
    folder = tempfile.TemporaryDirectory(prefix="operator-files-")
    atexit.register(folder.cleanup)
    _write(Path(folder.name))
    os.environ[_MADE] = folder.name  # for the processes that run the tests
    return Path(folder.name)


def _write(folder: Path) -> None:
    """Write the tests of single nodes with onnx's own writer, which by itself writes the others."""
    from onnx.backend.test import cmd_tools
    from onnx.backend.test.case import node

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # some cases divide by zero, on purpose
        cases = [_as_arrays(case) for case in node.collect_testcases(None)]
    with mock.patch.object(cmd_tools.model_test, "collect_testcases", return_value=cases):
        cmd_tools.generate_data(argparse.Namespace(output=str(folder)))


def _as_arrays(case: Any) -> Any:
    """The writer takes arrays, and some cases have numbers."""
    import numpy as np

    def array(value: Any) -> Any:
        return np.asarray(value) if isinstance(value, np.generic) else value

    sets = [tuple([array(value) for value in side] for side in pair) for pair in case.data_sets]
    return dataclasses.replace(case, data_sets=sets)
