"""Pieces of Python as text, in the repository's style."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from zoo.contributing.new.asked import Asked
from zoo.contributing.new.source import Source
from zoo.errors import ZooError

WIDTH = 120
_INDENT = 8  # of the arguments of Model(...)
LABELS_FILE = "labels.txt"
_LONGEST_NAME = 100  # of a folder, in bytes; file systems end at 255, and data sets put something behind it


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


@dataclass(frozen=True)
class Classes:
    """The names of a network's classes, in model.py's LABELS.

    Attributes:
        names: in the order of the outputs; numbers where nobody has said them.
        constants: the lines that define LABELS.
        imports: (module, name) that they need.
        files: labels.txt, where the names are known.
        left: what is left to do.
    """

    names: tuple[str, ...]
    constants: str
    imports: tuple[tuple[str, str], ...] = ()
    files: dict[str, bytes] = field(default_factory=dict)
    left: tuple[str, ...] = ()

    def require_folders(self) -> None:
        """Raise ZooError where a name cannot be that of a folder, as data sets of classifiers have them."""
        for number, name in enumerate(self.names, 1):
            if "/" in name or name.startswith(".") or len(name.encode()) > _LONGEST_NAME:
                raise ZooError(
                    f"class {number}, '{name[:60]}', cannot be the name of a folder, and a data set has one folder a "
                    f"class: give names of at most {_LONGEST_NAME} bytes, without / and not beginning with a dot, "
                    "by --labels FILE"
                )


def classes_of(source: Source, asked: Asked, count: int) -> Classes:
    """The names that the source says, else those of --labels, else numbers.

    Raises:
        ZooError: another number of names than the network has classes, or others than the source says.
    """
    asked.require_labels(source.text, count)
    if source.labels is not None and len(source.labels) == count:
        if asked.labels not in (None, source.labels):
            pairs = enumerate(zip(source.labels, asked.labels or (), strict=True), 1)
            number, (own, other) = next((number, pair) for number, pair in pairs if pair[0] != pair[1])
            raise ZooError(
                f"--from {source.text} names its classes: number {number} is '{own}', and --labels says '{other}'"
            )
        return _written(source.labels)
    if asked.labels is not None:
        return _written(asked.labels)
    return Classes(
        tuple(f"class_{index}" for index in range(count)),
        "# The source does not name the classes: these are their numbers, in the order of the outputs.\n"
        f'LABELS = tuple(f"class_{{index}}" for index in range({count}))\n',
        left=(f"the source does not name its {count} classes: --labels FILE does, one name a line",),
    )


def _written(names: tuple[str, ...]) -> Classes:
    return Classes(
        names,
        "# The names of the classes, in the order of the outputs.\n"
        f'LABELS = names_in(Path(__file__).resolve().with_name("{LABELS_FILE}"))\n',
        (("utils.postprocess.labels", "names_in"),),
        {LABELS_FILE: "".join(f"{name}\n" for name in names).encode()},
    )
