"""The documents: links lead somewhere, translations have the same chapters, READMEs the flags of the scripts."""

from __future__ import annotations

import argparse
import re
from pathlib import Path

import pytest

from zoo.catalogue import load
from zoo.commands import flags

ROOT = Path(__file__).resolve().parent.parent
DOCUMENTS = sorted(
    path
    for path in ROOT.rglob("*.md")
    if not any(part.startswith(".") or part == "runs" for part in path.relative_to(ROOT).parts)
)
LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)]*)?\)")
# What these flags mean, and their default, in every model's README.
SHARED = {
    "workers": "how many preprocess at once: threads, or processes where preprocessing is Python itself | "
    "the number of cores",
    "processes": "`True`: preprocess in processes; `False`: in threads | where it pays",
    "streams": "batches that run at once on a CPU | as fits the cores",
    "threads": "threads of each stream on a CPU | the cores shared out",
    "devices": "devices of the target, such as `0,1`, that share every batch |",
    "replicas": "so many engines on a CPU that share every batch |",
}


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_relative_links_lead_somewhere(path: Path) -> None:
    links = [link for link in LINK.findall(path.read_text(encoding="utf-8")) if "://" not in link]
    assert [link for link in links if not (path.parent / link).exists()] == []


@pytest.mark.parametrize("path", [path for path in DOCUMENTS if path.stem.endswith("_zh")], ids=lambda path: path.name)
def test_a_translation_has_the_chapters_of_its_original(path: Path) -> None:
    original = path.with_name(path.name.replace("_zh", ""))
    depths = [re.findall(r"^(#+) ", file.read_text(encoding="utf-8"), re.MULTILINE) for file in (original, path)]
    assert depths[0] == depths[1]


@pytest.mark.parametrize(
    "path", [path for path in DOCUMENTS if path.match("example/*/*/README.md")], ids=lambda path: path.parent.name
)
def test_a_models_readme_has_the_flags_of_its_scripts(path: Path) -> None:
    """Those of how a run is shared out, in the same words for every model; --token_budget where inputs are padded."""
    rows = re.findall(r"^\| (`--.*?) \| (.*) \|$", path.read_text(encoding="utf-8"), re.MULTILINE)
    meanings = {flag: meaning for names, meaning in rows for flag in re.findall(r"`--(\w+)`", names)}
    assert {"workers", "processes", "streams", "threads", "devices", "replicas"} <= set(meanings)
    task = load(f"{path.parent.parent.name}/{path.parent.name}").variant().task
    assert ("token_budget" in meanings) == (task.padding is not None)
    if task.play is None:
        assert meanings == meanings | SHARED


def test_the_readmes_words_are_about_flags_that_exist() -> None:
    parser = argparse.ArgumentParser()
    flags.add_shared_flags(parser, batch_size=1)
    flags.add_device_flags(parser)
    known = {flag.removeprefix("--") for action in parser._actions for flag in action.option_strings}
    assert set(SHARED) <= known
