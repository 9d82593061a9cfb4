"""What is found out of a model before its scripts run: faults of its folder, and the flags that its case leaves out.

Both may load the model's own code, which may raise, hang or end its process; it is done in a process of its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

from zoo.contributing.check import defaults, structure
from zoo.contributing.check.schema import Case
from zoo.contributing.check.values import FILLED
from zoo_core.errors import ZooCoreError
from zoo_core.guarded import guarded


@dataclass(frozen=True)
class Look:
    """What is known of a folder, or of a case, before anything runs.

    Args:
        run_dir: the folder.
        case: as it stands in model.yaml; None where the folder has none.
        findings: the faults of the folder; None where nobody asked.
        ready: the case with every flag filled in; None where nobody asked, or it cannot be.
        fault: why there is no `ready`, or no findings; "" as a rule.
    """

    run_dir: str
    case: Case | None
    findings: list[structure.Finding] | None = None
    ready: Case | None = None
    fault: str = ""


def look(root: Path, what: Sequence[tuple[str, Case | None]], parts: Sequence[str]) -> Iterator[Look]:
    """A look at each (folder, case), in order.

    Args:
        root: the repository.
        what: what is looked at.
        parts: of "structure" and "functional": findings, and `ready`.
    """
    outcomes = guarded(partial(_seen, root, what, parts), [str(number) for number in range(len(what))])
    for (run_dir, case), outcome in zip(what, outcomes, strict=True):
        if outcome.fault:
            fault = f"its code was loaded, and {outcome.fault}"
            findings = [structure.Finding("model", fault)] if "structure" in parts else None
            yield Look(run_dir, case, findings, None, fault)
            continue
        found, ready, fault = (outcome.value[name] for name in ("findings", "ready", "fault"))
        findings = None if found is None else [structure.Finding(**one) for one in found]
        full = None if ready is None else Case.model_validate_json(ready, context=FILLED)
        yield Look(run_dir, case, findings, full, fault)


def _seen(root: Path, what: Sequence[tuple[str, Case | None]], parts: Sequence[str], number: str) -> dict[str, Any]:
    """A look as plain data."""
    run_dir, case = what[int(number)]
    seen: dict[str, Any] = {"findings": None, "ready": None, "fault": ""}
    if "structure" in parts:
        seen["findings"] = [asdict(one) for one in structure.check(structure.Folder(root, run_dir, case))]
    if "functional" in parts and case is not None:
        try:
            seen["ready"] = defaults.filled(case, root).model_dump_json(exclude_none=True)
        except ZooCoreError as error:
            seen["fault"] = str(error)
    return seen
