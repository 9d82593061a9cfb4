"""`zoo matrix`: writes doc/models.md, doc/models_zh.md and doc/models.html."""

from __future__ import annotations

import argparse
from pathlib import Path

from zoo import catalogue
from zoo.commands import console
from zoo.contributing.check.command import repository
from zoo.contributing.matrix import collect, pages
from zoo_core.files import atomic_write


def main(argv: list[str] | None = None) -> int:
    """`zoo matrix`."""
    parser = argparse.ArgumentParser(prog="zoo matrix", description="Every model on every target, as measured.")
    parser.add_argument("--runs", type=Path, default=repository() / "runs", help="where results are (default: runs)")
    parser.add_argument("--output", type=Path, default=repository() / "doc", help="where pages go (default: doc)")
    return console.run(_write, parser.parse_args(argv))


def _write(args: argparse.Namespace) -> int:
    models = [catalogue.load(one).variant() for one in catalogue.ids()]
    cells = collect.cells(models, args.runs)
    pictures = {model.id: collect.picture(model) for model in models}
    texts = {
        "models.md": pages.markdown(cells, "en"),
        "models_zh.md": pages.markdown(cells, "zh"),
        "models.html": pages.page(cells, pictures),
    }
    for name, text in texts.items():
        with atomic_write(args.output / name) as temporary:
            temporary.write_text(text, encoding="utf-8")
        print(args.output / name)
    return console.OK
