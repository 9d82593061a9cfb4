"""The documents: links lead somewhere, translations have the same chapters, nothing is told twice."""

from __future__ import annotations

import argparse
import re
from collections import Counter
from pathlib import Path

import pytest

from zoo.commands import flags
from zoo.contributing.sync import blocks

ROOT = Path(__file__).resolve().parent.parent
DOCUMENTS = sorted(
    path
    for path in ROOT.rglob("*.md")
    if not any(part.startswith(".") or part == "runs" for part in path.relative_to(ROOT).parts)
)
LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)]*)?\)")
READMES = [path for path in DOCUMENTS if path.match("example/*/*/README.md")]
OF_THE_GUIDE = re.compile(r"#+ \d|```|\| ---")


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_relative_links_lead_somewhere(path: Path) -> None:
    links = [link for link in LINK.findall(path.read_text(encoding="utf-8")) if "://" not in link]
    assert [link for link in links if not (path.parent / link).exists()] == []


@pytest.mark.parametrize("path", [path for path in DOCUMENTS if path.stem.endswith("_zh")], ids=lambda path: path.name)
def test_a_translation_has_the_chapters_of_its_original(path: Path) -> None:
    original = path.with_name(path.name.replace("_zh", ""))
    depths = [re.findall(r"^(#+) ", file.read_text(encoding="utf-8"), re.MULTILINE) for file in (original, path)]
    assert depths[0] == depths[1]


@pytest.mark.parametrize("name", ["doc/Trust.md", "doc/Trust_zh.md"])
def test_what_is_said_to_test_a_promise_is_there(name: str) -> None:
    named = re.findall(r"`(?:tests/[\w/]+/)?(\w+\.py)`|`(tests/[\w/]+)`", (ROOT / name).read_text(encoding="utf-8"))
    files = {path.name for path in (ROOT / "tests").rglob("*.py")}
    assert len(named) > 20
    assert [file for file, _ in named if file and file not in files] == []
    assert [folder for _, folder in named if folder and not (ROOT / folder).is_dir()] == []


@pytest.mark.parametrize("name", ["doc/Running.md", "doc/Running_zh.md"])
def test_the_flags_stand_once_and_are_those_of_the_scripts(name: str) -> None:
    """That the tables are what the parsers say, `zoo sync --check` holds; here, that they are there."""
    text = (ROOT / name).read_text(encoding="utf-8")
    parts = {block.name for block in blocks.blocks(text.split("\n"), Path(name))}
    assert parts == {"flags", "targets"}
    rows = set(re.findall(r"^\| `--(\w+)` \|", text, re.MULTILINE))
    parser = argparse.ArgumentParser()
    flags.add_shared_flags(parser, batch_size=1)
    flags.add_device_flags(parser)
    known = {flag.removeprefix("--") for action in parser._actions for flag in action.option_strings}
    assert known - {"-h", "help"} <= rows


@pytest.mark.parametrize("path", READMES, ids=lambda path: path.parent.name)
def test_a_models_readme_is_short_and_repeats_no_flags(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 60
    assert not re.search(r"^\| `--\w+` \|", text, re.MULTILINE)
    assert "doc/Running.md" in text


def test_what_people_write_in_the_models_readmes_is_written_once() -> None:
    """Of the lines outside of generated parts, but for the guide's headings and fences, few stand in five models."""
    written = {path: _by_hand(path) for path in READMES}
    count = Counter(line for lines in written.values() for line in set(lines))
    every = [line for lines in written.values() for line in lines]
    repeated = [line for line in every if count[line] >= 5]
    assert len(repeated) < 0.1 * len(every)


def _by_hand(path: Path) -> list[str]:
    text = re.sub(r"<!-- zoo: .*?<!-- /zoo -->", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
    return [line for line in text.splitlines() if line.strip() and not OF_THE_GUIDE.match(line)]
