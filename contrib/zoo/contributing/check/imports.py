"""Which files a model's code reaches through imports, read from the source without running any of it."""

from __future__ import annotations

import ast
from collections import deque
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

ROOMS = ("zoo_core", "engine", "utils", "zoo")


def module_of(path: Path, contrib: Path) -> str:
    """The module that a file below contrib/ belongs to; a data file belongs to the package of its folder."""
    relative = path.relative_to(contrib)
    if path.suffix == ".py" and path.name != "__init__.py":
        return ".".join(relative.with_suffix("").parts)
    folder = relative.parent
    while len(folder.parts) > 1 and not (contrib / folder / "__init__.py").is_file():
        folder = folder.parent
    return ".".join(folder.parts)


def reach(folder: Path, contrib: Path) -> dict[str, tuple[str, ...]]:
    """Every shared module that the scripts of a model's folder import, directly or not, with the way there.

    The way begins with the script's file name: ("model.py", "zoo.tasks.classification", "utils.datasets.folder").
    """
    return reached({script.relative_to(folder).as_posix(): script for script in sorted(folder.rglob("*.py"))}, contrib)


def reached(scripts: Mapping[str, Path], contrib: Path) -> dict[str, tuple[str, ...]]:
    """The same for any files, each with the name by which its ways begin."""
    ways: dict[str, tuple[str, ...]] = {}
    todo: deque[tuple[str, tuple[str, ...]]] = deque()
    for name, script in scripts.items():
        todo.extend((module, (name, module)) for module in _imported(script, "", contrib))
    while todo:
        module, way = todo.popleft()
        if module in ways:
            continue
        ways[module] = way
        source = _source(module, contrib)
        if source:
            todo.extend((inner, (*way, inner)) for inner in _imported(source, module, contrib))
    return ways


def made_of(folder: Path) -> tuple[str, ...]:
    """The ids of other families, as patterns, that a model's own family names as what it is made of."""
    path = folder / "model.py"
    try:
        tree = ast.parse(path.read_text(encoding="utf-8"))
        named = [node.value for node in ast.walk(tree) if isinstance(node, ast.keyword) and node.arg == "made_of"]
        return tuple(str(one) for value in named for one in ast.literal_eval(value))
    except (OSError, ValueError, SyntaxError, TypeError):
        return ()  # no literal; or the functional check will say so


def _source(module: str, contrib: Path) -> Path | None:
    base = contrib.joinpath(*module.split("."))
    return next((path for path in (base / "__init__.py", base.with_suffix(".py")) if path.is_file()), None)


@cache
def _imported(path: Path, module: str, contrib: Path) -> tuple[str, ...]:
    """The shared modules that one file names, with the packages that hold them."""
    try:
        tree = ast.parse(path.read_text(encoding="utf-8"))
    except (SyntaxError, UnicodeDecodeError):
        return ()  # the functional check will say so
    package = module if path.name == "__init__.py" else module.rpartition(".")[0]
    found: dict[str, None] = {}
    for node in ast.walk(tree):
        for name in _names(node, package, module, contrib):
            parts = name.split(".")
            if parts[0] in ROOMS:
                found.update(dict.fromkeys(".".join(parts[:end]) for end in range(1, len(parts) + 1)))
    return tuple(name for name in found if name != module)


def _names(node: ast.AST, package: str, module: str, contrib: Path) -> Iterator[str]:
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        base = node.module or ""
        if node.level:
            parents = package.split(".")
            above = parents[: len(parents) - node.level + 1]
            base = ".".join([*above, *([node.module] if node.module else [])])
        yield base
        for alias in node.names:
            # a name that is no module of its own is kept only while it could be one that was deleted
            if _source(f"{base}.{alias.name}", contrib) or _source(base, contrib) is None or _is_package(base, contrib):
                yield f"{base}.{alias.name}"
    elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith("import_module") and node.args:
        yield from _dynamic(node.args[0], module, contrib)


def _is_package(module: str, contrib: Path) -> bool:
    return (contrib.joinpath(*module.split(".")) / "__init__.py").is_file()


def _dynamic(argument: ast.expr, module: str, contrib: Path) -> Iterator[str]:
    """importlib.import_module("a.b"), or of f"{__name__}.{x}": then anything in this package."""
    if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
        yield argument.value
    elif isinstance(argument, ast.JoinedStr) and ast.unparse(argument).startswith("f'{__name__}."):
        folder = contrib.joinpath(*module.split("."))
        yield from (f"{module}.{path.stem}" for path in sorted(folder.glob("*.py")) if path.stem != "__init__")
