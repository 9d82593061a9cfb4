"""`zoo list` and `zoo info`: which models there are, and what one of them is."""

from __future__ import annotations

import argparse

from zoo import catalogue
from zoo.commands import console
from zoo.errors import CheckFailedError, ZooError
from zoo.model import Model, file_name


def list_models(argv: list[str] | None = None) -> int:
    """`zoo list`."""
    parser = argparse.ArgumentParser(prog="zoo list", description="Every model, a line each.")

    def job(_: argparse.Namespace) -> int:
        known = catalogue.ids()
        if not known:
            raise ZooError(f"no model.py below {catalogue.EXAMPLES}; install the zoo with pip install -e in its clone")
        rows: list[tuple[str, ...]] = []
        broken: list[str] = []
        for one in known:
            try:
                model = catalogue.load(one)
                variants = ", ".join(model.variants)
                rows.append((one, model.framework, variants, model.default_weights, model.title))
            except ZooError as error:
                rows.append((one, "", "", "", "cannot be loaded"))
                broken.append(str(error))
        console.table("models", ("model", "framework", "variants", "default weights", "what it is"), rows)
        if broken:
            raise CheckFailedError("; ".join(broken))
        return console.OK

    return console.run(job, parser.parse_args(argv))


def info(model: Model, argv: list[str] | None = None) -> int:
    """`zoo info MODEL`: the model's card and its commands."""
    parser = argparse.ArgumentParser(prog=f"zoo info {model.id}", description="What a model is, and its commands.")

    def job(_: argparse.Namespace) -> int:
        console.table(model.title, ("", ""), _card(model))
        rows = [("input", str(spec)) for spec in model.inputs] + [("output", str(spec)) for spec in model.outputs]
        console.table("tensors (dynamic dimensions by name)", ("", "name: dtype[shape]"), rows)
        if model.published:
            figures = [
                (name, figure.metric, f"{figure.value:g}", figure.where) for name, figure in model.published.items()
            ]
            console.table(
                "published figures (of the source, not measured here)",
                ("variant", "metric", ">value", "where"),
                figures,
            )
        print("\n".join(_commands(model)))
        return console.OK

    return console.run(job, parser.parse_args(argv))


def _card(model: Model) -> list[tuple[str, str]]:
    sizes = ", ".join(f"{name} {size}" for name, size in model.size.items())
    return [
        ("model", model.id),
        ("framework", model.framework),
        ("variants", ", ".join(model.variants) + f" (default {model.variant(None)})"),
        ("default weights", model.default_weights),
        ("default size", sizes or "fixed"),
        ("source", model.source),
        ("licence", model.licence),
        ("paper", model.paper or "none"),
        ("sample data", model.sample.name),
        ("folder", str(model.folder)),
    ]


def _commands(model: Model) -> list[str]:
    variant = model.variant(None)
    return [
        "commands:",
        f"  zoo run {model.id}" + ("" if model.default_weights == "sample" else " --weights random"),
        f"  cd {model.folder}",
        "  python export_onnx.py" + ("" if model.default_weights == "sample" else " --weights random"),
        "  python example_single_batch.py",
        "  python example_multi_batch.py --save_dir annotated",
        f"  python example_valid.py --ckpt {file_name(variant)} --data_path sample",
    ]
