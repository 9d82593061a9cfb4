"""The functional check's four steps: what is run, and when it has passed."""

from __future__ import annotations

import math
import re
import shlex
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from zoo.contributing.check.schema import FIXED_FLAGS, Case, Params

_METRIC = re.compile(r"^eval_metric:?\s+(\S+)\s*$", re.MULTILINE)


@dataclass(frozen=True)
class Step:
    """One script with its flags. name: export, valid, single or multi."""

    name: str
    script: str
    flags: Mapping[str, object]

    def command(self) -> list[str]:
        """The words of the command; no shell ever sees them."""
        return [
            sys.executable,
            self.script,
            *(word for name, value in self.flags.items() for word in (f"--{name}", str(value))),
        ]

    def shown(self, folder: Path) -> str:
        """A line that repeats the step, for people."""
        return f"cd {shlex.quote(str(folder))} && {shlex.join(['python', *self.command()[1:]])}"


def of(case: Case) -> list[Step]:
    """The steps of a case, in order."""
    return [
        Step("export", case.run_export.run_file, case.run_export.params),
        Step("valid", case.run_example_valid.run_file, _flags(case.run_example_valid.params)),
        Step("single", case.run_example_single.run_file, _flags(case.run_example_single.params)),
        Step("multi", case.run_example_multi.run_file, _flags(case.run_example_multi.params)),
    ]


def _flags(params: Params) -> dict[str, object]:
    return {name: getattr(params, name) for name in FIXED_FLAGS} | dict(params.others)


def metric(text: str) -> float | None:
    """The number of the last line `eval_metric <number>`, or None if there is none."""
    found = _METRIC.findall(text)
    try:
        return float(found[-1]) if found else None
    except ValueError:
        return None


def fault(step: Step, case: Case, folder: Path, text: str) -> str:
    """Why a step that ended well has not passed all the same, by what it wrote and printed; "" if it has."""
    if step.name == "export":
        steps = (case.run_example_valid, case.run_example_single, case.run_example_multi)
        for name in dict.fromkeys(one.params.ckpt for one in steps):
            path = folder / name
            if not path.is_file() or not path.stat().st_size:
                return f"it did not write {name}, which a later step needs"
    elif step.name == "valid":
        value = metric(text)
        if value is None:
            return "it printed no line 'eval_metric <number>'"
        if not math.isfinite(value):
            return f"its metric is {value}"
    elif not text.strip():
        return "it printed nothing"
    return ""
