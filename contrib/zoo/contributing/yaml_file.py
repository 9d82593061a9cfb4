"""Reads YAML that strangers wrote: plain values only, small, and every value knows its line."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from zoo.errors import ZooError

MAX_BYTES = 1 << 20
MAX_DEPTH = 20


@dataclass(frozen=True)
class YamlFile:
    """A parsed file. `lines` has the line (from 1) of every value by its keys: (0, "run_export", "run_file") → 7."""

    path: Path
    data: Any
    lines: dict[tuple[Any, ...], int]

    def line(self, keys: tuple[Any, ...]) -> int:
        """The line of the value behind `keys`, or of the nearest thing that holds it."""
        while keys not in self.lines and keys:
            keys = keys[:-1]
        return self.lines.get(keys, 1)


def read(path: Path) -> YamlFile:
    """Parse `path`. Raises ZooError with file and line.

    Only what JSON has too: no tags (they could name Python objects), no anchors and aliases (a few lines of them
    can grow into gigabytes), no duplicate keys, one document, at most 1 MiB and 20 levels.
    """
    try:
        if path.stat().st_size > MAX_BYTES:
            raise ZooError(f"{path} has {path.stat().st_size} bytes; at most {MAX_BYTES} are read")
        return parse(path.read_text(encoding="utf-8"), path)
    except FileNotFoundError as error:
        raise ZooError(f"there is no file {path}") from error
    except UnicodeDecodeError as error:
        raise ZooError(f"{path} is not UTF-8 text: {error}") from error


def parse(text: str, path: Path) -> YamlFile:
    """The same for a text; `path` is only named in errors."""
    try:
        for event, depth in _events(text):
            _refuse(event, depth, path)
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        lines: dict[tuple[Any, ...], int] = {}
        if node is not None:
            _walk(node, (), lines, path)
        return YamlFile(path, yaml.load(text, Loader=yaml.SafeLoader), lines)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f"{path}:{mark.line + 1}" if mark else str(path)
        raise ZooError(f"{where}: {error.problem or error.context}") from error
    except (yaml.YAMLError, ValueError, OverflowError) as error:
        raise ZooError(f"{path}: {error}") from error


def _events(text: str) -> Any:
    depth = 0
    for event in yaml.parse(text, Loader=yaml.SafeLoader):
        depth += isinstance(event, yaml.CollectionStartEvent)
        yield event, depth
        depth -= isinstance(event, yaml.CollectionEndEvent)


def _refuse(event: Any, depth: int, path: Path) -> None:
    where = f"{path}:{event.start_mark.line + 1}"
    if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
        raise ZooError(f"{where}: anchors and aliases (&, *) are not read; write the value out")
    if getattr(event, "tag", None):
        raise ZooError(f"{where}: tags (!…) are not read, got {event.tag}; write a plain value")
    if depth > MAX_DEPTH:
        raise ZooError(f"{where}: more than {MAX_DEPTH} levels")


def _walk(node: Any, keys: tuple[Any, ...], lines: dict[tuple[Any, ...], int], path: Path) -> None:
    lines[keys] = node.start_mark.line + 1
    if isinstance(node, yaml.SequenceNode):
        for index, child in enumerate(node.value):
            _walk(child, (*keys, index), lines, path)
    if isinstance(node, yaml.MappingNode):
        for key, child in node.value:
            inner = (*keys, key.value)
            if inner in lines:
                raise ZooError(f"{path}:{key.start_mark.line + 1}: '{key.value}' stands here a second time")
            _walk(child, inner, lines, path)
            lines[inner] = key.start_mark.line + 1
