"""`zoo list` and `zoo info`: which models there are, and what one of them is."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import TYPE_CHECKING

from zoo.commands import console
from zoo.errors import CheckFailedError, ZooError
from zoo.index import EXAMPLES, entries

if TYPE_CHECKING:
    from zoo.family import Family
    from zoo.model import Model

_NAMED = 6  # variants that a line has room for


def list_models(argv: list[str] | None = None) -> int:
    """`zoo list`."""
    parser = argparse.ArgumentParser(prog="zoo list", description="Every model, a line each.")
    return console.run(lambda _: _list(), parser.parse_args(argv))


def _list() -> int:
    known = entries()
    if not known:
        raise ZooError(f"no model.py below {EXAMPLES}; install the zoo with pip install -e in its clone")
    rows = [
        (one.id, one.framework, _variants(one.variants, one.default_variant), one.default_weights, one.title)
        if not one.error
        else (one.id, "", "", "", "cannot be loaded")
        for one in known
    ]
    console.table("models", ("model", "framework", "variants", "default weights", "what it is"), rows)
    broken = [one.error for one in known if one.error]
    if broken:
        raise CheckFailedError("; ".join(broken))
    return console.OK


def _variants(names: Sequence[str], default: str) -> str:
    """The names of a few variants, the number of many."""
    return ", ".join(names) if len(names) <= _NAMED else f"{len(names)}, such as {default}"


def info(family: Family, argv: list[str] | None = None) -> int:
    """`zoo info MODEL`: the model's card and its commands."""
    parser = argparse.ArgumentParser(prog=f"zoo info {family.id}", description="What a model is, and its commands.")
    parser.add_argument("--variant", help="which network of the family (default: the model's own default)")
    parser.add_argument("--variants", action="store_true", help="print the name of every variant, a line each")
    return console.run(lambda args: _info(family, args), parser.parse_args(argv))


def _info(family: Family, args: argparse.Namespace) -> int:
    if args.variants:
        print("\n".join(family.variants))
        return console.OK
    model = family.variant(args.variant)
    console.table(model.title, ("", ""), _card(family, model))
    rows = [
        (f"{part.name} {kind}".strip(), str(spec))
        for part in model.parts
        for kind, specs in (("input", part.inputs), ("output", part.outputs))
        for spec in specs
    ]
    console.table("tensors (dynamic dimensions by name)", ("", "name: dtype[shape]"), rows)
    if model.published:
        figure = model.published
        console.table(
            "published figure (of the source; "
            + (f"zoo reproduce {model.variant} measures it)" if model.reference else "not measured here)"),
            ("variant", "metric", ">value", "where"),
            [(model.variant, figure.metric, f"{figure.value:g}", figure.where)],
        )
    print("\n".join(_commands(model)))
    return console.OK


def _card(family: Family, model: Model) -> list[tuple[str, str]]:
    sizes = ", ".join(f"{name} {size}" for name, size in model.entry.size.items())
    return [
        ("model", model.id),
        ("framework", model.framework),
        ("variants", _variants(family.variants, family.default_variant) + f" (default {family.default_variant})"),
        ("variant", model.variant),
        ("default weights", model.default_weights),
        ("default size", sizes or "fixed"),
        ("source", model.source),
        ("licence", model.licence),
        ("paper", model.paper or "none"),
        ("sample data", model.sample.name),
        ("folder", str(model.folder)),
    ]


def _commands(model: Model) -> list[str]:
    from zoo.model import file_name

    weights = "" if model.default_weights in ("sample", "built") else " --weights random"
    variant = "" if model.default else f" --variant {model.variant}"
    ckpt = f" --ckpt {file_name(model.part.stem(model.variant))}" if len(model.parts) == 1 else variant
    return [
        "commands:",
        f"  zoo run {model.id}{variant}{weights}",
        f"  cd {model.folder}",
        f"  python export_onnx.py{variant}{weights}",
        f"  python example_single_batch.py{variant}",
        f"  python example_multi_batch.py{variant} --save_dir annotated",
        f"  python example_valid.py{ckpt} --data_path sample",
    ]
