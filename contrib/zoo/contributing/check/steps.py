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

_LINE = re.compile(r"^eval_metric\b:?(.*)$", re.MULTILINE)
_NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*(?:e[-+]?\d+)?|\.\d+(?:e[-+]?\d+)?|nan|inf(?:inity)?)", re.IGNORECASE)


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
    """The number of the last line `eval_metric <number>`; None if there is none, or none that is clear.

    A name may stand in front of the number, as in `eval_metric mAP@0.5: 0.413`, and further pairs behind it. Two
    numbers side by side (`Top 1 0.75`) could mean either.
    """
    found = _LINE.findall(text)
    words = found[-1].replace(",", " ").replace("=", " ").split() if found else []
    places = [place for place, word in enumerate(words) if _NUMBER.fullmatch(word)]
    clear = bool(places) and places[0] + 1 not in places
    return float(words[places[0]]) if clear else None


def fault(step: Step, case: Case, folder: Path, text: str) -> str:
    """Why a step that ended well has not passed all the same, by what it wrote and printed; "" if it has."""
    if step.name == "export":
        steps = (case.run_example_valid, case.run_example_single, case.run_example_multi)
        for name in dict.fromkeys(one.params.ckpt for one in steps if one.params.ckpt):
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
