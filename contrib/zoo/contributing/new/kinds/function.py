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

from zoo.contributing.new.source import Source
from zoo.errors import ZooError

_NOTICE = b"""\
# zoo new copied this file as it was; the linters leave it alone, so that it can be compared with its source.
# ruff: noqa
# fmt: off
# mypy: ignore-errors
"""
_FIRST = re.compile(rb"#!|[ \t\f]*#.*?coding[:=]")  # what the system and Python look for in the first two lines


def function(text: str) -> Source:
    """MODULE:FUNCTION; its file is copied into the folder unless it belongs to an installed package."""
    module_name, _, name = text.partition(":")
    if not name.isidentifier():
        raise ZooError(f"--from MODULE:FUNCTION names a function of a module, got '{text}'")
    found = _imported(module_name, name)
    file = Path(inspect.getsourcefile(found) or "")
    packaged = file.is_relative_to(sysconfig.get_paths()["purelib"])
    return Source(
        text=text,
        variant=name,
        framework=_framework_of(found()),
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
    except ImportError as error:
        raise ZooError(f"--from {module_name}:{name}: cannot import {module_name}: {error}") from error
    finally:
        sys.path.pop(0)
    if not callable(function):
        raise ZooError(f"--from {module_name}:{name}: {module_name} has no function '{name}'")
    return function


def _framework_of(network: Any) -> str:
    families = {one.__module__.partition(".")[0] for one in type(network).__mro__}
    for package, framework in (("torch", "pytorch"), ("paddle", "paddle")):
        if package in families:
            return framework
    raise ZooError(f"the function returns a {type(network).__name__}, and not a module of torch or paddle")
