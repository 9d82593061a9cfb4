"""The documents: every relative link leads somewhere, and each translation has the same chapters."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
DOCUMENTS = sorted(
    path
    for path in ROOT.rglob("*.md")
    if not any(part.startswith(".") or part == "runs" for part in path.relative_to(ROOT).parts)
)
LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)]*)?\)")


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_relative_links_lead_somewhere(path: Path) -> None:
    links = [link for link in LINK.findall(path.read_text(encoding="utf-8")) if "://" not in link]
    assert [link for link in links if not (path.parent / link).exists()] == []


@pytest.mark.parametrize("path", [path for path in DOCUMENTS if path.stem.endswith("_zh")], ids=lambda path: path.name)
def test_a_translation_has_the_chapters_of_its_original(path: Path) -> None:
    original = path.with_name(path.name.replace("_zh", ""))
    depths = [re.findall(r"^(#+) ", file.read_text(encoding="utf-8"), re.MULTILINE) for file in (original, path)]
    assert depths[0] == depths[1]
