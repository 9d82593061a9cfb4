"""Pass files: Python files that tell a compiling target how to prepare a graph (see passes/default_pass.py)."""

from __future__ import annotations

import runpy
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ...errors import OptionError

_CONVERT_OPTIONS = ("skip_ops", "convert_all", "convert_judge", "skip_input_name", "normalized")


@dataclass(frozen=True)
class PassFile:
    """What a pass file says. `convert` holds those of its optional names that float16 conversion takes."""

    use_passes: Callable[[Any], Any] = lambda module: module
    need_convert: bool = True
    convert: Mapping[str, Any] = field(default_factory=dict)
    op_dtypes: Mapping[str, Any] | None = None


def load_pass_file(path: Path | None) -> PassFile:
    """The pass file at `path`; without one, a graph is compiled as it is. Raises OptionError."""
    if path is None:
        return PassFile()
    if not path.is_file():
        raise OptionError(f"no pass file {path}; PASS_PATH / 'default_pass.py' is the one that changes nothing")
    try:
        names = runpy.run_path(str(path))
    except Exception as error:
        # the file is code of its own, which may raise anything
        raise OptionError(f"the pass file {path} cannot be run: {type(error).__name__}: {error}") from error
    if not callable(names.get("use_passes")):
        raise OptionError(f"the pass file {path} does not define use_passes(module)")
    return PassFile(
        names["use_passes"],
        bool(names.get("need_convert", True)),
        {name: names[name] for name in _CONVERT_OPTIONS if name in names},
        names.get("specified_op_dtype_dict"),
    )
