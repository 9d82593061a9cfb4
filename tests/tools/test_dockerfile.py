"""Dockerfile, read as docker reads it: nothing is copied that is not there, and nothing runs as root in the end."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import pytest

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).resolve().parents[2]
PINNED = re.compile(r"[\w./-]+:(?!latest$)[\w.-]*\d[\w.-]*")


def instructions() -> list[tuple[str, str]]:
    """(instruction, what stands behind it), with comments left out and lines joined that end with a backslash."""
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    lines = "\n".join(line for line in text.splitlines() if not line.startswith("#")).replace("\\\n", " ")
    words = [line.split(maxsplit=1) for line in lines.splitlines() if line.strip()]
    return [(name.upper(), rest) for name, rest in words]


def stages() -> dict[str, list[tuple[str, str]]]:
    """The instructions of each stage, those of the stage that it stands on before its own."""
    found: dict[str, list[tuple[str, str]]] = {}
    current = ""
    for name, rest in instructions():
        if name == "FROM":
            base, _, current = rest.split()
            found[current] = list(found.get(base, []))
        elif current:
            found[current].append((name, rest))
    return found


def ignored(path: str) -> bool:
    """Whether .dockerignore, whose last line that fits decides, keeps a path of the top level from the builder."""
    kept = True
    for line in (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines():
        pattern = line.removeprefix("!")
        if line and not line.startswith(("#", "**")) and pattern in ("*", path):
            kept = line.startswith("!")
    return not kept


def test_it_has_the_two_images() -> None:
    assert set(stages()) == {"wheel", "runtime", "full"}


def test_bases_have_a_tag_and_stages_exist() -> None:
    arguments = dict(rest.split("=", 1) for name, rest in instructions() if name == "ARG")
    seen: set[str] = set()
    for base, _, stage in (rest.split() for name, rest in instructions() if name == "FROM"):
        named = re.sub(r"\$\{(\w+)\}", lambda found: arguments[found[1]], base)
        assert named in seen or PINNED.fullmatch(named), named
        seen.add(stage)


def test_what_is_copied_is_there_and_reaches_the_builder() -> None:
    copied = [rest.split() for name, rest in instructions() if name == "COPY"]
    assert len(copied) > 3
    for *sources, _ in copied:
        if sources[0].startswith("--from="):
            assert sources[0].removeprefix("--from=") in stages()
            continue
        assert [one for one in sources if not (ROOT / one).exists() or ignored(one)] == []
    assert ignored("tests")
    assert ignored("runs")


@pytest.mark.parametrize("stage", ["runtime", "full"])
def test_nothing_runs_as_root_and_signals_arrive(stage: str) -> None:
    steps = stages()[stage]
    assert [rest for name, rest in steps if name == "USER"][-1] == "zoo"
    assert any("useradd" in rest and "--uid" in rest for name, rest in steps if name == "RUN")
    (entry,) = [json.loads(rest) for name, rest in steps if name == "ENTRYPOINT"]  # a list: without a shell between
    assert entry == ["zoo"]
    assert [name for name, _ in steps if name in ("ADD", "VOLUME", "EXPOSE")] == []


def test_what_is_installed_has_exact_versions_and_leaves_no_cache() -> None:
    installs = [part for name, rest in instructions() if name == "RUN" for part in rest.split("&&") if "pip " in part]
    assert len(installs) == 3
    assert [part for part in installs if "--no-cache-dir" not in part] == []
    assert [part for part in installs if "pip install" in part and "--constraint" not in part] == []
    assert "--no-deps" in next(part for part in installs if "pip wheel" in part)


def test_the_extras_of_the_full_image_exist() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    (extras,) = [rest.partition("=")[2] for name, rest in stages()["full"] if name == "ARG"]
    assert set(extras.split(",")) < set(project["optional-dependencies"])


def test_the_python_of_the_images_is_one_that_versions_are_locked_for() -> None:
    (base,) = [rest.partition("=")[2] for name, rest in instructions() if name == "ARG" and rest.startswith("BASE")]
    version = re.search(r"python:(\d+\.\d+)", base)
    assert version is not None
    assert f'python_version == "{version[1]}"' in (ROOT / "constraints.txt").read_text(encoding="utf-8")
