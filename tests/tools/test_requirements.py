"""What is asked for in one place is asked for in the others: requirements, constraints, pyproject.toml, workflows."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).resolve().parents[2]
APART = ("web",)  # it holds Pillow below 13, and would do so for all
PYTHONS = ("3.10", "3.11", "3.12", "3.13")


def read(name: str) -> list[Requirement]:
    lines = (ROOT / name).read_text(encoding="utf-8").splitlines()
    return [Requirement(line) for line in lines if line and not line.startswith(("#", "-"))]


def wanted(requirement: Requirement, python: str) -> bool:
    return requirement.marker is None or requirement.marker.evaluate({"python_version": python})


def test_pyproject_asks_for_what_requirements_ask_for() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = {name: texts for name, texts in project["optional-dependencies"].items() if name not in APART}
    tables = [project["dependencies"], *extras.values()]
    asked = {str(Requirement(text)) for table in tables for text in table if not text.startswith(project["name"])}
    assert asked == {str(requirement) for requirement in read("requirements.txt")}


def test_what_run_needs_is_a_part_without_bounds_of_its_own() -> None:
    whole = {requirement.name for requirement in read("requirements.txt")}
    run = read("requirements-run.txt")
    assert {str(requirement) for requirement in run} < whole


def test_what_is_named_as_constraints_pip_takes_as_such() -> None:
    """pip refuses a whole installation where one of them names extras or a place."""
    lines = [line for file in ROOT.glob("requirements*.txt") for line in file.read_text(encoding="utf-8").splitlines()]
    named = {line.split()[1] for line in lines if line.startswith(("-c ", "--constraint "))} | {"constraints.txt"}
    assert [str(one) for name in named for one in read(name) if one.extras or one.url] == []


@pytest.mark.parametrize("python", PYTHONS)
def test_every_requirement_has_one_exact_version(python: str) -> None:
    exact: dict[str, list[str]] = {}
    for constraint in read("constraints.txt"):
        assert re.fullmatch(r"==[\w.]+", str(constraint.specifier)), constraint
        if wanted(constraint, python):
            exact.setdefault(canonicalize_name(constraint.name), []).append(str(constraint.specifier)[2:])
    assert [name for name in exact if len(exact[name]) > 1] == []
    for requirement in read("requirements.txt"):
        if wanted(requirement, python):
            (version,) = exact[canonicalize_name(requirement.name)]
            assert requirement.specifier.contains(version, prereleases=True), (requirement, version)


@pytest.mark.parametrize(
    "file", [*sorted(ROOT.glob("requirements*.txt")), ROOT / "constraints.txt"], ids=lambda f: f.name
)
def test_no_file_names_an_address(file: Path) -> None:
    assert not re.search(r"://|--(extra-)?index-url|--find-links|\.whl", file.read_text(encoding="utf-8"))


def steps() -> list[dict[str, Any]]:
    files = [
        yaml.safe_load(path.read_text(encoding="utf-8")) for path in (ROOT / ".github" / "workflows").glob("*.yml")
    ]
    return [step for file in files for job in file["jobs"].values() for step in job["steps"]]


def test_workflows_take_actions_by_commit() -> None:
    used = [step["uses"] for step in steps() if "uses" in step]
    assert used
    assert [name for name in used if not re.fullmatch(r"[\w./-]+@[0-9a-f]{40}", name)] == []


def test_no_expression_becomes_a_part_of_a_shell_line() -> None:
    commands = [step["run"] for step in steps() if "run" in step]
    assert commands
    assert [command for command in commands if "${{" in command] == []
