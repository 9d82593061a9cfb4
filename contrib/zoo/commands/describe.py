"""`zoo list` and `zoo info`: which models there are, and what one of them is."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from zoo.commands import console
from zoo.errors import CheckFailedError, ZooError
from zoo.index import EXAMPLES, Entry, entries

if TYPE_CHECKING:
    from zoo.family import Family
    from zoo.model import Model

_NAMED = 6  # variants that a line has room for


def list_models(argv: list[str] | None = None) -> int:
    """`zoo list`."""
    parser = argparse.ArgumentParser(prog="zoo list", description="Every model, a line each.")
    parser.add_argument("domain", nargs="?", metavar="DOMAIN", help="only of this domain, such as detection")
    parser.add_argument("--real", action="store_true", help="only models whose default weights are trained ones")
    parser.add_argument("--json", action="store_true", help="print JSON: an object a model, with all variants")
    return console.run(lambda args: _list(args.domain, args.real, args.json), parser.parse_args(argv))


def _list(domain: str | None, real: bool, as_json: bool) -> int:
    known = entries()
    if not known:
        raise ZooError(f"no model.py below {EXAMPLES}; install the zoo with pip install -e in its clone")
    domains = sorted({one.id.partition("/")[0] for one in known})
    if domain is not None and domain not in domains:
        raise ZooError(f"there is no domain '{domain}'; there are {', '.join(domains)}")
    known = [one for one in known if domain in (None, one.id.partition("/")[0])]
    shown = [one for one in known if not one.error and (one.real or not real)]
    broken = [one for one in known if one.error]
    if as_json:
        print(json.dumps([asdict(one) for one in [*shown, *broken]], indent=2, ensure_ascii=False))
    else:
        _show(shown, broken)
    if broken:
        raise CheckFailedError("; ".join(one.error for one in broken))
    return console.OK


def _show(shown: Sequence[Entry], broken: Sequence[Entry]) -> None:
    rows = [(one.id, str(len(one.variants)), _weights(one), one.title) for one in shown]
    rows += [(one.id, "", "", "cannot be loaded") for one in broken]
    console.table("models", ("model", ">variants", "weights", "what it is"), rows, plain=True)
    print(f"{len(rows)} model{'' if len(rows) == 1 else 's'}; zoo info MODEL says more of one")


def _weights(one: Entry) -> str:
    """What the default weights are, in a word."""
    if one.default_weights == "pretrained":
        return "published" if one.real else "your file"
    return "trained" if one.real else one.default_weights


def _variants(names: Sequence[str], default: str) -> str:
    """The names of a few variants, the number of many."""
    return ", ".join(names) if len(names) <= _NAMED else f"{len(names)}, such as {default}"


def info(family: Family, argv: list[str] | None = None) -> int:
    """`zoo info MODEL`: the model's card and its commands."""
    parser = argparse.ArgumentParser(prog=f"zoo info {family.id}", description="What a model is, and its commands.")
    parser.add_argument("--variant", help="which network of the family (default: the model's own default)")
    parser.add_argument("--variants", action="store_true", help="print the name of every variant, a line each")
    parser.add_argument("--json", action="store_true", help="print JSON: everything that stands here, and all variants")
    return console.run(lambda args: _info(family, args), parser.parse_args(argv))


def _info(family: Family, args: argparse.Namespace) -> int:
    if args.variants:
        names = list(family.variants)
        print(json.dumps(names, indent=2) if args.json else "\n".join(names))
        return console.OK
    model = family.variant(args.variant)
    if args.json:
        print(json.dumps(_plain(family, model), indent=2, ensure_ascii=False))
        return console.OK
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


def _plain(family: Family, model: Model) -> dict[str, Any]:
    """What `zoo info` says, for programs."""
    return {
        "model": model.id,
        "title": model.title,
        "framework": model.framework,
        "variant": model.variant,
        "default_variant": family.default_variant,
        "variants": list(family.variants),
        "default_weights": model.default_weights,
        "default_size": dict(model.entry.size),
        "source": model.source,
        "licence": model.licence,
        "paper": model.paper,
        "sample_data": model.sample.name,
        "folder": str(model.folder),
        "parts": [
            {"name": part.name, "inputs": list(map(str, part.inputs)), "outputs": list(map(str, part.outputs))}
            for part in model.parts
        ],
        "published": asdict(model.published) if model.published else None,
        "measured_by_reproduce": model.reference is not None,
        "commands": [line.strip() for line in _commands(model)[1:]],
    }


def _card(family: Family, model: Model) -> list[tuple[str, str]]:
    sizes = ", ".join(f"{name} {size}" for name, size in model.entry.size.items())
    return [
        ("model", model.id),
        ("framework", ", ".join(dict.fromkeys(part.framework or model.framework for part in model.parts))),
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

    # without published ones, nothing else works
    weights = " --weights random" if model.default_weights == "pretrained" and model.pretrained is None else ""
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
