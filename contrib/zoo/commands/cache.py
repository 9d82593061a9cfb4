"""`zoo cache list` and `zoo cache clear`: what the zoo keeps in its home, and can make or fetch again."""

from __future__ import annotations

import argparse
import shutil
from pathlib import Path

from engine.backends.compiling import cache
from zoo.commands import console
from zoo.errors import ZooError
from zoo_core.home import home

_ENGINES = "engines"
# Each kind, and its folder in the home. Files that a person has placed there are no cache, and are not among them
_FOLDERS = {"samples": "samples", "weights": "downloads", "exports": "exports", "references": "reference"}
_KINDS = (_ENGINES, *_FOLDERS)
_USUAL = (_ENGINES, "samples", "weights")


def main(argv: list[str] | None = None) -> int:
    """`zoo cache list|clear [KIND …]`."""
    parser = argparse.ArgumentParser(
        prog="zoo cache",
        description="Compiled engines, samples that were made, weights that were fetched, networks that were exported "
        "on the way, and public data sets: all of it is made or fetched again when it is needed.",
    )
    parser.add_argument("action", choices=("list", "clear"))
    parser.add_argument(
        "kinds", nargs="*", metavar="KIND", help=f"{', '.join(_KINDS)} (list: all; clear: {', '.join(_USUAL)})"
    )
    return console.run(_job, parser.parse_args(argv))


def _job(args: argparse.Namespace) -> int:
    unknown = [kind for kind in args.kinds if kind not in _KINDS]
    if unknown:
        raise ZooError(f"zoo cache knows {', '.join(_KINDS)}; got {', '.join(unknown)}")
    for kind in args.kinds or (_KINDS if args.action == "list" else _USUAL):
        if args.action == "list":
            _list(kind)
        else:
            _clear(kind)
    return console.OK


def _list(kind: str) -> None:
    if kind == _ENGINES:
        columns = ("target", "model", "dtype", "shapes or device", ">compiled in", ">MB", "entry")
        console.table(f"compiled engines in {cache.folder()}", columns, [_row(entry) for entry in cache.entries()])
        return
    folder = _folder(kind)
    rows = [(path.relative_to(folder).as_posix(), f"{_bytes(path) / 1e6:.1f}") for path in _entries(kind)]
    console.table(f"{kind} in {folder}", ("entry", ">MB"), rows)


def _clear(kind: str) -> None:
    if kind == _ENGINES:
        count = cache.clear()
        print(f"removed {count} compiled engine{'' if count == 1 else 's'} from {cache.folder()}")
        return
    count = len(_entries(kind))
    folder = _folder(kind)
    try:
        if folder.is_dir():
            shutil.rmtree(folder)
    except OSError as error:
        raise ZooError(f"cannot remove {folder}: {error.strerror or error}") from error
    print(f"removed {count} entr{'y' if count == 1 else 'ies'} of {kind} from {folder}")


def _folder(kind: str) -> Path:
    return home() / _FOLDERS[kind]


def _entries(kind: str) -> list[Path]:
    """What is kept of a kind, sorted: folders; of weights, files below a folder of their own."""
    folder = _folder(kind)
    found = folder.rglob("*") if kind == "weights" else folder.iterdir() if folder.is_dir() else ()
    hidden = (".tmp", ".lock")
    kept = [path for path in found if not path.name.startswith(".") and path.suffix not in hidden]
    return sorted(path for path in kept if kind != "weights" or path.is_file())


def _bytes(path: Path) -> int:
    files = path.rglob("*") if path.is_dir() else (path,)
    return sum(file.stat().st_size for file in files if file.is_file())


def _row(entry: cache.Entry) -> tuple[str, ...]:
    facts = entry.facts
    return (
        str(facts.get("target")),
        str(facts.get("model"))[:12],
        str(facts.get("dtype") or "as it is"),
        str(facts.get("shapes") or facts.get("device") or ""),
        f"{entry.seconds:.1f} s",
        f"{entry.bytes / 1e6:.1f}",
        entry.folder.name,
    )
