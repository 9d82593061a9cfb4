"""Rules of the house that no single module can keep: who imports whom, and what stays light."""

import ast
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from zoo.__main__ import _JOBS

ROOT = Path(__file__).resolve().parents[1]
CONTRIB = ROOT / "contrib"
ROOMS = ("zoo_core", "engine", "utils", "zoo")
HEAVY = ("torch", "torchvision", "paddle", "onnx", "onnxruntime", "sklearn", "scipy", "rich")

# What a module may import when it is itself imported; everything else, where it is used.
LIGHT = {"numpy", "PIL", *ROOMS, *sys.stdlib_module_names}


# Modules whose only business is a library; nothing but `zoo check` and its like imports them.
ALLOWED = {
    "zoo/contributing/yaml_file.py": {"yaml"},
    "zoo/contributing/check/schema.py": {"pydantic"},
    "zoo/contributing/check/values.py": {"pydantic"},
    "zoo/contributing/check/document.py": {"pydantic"},
}


def run(code: str, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """Run a piece of Python in a process of its own, at the repository's root."""
    environ = {**os.environ, "PYTHONPATH": str(CONTRIB)}
    command = [sys.executable, "-c", code, *arguments]
    return subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, text=True, check=False)


def test_who_imports_whom() -> None:
    code = "from importlinter.cli import lint_imports_command; lint_imports_command()"
    done = run(code, "--no-cache", "--no-logo")
    assert done.returncode == 0, done.stdout + done.stderr
    assert ", 0 broken" in done.stdout


def test_no_module_imports_itself_by_way_of_others() -> None:
    """No circle of imports, those inside functions and those for the type checker included."""
    code = f"""
import grimp, networkx
graph = grimp.build_graph(*{ROOMS!r}, cache_dir=None)
imports = networkx.DiGraph()
for module in graph.modules:
    imports.add_edges_from((module, other) for other in graph.find_modules_directly_imported_by(module))
print(len(imports))
for circle in networkx.strongly_connected_components(imports):
    if len(circle) > 1:
        print(*sorted(circle))
"""
    done = run(code)
    assert done.returncode == 0, done.stderr
    count, *circles = done.stdout.splitlines()
    assert int(count) > 100
    assert circles == []


@pytest.mark.parametrize("room", ROOMS)
def test_flags_are_read_in_the_rooms_for_commands_only(room: str) -> None:
    readers = {
        file.relative_to(CONTRIB).as_posix()
        for file in (CONTRIB / room).rglob("*.py")
        if "argparse" in imported_anywhere(file.read_text(encoding="utf-8"))
    }
    assert {name for name in readers if not name.startswith(("zoo/commands/", "zoo/contributing/"))} == set()


@pytest.mark.parametrize("room", ROOMS)
def test_docstrings_describe_arguments_in_one_way(room: str) -> None:
    """Below Args, one behind the other; never as a line or a sentence that begins with an argument's name."""
    wrong = [
        f"{path.relative_to(CONTRIB)}:{function.lineno}: {function.name}"
        for path in sorted((CONTRIB / room).rglob("*.py"))
        for function in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(function, ast.FunctionDef) and not function.name.startswith("_") and _describes_beside(function)
    ]
    assert wrong == []


def _describes_beside(function: ast.FunctionDef) -> bool:
    """Whether an argument is described in a docstring without Args."""
    text = ast.get_docstring(function) or ""
    names = [one.arg for one in (*function.args.args, *function.args.kwonlyargs)]
    begins = rf"(?:^|[.;] )(?:{'|'.join(map(re.escape, names))})(?:, \w+)*: "
    return bool(names) and "Args:" not in text and re.search(begins, text, re.MULTILINE) is not None


def test_no_module_is_longer_than_300_lines() -> None:
    lines = {
        file.relative_to(ROOT).as_posix(): len(file.read_text(encoding="utf-8").splitlines())
        for folder in ("contrib", "tools", "tecoexec")
        for file in (ROOT / folder).rglob("*.py")
    }
    assert {name: count for name, count in lines.items() if count > 300} == {}


def imported_anywhere(source: str) -> set[str]:
    """The top-level packages that a module imports, in its functions too."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level:
            found.add((node.module or "").partition(".")[0])
    return found


@pytest.mark.parametrize("module", ["zoo.__main__", "engine.base", "engine.tecoinfer_pytorch"])
def test_importing_loads_no_framework(module: str) -> None:
    done = run(f"import sys, {module}; print(*[name for name in {HEAVY!r} if name in sys.modules])")
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == []


def imported_at_once(body: list[ast.stmt]) -> Iterator[str]:
    """Yield the top-level packages that running these statements imports."""
    for statement in body:
        if isinstance(statement, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in statement.names)
        elif isinstance(statement, ast.ImportFrom) and not statement.level:
            yield (statement.module or "").partition(".")[0]
        elif isinstance(statement, (ast.If, ast.Try, ast.With)) and not for_the_type_checker(statement):
            blocks = [getattr(statement, part, []) for part in ("body", "orelse", "finalbody")]
            blocks += [handler.body for handler in getattr(statement, "handlers", [])]
            for block in blocks:
                yield from imported_at_once(block)


def for_the_type_checker(statement: ast.stmt) -> bool:
    """Whether the statement is `if TYPE_CHECKING:`."""
    return isinstance(statement, ast.If) and ast.unparse(statement.test).endswith("TYPE_CHECKING")


def allowed(file: Path) -> set[str]:
    """What this file may import beyond the rule."""
    return ALLOWED.get(file.relative_to(CONTRIB).as_posix(), set())


@pytest.mark.parametrize("room", ROOMS)
def test_modules_import_nothing_heavy_at_once(room: str) -> None:
    files = sorted((CONTRIB / room).rglob("*.py"))
    assert files
    heavy = {
        file.relative_to(CONTRIB).as_posix(): extra
        for file in files
        if (extra := set(imported_at_once(ast.parse(file.read_text(encoding="utf-8")).body)) - LIGHT - allowed(file))
    }
    assert heavy == {}


def test_the_light_rule_sees_what_it_must() -> None:
    source = """
from typing import TYPE_CHECKING
import numpy
if TYPE_CHECKING:
    import torch
try:
    import paddle
except ImportError:
    import onnx.helper
def later():
    import scipy
"""
    assert set(imported_at_once(ast.parse(source).body)) - LIGHT == {"paddle", "onnx"}


def test_forks_and_hooks_call_the_repositorys_own_commands() -> None:
    targets = {line.partition(":")[0] for line in (ROOT / "Makefile").read_text().splitlines() if ": " in line}
    workflow = yaml.safe_load((ROOT / ".github/workflows/ci.yml").read_text(encoding="utf-8"))
    commands = [step["run"] for step in workflow["jobs"]["test"]["steps"] if "run" in step]
    hooks = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))
    commands += [hook["entry"] for repository in hooks["repos"] for hook in repository["hooks"]]
    assert len(commands) >= 5
    known = {"make": targets, ".venv/bin/zoo": set(_JOBS)}
    for command in commands:
        program, job, *_ = command.split()
        assert job in known[program]
