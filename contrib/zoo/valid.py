"""Validation: the metric of a model over a labelled data set."""

from __future__ import annotations

import argparse
import json
import tempfile
from pathlib import Path
from typing import Any

from utils.datasets.image_classification_dataset import rank_and_world, shard

from . import cli, console
from .errors import ZooError
from .model import Model
from .pipeline import Stages, predictions


def main(model: Model, argv: list[str] | None = None) -> int:
    """example_valid.py."""
    parser = argparse.ArgumentParser(description=f"The metric of {model.title} over a labelled data set.")
    cli.add_shared_flags(parser, batch_size=16)
    parser.add_argument("--json", type=Path, help="write figures and counts to this file")
    return console.run(lambda args: _validate_each(model, args), parser.parse_args(argv))


def _validate_each(model: Model, args: argparse.Namespace) -> int:
    """One target, or several with commas between and a table at the end; --json then holds a list."""
    names = args.target.split(",")
    if len(names) == 1:
        return _validate(model, args)
    records = []
    with tempfile.TemporaryDirectory() as folder:
        for name in names:
            print(f"target {name}", flush=True)
            record = Path(folder) / f"{name}.json"
            _validate(model, argparse.Namespace(**vars(args) | {"target": name, "json": record}))
            records.append(json.loads(record.read_text(encoding="utf-8")))
    primary = model.task.metric().infos[0].name
    rows = [_row(one, primary) for one in records]
    latency = f">network ms/{args.batch_size}"
    console.table(model.id, ("target", "dtype", f">{primary}", ">samples/s end to end", latency), rows)
    if args.json:
        console.write_json(args.json, records)
    return console.OK


def _row(record: dict[str, Any], primary: str) -> tuple[str, ...]:
    stages = record["stages"]
    metric = f"{record['metrics'].get(primary, float('nan')):.4f}"
    latency = stages["inference"] / max(stages["batches"], 1) * 1e3
    return record["target"], record["dtype"], metric, f"{stages['throughput']:.1f}", f"{latency:.2f}"


def _validate(model: Model, args: argparse.Namespace) -> int:
    """Each rank takes its own samples and prints its own figures; --json has the counts that join them."""
    rank, world = rank_and_world()
    samples = shard(model.task.dataset(model.data(args.data_path or "sample")), rank, world)
    if cli.max_steps() > 0:
        samples = samples[: cli.max_steps() * args.batch_size]
    if not samples:
        raise ZooError(f"rank {rank} of {world} has no sample: the data set has fewer samples than there are ranks")
    metric = model.task.metric()
    stages = Stages()
    with cli.open_engine(model, args) as engine:
        found = predictions(
            cli.task_of(model, args),
            engine,
            samples,
            args.batch_size,
            stages,
            warm_up=cli.warm_up_steps(),
            skip_postprocess=args.skip_postprocess,
        )
        for batch, batch_predictions in console.progress(
            found, -(-len(samples) // args.batch_size), "validating", "batch"
        ):
            if not args.skip_postprocess:
                metric.update(batch_predictions, [sample.target for sample in batch])
    figures = {} if args.skip_postprocess else metric.compute()
    for name, value in figures.items():
        print(f"{name} {value:.4f} of {stages.samples} samples")
    if args.json:
        console.write_json(args.json, _record(model, args, rank, world, figures, metric.state(), stages))
    if figures:
        print(f"eval_metric {figures[metric.infos[0].name]:.6g}")
    print(stages.summary())
    return console.OK


def _record(
    model: Model,
    args: argparse.Namespace,
    rank: int,
    world: int,
    figures: dict[str, float],
    state: dict[str, Any],
    stages: Stages,
) -> dict[str, Any]:
    return {
        "model": model.id,
        "ckpt": str(cli.ckpt_of(model, args)),
        "data_path": str(args.data_path or "sample"),
        "target": args.target,
        "dtype": args.dtype,
        "batch_size": args.batch_size,
        "rank": rank,
        "world": world,
        "metrics": figures,
        "counts": state,
        "stages": stages.to_json(),
    }
