"""`zoo matrix`: takes what has been measured into doc/results.json and doc/reproduced.json, and writes doc/models*."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from zoo.commands import console
from zoo.contributing import reproduced
from zoo.contributing.matrix import collect, results
from zoo.contributing.matrix.listing import listing
from zoo.contributing.matrix.page import page
from zoo.contributing.repository import here, run_its_own
from zoo.errors import CheckFailedError
from zoo_core.files import write_text

RESULTS = "results.json"
FIGURES = Path(reproduced.FILE).name


def main(argv: list[str] | None = None) -> int:
    """`zoo matrix`. Exit code 1: the pages are written, but a model or a file of results could not be read."""
    root = here()
    words = sys.argv[2:] if argv is None else argv
    parser = argparse.ArgumentParser(prog="zoo matrix", description="Every model on every target, as measured.")
    parser.add_argument("--runs", type=Path, default=root / "runs", help="where new results are (default: runs)")
    parser.add_argument(
        "--output",
        type=Path,
        default=root / "doc",
        help=f"where the pages go; {RESULTS} and {FIGURES} there hold what was measured before (default: doc)",
    )
    parser.add_argument("--examples", type=Path, default=root / "contrib/example", help="where the models are")
    args = parser.parse_args(words)
    run_its_own(root, ["matrix", *words])
    return console.run(_write, args)


def _write(args: argparse.Namespace) -> int:
    found = results.read(args.output / RESULTS)
    new, faults = results.measured(args.runs)
    taken = results.merge(found, new)
    figures = reproduced.read(args.output / FIGURES)
    own, wrong = reproduced.measured(args.runs)
    taken_figures = reproduced.merge(figures, own)
    faults += wrong
    examples, output = args.examples.resolve(), args.output.resolve()
    cards, strangers = collect.cards(examples, output, list(found.values()), list(figures.values()))
    texts = {
        "models.md": listing(cards, "en"),
        "models_zh.md": listing(cards, "zh"),
        "models.html": page(cards),
    }
    results.write(args.output / RESULTS, found.values())
    reproduced.write(args.output / FIGURES, figures.values())
    for name, text in texts.items():
        write_text(args.output / name, text)
        print(args.output / name)
    cells = sum(len(card.results) for card in cards)
    print(f"{len(cards)} models, {cells} measured cells, {taken} of them from {args.runs}")
    print(f"{len(figures)} published figures that were measured, {taken_figures} of them from {args.runs}")
    for name in sorted({one.model for one in strangers}):
        print(f"{name} has results in {RESULTS} and no model.py; they are kept, and not shown", file=sys.stderr)
    faults += [f"{card.id}: {card.fault}" for card in cards if card.fault]
    if faults:
        raise CheckFailedError("; ".join(faults))
    return console.OK
