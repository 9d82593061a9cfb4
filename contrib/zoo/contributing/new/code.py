"""Pieces of Python as text, in the repository's style."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence

WIDTH = 120
_INDENT = 8  # of the arguments of Model(...)


def quoted(text: str) -> str:
    """A string literal."""
    escaped = text.replace("\\", "\\\\").replace("\n", " ")
    if '"' in text and "'" not in text:
        return f"'{escaped}'"
    return '"' + escaped.replace('"', '\\"') + '"'


def argument(name: str, text: str) -> str:
    """name="text", of which a long text stands in several lines."""
    line = f"{name}={quoted(text)}"
    if len(line) + _INDENT < WIDTH:
        return line
    pieces = textwrap.wrap(text, WIDTH - _INDENT - 10, drop_whitespace=False, break_on_hyphens=False)
    lines = "".join(f"{' ' * (_INDENT + 4)}{quoted(piece)}\n" for piece in pieces)
    return f"{name}=(\n{lines}{' ' * _INDENT})"


def call(name: str, words: Sequence[str], before: str = "") -> str:
    """name(words), as an argument of Model(...) behind `before`: in one line, or in a line a word."""
    line = f"{name}({', '.join(words)})"
    if len(before + line) + _INDENT < WIDTH:
        return line
    return f"{name}(\n" + "".join(f"{' ' * (_INDENT + 4)}{word},\n" for word in words) + f"{' ' * _INDENT})"


def comment(text: str) -> str:
    """Lines of a comment; "" where there is nothing to say."""
    return "".join(f"# {line}\n" for line in textwrap.wrap(text, WIDTH - 2))


def imports(pairs: Iterable[tuple[str, str]]) -> str:
    """from … import … lines, sorted as ruff does it: constants, classes, and then functions."""
    modules: dict[str, set[str]] = {}
    for module, name in pairs:
        modules.setdefault(module, set()).add(name)
    return "\n".join(
        f"from {module} import {', '.join(sorted(modules[module], key=_order))}" for module in sorted(modules)
    )


def _order(name: str) -> tuple[int, str]:
    return (0 if name.isupper() else 1 if name[0].isupper() else 2, name)
