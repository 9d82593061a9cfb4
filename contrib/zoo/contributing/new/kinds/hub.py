"""A repository of transformers' files on a hub, named by its id: fetched at one revision, then read as any folder."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

from zoo.contributing.new.asked import Asked
from zoo.contributing.new.kinds import folder
from zoo.contributing.new.source import Source, Weights, need
from zoo.errors import ZooError
from zoo_core.errors import first_line
from zoo_core.hashing import sha256

PREFIX = "hub:"
PUBLIC = "https://huggingface.co"  # what a model.py names, whichever mirror the files came from
# Code is never fetched, and of the weights only the form that holds nothing but tensors
_FILES = ("*.json", "1_Pooling/*.json", "*.spm", folder.WEIGHTS)
_ID = re.compile(r"(?P<id>[\w.-]+/[\w.-]+)(?:@(?P<revision>[\w./-]+))?")


def source(text: str, asked: Asked) -> Source:
    """The network in a repository of the hub, with its weights by address and digest.

    Args:
        text: "hub:ORGANISATION/NAME", or with "@REVISION" behind it.

    Raises:
        ZooError: it is no id, cannot be fetched, or is not what `folder.source` takes.
    """
    found = _ID.fullmatch(text.removeprefix(PREFIX))
    if found is None:
        raise ZooError(f"--from {PREFIX}ORGANISATION/NAME or {PREFIX}ORGANISATION/NAME@REVISION; got '{text}'")
    fetched = _fetched(need("huggingface_hub", "huggingface_hub"), text, found["id"], found["revision"])
    made = folder.source(fetched, asked)
    weights = fetched / folder.WEIGHTS
    if not weights.is_file():
        raise ZooError(f"--from {text} has no {folder.WEIGHTS}, the only form of weights that is fetched from there")
    commit = fetched.name
    return replace(
        made,
        text=text,
        variant=re.sub(r"\W", "_", found["id"].rpartition("/")[2]),
        origin=f"{found['id']} on {PUBLIC.removeprefix('https://')}, revision {commit}",
        weights=Weights(_address(found["id"], commit, weights), (("zoo.model", "Pretrained"),)),
        files={name: content for name, content in made.files.items() if name != folder.SAMPLE},
        left=(),
    )


def _fetched(hub: Any, text: str, repository: str, revision: str | None) -> Path:
    """The folder of the files, whose name is the full revision. `huggingface_hub` knows its own mirrors and keys."""
    try:
        return Path(hub.snapshot_download(repository, revision=revision, allow_patterns=list(_FILES)))
    except Exception as error:
        # a class of error each for no network, no such id, no right to it, and what the server says
        raise ZooError(
            f"--from {text} cannot be fetched: {first_line(error)}. Where the files are, --from FOLDER takes them"
        ) from error


def _address(repository: str, commit: str, weights: Path) -> str:
    """The expression in model.py that says where the weights are."""
    address = f"{PUBLIC}/{repository}/resolve/{commit}/{folder.WEIGHTS}"
    lines = (f'"{address}"', f"{weights.stat().st_size / 1e6:.1f}", f'"{sha256(weights)}"')
    return "Pretrained(\n" + "".join(f"            {line},\n" for line in lines) + "        )"
