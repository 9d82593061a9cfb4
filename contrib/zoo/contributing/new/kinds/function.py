"""A function of somebody's own that returns a network."""

from __future__ import annotations

import importlib
import inspect
import re
import sys
import sysconfig
from collections.abc import Callable
from pathlib import Path
from typing import Any

from zoo.contributing.new.kinds import alone
from zoo.contributing.new.source import Source
from zoo.errors import ZooError
from zoo_core.errors import told

_NOTICE = b"""\
# zoo new copied this file as it was; the linters leave it alone, so that it can be compared with its source.
# ruff: noqa
# fmt: off
# mypy: ignore-errors
"""
_WRAPPERS = ("DataParallel", "DistributedDataParallel", "OptimizedModule")  # the last is torch.compile's
_FIRST = re.compile(rb"#!|[ \t\f]*#.*?coding[:=]")  # what the system and Python look for in the first two lines


def function(text: str) -> Source:
    """MODULE:FUNCTION; its file is copied into the folder unless it belongs to an installed package."""
    module_name, _, name = text.partition(":")
    if not name.isidentifier() or not all(word.isidentifier() for word in module_name.split(".")):
        raise ZooError(f"--from MODULE:FUNCTION names a function of a module, got '{text}'")
    found = _imported(module_name, name)
    file = Path(inspect.getsourcefile(found) or "")
    packaged = file.is_relative_to(sysconfig.get_paths()["purelib"])
    framework = _framework_of(text, _called(text, found))
    if not packaged:
        alone.require_alone(text, file, _left_alone(file.read_bytes()), module_name, name)
    return Source(
        text=text,
        variant=name,
        framework=framework,
        code=(f"from {module_name} import {name}", "", f"{name}()")
        if packaged
        else (f'beside(__file__, "network").{name}()',),
        network=found,
        origin=text,
        packages=(module_name.partition(".")[0],) if packaged else (),
        imports=() if packaged else (("zoo.catalogue", "beside"),),
        files={} if packaged else {"network.py": _left_alone(file.read_bytes())},
    )


def _left_alone(content: bytes) -> bytes:
    """Somebody's module with a word to the linters, behind the lines that have to be the first ones."""
    lines = content.splitlines(keepends=True)
    first = sum(bool(_FIRST.match(line)) for line in lines[:2])
    return b"".join([*lines[:first], _NOTICE, *lines[first:]])


def _imported(module_name: str, name: str) -> Callable[[], Any]:
    sys.path.insert(0, str(Path.cwd()))  # a file beside which the command was started
    try:
        function = getattr(importlib.import_module(module_name), name, None)
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        # somebody's module: it may be no Python, miss a package, fail, or be a script that ends the process
        raise ZooError(f"--from {module_name}:{name}: cannot import {module_name}: {told(error)}") from error
    finally:
        sys.path.pop(0)
    if not callable(function):
        raise ZooError(f"--from {module_name}:{name}: {module_name} has no function '{name}'")
    if not (inspect.isroutine(function) or inspect.isclass(function)):
        raise ZooError(
            f"--from {module_name}:{name} is a {type(function).__name__} that the module has made already, and what "
            f"makes one is expected: a class, or a function that returns it (def build(): return {name})"
        )
    return function


def _called(text: str, function: Callable[[], Any]) -> Any:
    """What somebody's function returns. Raises ZooError where it fails."""
    try:
        return function()
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        # whatever somebody's function raises; it may be a script's, that ends the process
        raise ZooError(f"--from {text} is called without arguments, and fails: {told(error)}") from error


def _framework_of(text: str, network: Any) -> str:
    if type(network).__name__ in _WRAPPERS:
        raise ZooError(
            f"--from {text} returns a {type(network).__name__}, which no exporter takes: let it return the network "
            "that is within"
        )
    families = {one.__module__.partition(".")[0] for one in type(network).__mro__}
    for package, framework in (("torch", "pytorch"), ("paddle", "paddle")):
        if package in families:
            return framework
    raise ZooError(f"--from {text} returns a {type(network).__name__}, and not a module of torch or paddle")
