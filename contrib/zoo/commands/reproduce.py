"""`zoo reproduce [MODEL… | --all]`: published figures beside our own."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path

from zoo import catalogue
from zoo.accuracy.reproduce import Reproduction, measured_weights, read_reproduction, reproduce
from zoo.commands import console, flags
from zoo.distributed.commands import FOLDER, Command, require_ran, run_each, written
from zoo.errors import CheckFailedError, ZooError
from zoo.exporting.export import ExportOptions, export
from zoo.manifest import RUNS
from zoo.model import Model
from zoo.references import NotPlacedError
from zoo.running.setting import Setting
from zoo_core.errors import ZooCoreError
from zoo_core.files import read_json, write_json

_NONE = "{id} has no variant with a published figure and data that it can be measured on"


def main(argv: list[str] | None = None) -> int:
    """Export with the published weights, or those that were trained here on the same data; validate; judge."""
    parser = argparse.ArgumentParser(
        prog="zoo reproduce", description="Measure what the source publishes, with its own weights on public data."
    )
    parser.add_argument("models", nargs="*", metavar="MODEL", help="domain/name, a variant behind it or alone")
    parser.add_argument("--all", action="store_true", help="every variant that has a figure and data for it")
    parser.add_argument("--accept-terms", action="store_true", help="accept the terms of the data sets that have any")
    parser.add_argument("--runs", type=Path, default=Path(RUNS), help=f"where exports and results go (default {RUNS})")
    flags.add_timeout(parser)
    flags.add_ray_flags(parser)
    return console.run(_reproduce, parser.parse_args(argv))


def _reproduce(args: argparse.Namespace) -> int:
    if bool(args.models) == args.all:
        raise ZooError("give one or more models, or --all")
    chosen = list(_all() if args.all else catalogue.named(args.models, _NONE, _measurable))
    if not chosen:
        raise ZooError("no model has a published figure with data that it can be measured on")
    done, failed = _on_cluster(chosen, args) if args.ray else _here(chosen, args)
    columns = ("model", "variant", "metric", ">published", ">torch, paddle, …", ">onnx", "verdict", "tolerance")
    console.table("published | here", columns, [_row(one) for one in done])
    wrong = [f"{one.model.id} {one.model.variant}" for one in done if not one.passed()]
    if wrong:
        failed = [f"{', '.join(wrong)}: the published figure did not come back", *failed]
    if failed:
        raise CheckFailedError("; ".join(failed))
    return console.OK


def _here(chosen: Sequence[Model], args: argparse.Namespace) -> tuple[list[Reproduction], list[str]]:
    """What was measured, model after model, and what could not be: one of several never ends the others."""
    done: list[Reproduction] = []
    failed: list[str] = []
    for number, model in enumerate(chosen, start=1):
        print(f"[{number}/{len(chosen)}] {model.id} {model.variant}", flush=True)
        try:
            done.append(_one(model, args))
        except ZooCoreError as error:
            if len(chosen) == 1 and not args.all:
                raise
            if args.all and isinstance(error, NotPlacedError):
                print(f"passed over: {error}")
                continue
            failed.append(f"{model.id} {model.variant}: {error}")
            print(f"not measured: {error}")
    return done, failed


def _on_cluster(chosen: Sequence[Model], args: argparse.Namespace) -> tuple[list[Reproduction], list[str]]:
    """As `_here`, each model on some node; in the order in which they were chosen."""
    by_name = {f"{model.id}/{model.variant}": model for model in chosen}
    found: dict[str, Reproduction] = {}
    failed: list[str] = []
    commands = [_command(name, model, args) for name, model in by_name.items()]
    with flags.ray_cluster(args) as cluster, closing(run_each(cluster, commands)) as every:
        for number, (command, ran, place) in enumerate(every, start=1):
            print(f"[{number}/{len(chosen)}] {command.name}, on {place.host}", flush=True)
            record = next((read_json(path) for path in written(ran, args.runs)), None)
            if record is not None:
                found[command.name] = read_reproduction(by_name[command.name], record)
            elif len(chosen) > 1 or args.all:
                failed.append(f"{command.name}: {ran.last_line().removeprefix('error: ')}")
                print(f"not measured: {failed[-1]}")
            else:
                require_ran(command, ran, place)
    return [found[name] for name in by_name if name in found], failed


def _command(name: str, model: Model, args: argparse.Namespace) -> Command:
    words = ["reproduce", name, "--runs", FOLDER]
    words += ["--accept-terms"] if args.accept_terms else []
    words += ["--timeout", str(args.timeout)] if args.timeout else []
    return Command(name, words, [f"{model.place}/reproduce.json"])


def _all() -> Iterator[Model]:
    """Every variant that can be measured."""
    return filter(_measurable, catalogue.described())


def _measurable(model: Model) -> bool:
    return model.measurable


def _one(model: Model, args: argparse.Namespace) -> Reproduction:
    folder = args.runs / model.id / model.variant.replace("/", "--")
    export(model, folder, ExportOptions(weights=measured_weights(model), timeout=args.timeout))
    done = reproduce(Setting(model, folder=folder, timeout=args.timeout), args.accept_terms)
    write_json(folder / "reproduce.json", done.record)
    return done


def _row(one: Reproduction) -> tuple[str, ...]:
    own, *_, exported = one.figures.values()
    return (
        one.model.id,
        one.model.variant,
        one.published.metric,
        f"{one.published.value:g}",
        f"{own:.4f}",
        f"{exported:.4f}",
        one.verdict.word,
        one.verdict.told(),
    )
