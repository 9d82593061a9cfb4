"""What a check found: a table and the faults for people, JSON and JUnit for machines."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from zoo.commands import console
from zoo.contributing.check.runner import CaseResult, StepResult
from zoo_core import files
from zoo_core.files import atomic_write

STEPS = ("export", "valid", "single", "multi")


def show(results: Sequence[CaseResult]) -> None:
    """One row a case, then every fault with the command that repeats it and the end of its log."""
    rows = []
    for result in results:
        by_name = {step.name: step for step in result.steps}
        metric = by_name["valid"].metric if "valid" in by_name else None
        rows.append(
            (
                result.case,
                _structure(result),
                *(_cell(by_name.get(name)) for name in STEPS),
                "" if metric is None else f"{metric:g}",
                f"{sum(step.seconds for step in result.steps):.0f}",
                "passed" if result.passed() else "FAILED",
            )
        )
    console.table("zoo check", ("case", "structure", *STEPS, ">eval_metric", ">seconds", "result"), rows)
    for result in results:
        for line in faults(result):
            print(line.replace(f"{Path.cwd()}/", ""))


def _structure(result: CaseResult) -> str:
    if result.findings is None:
        return "not run"
    return f"{len(result.findings)} faults" if result.findings else "passed"


def _cell(step: StepResult | None) -> str:
    return "not run" if step is None else step.state


def faults(result: CaseResult) -> list[str]:
    """Everything that is wrong with a case, in lines for people."""
    lines = [f"{result.case}: structure, {finding.rule}: {finding.message}" for finding in result.findings or ()]
    for step in result.steps:
        if step.state == "failed":
            lines.append(f"{result.case}: {step.name}: {step.reason}")
            lines.append(f"  repeat: {step.repeat}")
            if step.log:
                lines.append(f"  log: {step.log}, which ends with")
                lines += [f"    {line}" for line in step.tail().splitlines()]
    return lines


def write_json(path: Path, results: Sequence[CaseResult], provenance: dict[str, Any]) -> None:
    """Everything, for programs."""
    value = {"passed": all(result.passed() for result in results), "cases": [one.to_json() for one in results]}
    files.write_json(path, value | provenance)


def write_junit(path: Path, results: Sequence[CaseResult]) -> None:
    """JUnit's XML: a suite a case, a test a rule or step, as CI services read it."""
    top = ET.Element("testsuites", name="zoo check")
    for result in results:
        suite = ET.SubElement(top, "testsuite", name=result.case)
        failures = 0
        if result.findings is not None:
            test = ET.SubElement(suite, "testcase", classname=result.case, name="structure", time="0")
            if result.findings:
                failures += 1
                text = "\n".join(f"{finding.rule}: {finding.message}" for finding in result.findings)
                ET.SubElement(test, "failure", message=f"{len(result.findings)} faults").text = _printable(text)
        for step in result.steps:
            test = ET.SubElement(suite, "testcase", classname=result.case, name=step.name, time=f"{step.seconds:.2f}")
            if step.state == "failed":
                failures += 1
                text = f"{step.repeat}\n{step.tail()}"
                ET.SubElement(test, "failure", message=_printable(step.reason)).text = _printable(text)
            elif step.state == "skipped":
                ET.SubElement(test, "skipped", message=step.reason)
        suite.set("tests", str(len(suite)))
        suite.set("failures", str(failures))
    path.parent.mkdir(parents=True, exist_ok=True)
    with atomic_write(path) as temporary:
        ET.ElementTree(top).write(temporary, encoding="utf-8", xml_declaration=True)


def _printable(text: str) -> str:
    """Without the control characters that XML cannot hold."""
    return "".join(char for char in text if char in "\n\t" or ord(char) >= 32)
