"""Validation: the metric of a model over a labelled data set."""

from __future__ import annotations

import argparse
import hashlib
import json
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from engine.base import Engine
from utils.datasets.image_classification_dataset import rank_and_world, shard
from utils.datasets.sample import Sample
from utils.metrics.base import Metric
from zoo.accuracy.resume import Progress
from zoo.accuracy.verify import spread
from zoo.commands import console, flags
from zoo.errors import ZooError
from zoo.model import Model
from zoo.running.diagnosis import Diagnosis, diagnose
from zoo.running.padding import arranged
from zoo.running.pipeline import Stages, predictions
from zoo.task import Task
from zoo_core.errors import DataError
from zoo_core.hashing import sha256

_DECODER_SAMPLES = 256


def main(model: Model, argv: list[str] | None = None) -> int:
    """example_valid.py."""
    parser = argparse.ArgumentParser(description=f"The metric of {model.title} over a labelled data set.")
    flags.add_shared_flags(parser, batch_size=16)
    flags.add_device_flags(parser)
    flags.add_token_budget(parser, model)
    parser.add_argument("--json", type=Path, help="write figures and counts to this file")
    parser.add_argument(
        "--resume", type=Path, help="keep the state of the run in this file, and go on where it says one stopped"
    )
    return console.run(lambda args: _validate_each(model.as_variant(args.variant), args), parser.parse_args(argv))


def _validate_each(model: Model, args: argparse.Namespace) -> int:
    """One target, or several with commas between and a table at the end; --json then holds a list."""
    names = args.target.split(",")
    if len(names) == 1:
        return _validate(model, args)
    if args.resume:
        raise ZooError("--resume keeps the state of one run; give one --target with it")
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
    value = record["metrics"].get(primary)
    metric = "–" if value is None else f"{value:.4f}"
    latency = stages["inference"] / max(stages["batches"], 1) * 1e3
    return record["target"], record["dtype"], metric, f"{stages['throughput']:.1f}", f"{latency:.2f}"


def _validate(model: Model, args: argparse.Namespace) -> int:
    """Each rank takes its own samples and prints its own figures; --json has the counts that join them."""
    if args.resume and args.skip_postprocess:
        raise ZooError("--resume keeps the counts of a metric, and --skip_postprocess True has none")
    rank, world = rank_and_world()
    samples = shard(model.task.dataset(model.data(args.data_path or "sample")), rank, world)
    if flags.max_steps() > 0:
        samples = samples[: flags.max_steps() * args.batch_size]
    if not samples:
        raise ZooError(f"rank {rank} of {world} has no sample: the data set has fewer samples than there are ranks")
    task = flags.task_of(model, args)
    samples = arranged(task, samples)
    metric = task.metric()
    stages = Stages()
    identity = _identity(model, args, task, samples) | {"rank": rank, "world": world} if args.resume else {}
    with flags.open_engine(model, args, -(-len(samples) // args.batch_size)) as engine:
        inputs = [str(spec) for spec in engine.inputs]
        with Progress(args.resume, identity, metric) as progress:
            if progress.done:
                print(f"{args.resume}: {progress.done} of {len(samples)} samples were counted before")
            _count(args, task, engine, samples[progress.done :], stages, progress)
        diagnosis = diagnose(engine, stages)
        if args.decoder == "fast" and not args.skip_postprocess:
            print(_decoder_effect(model, args, engine, samples))
    figures, missing = ({}, None) if args.skip_postprocess else _figures(metric)
    part = f", the part of rank {rank} of {world}" if world > 1 else ""
    for name, value in figures.items():
        print(f"{name} {value:.4f} of {len(samples)} samples{part}")
    for line in diagnosis.lines() if diagnosis else ():
        print(line)
    if args.json:
        record = _record(model, args, task, figures, metric, stages, diagnosis)
        console.write_json(args.json, record | {"inputs": inputs, "rank": rank, "world": world})
    if missing:
        raise missing
    if figures:
        print(f"eval_metric {figures[metric.infos[0].name]:.6g}")
    print(stages.summary())
    return console.OK


def _figures(metric: Metric) -> tuple[dict[str, float], DataError | None]:
    """What was counted, or why it gives no figure: a rank's part may hold one class only."""
    try:
        return metric.compute(), None
    except DataError as error:
        return {}, error


def _count(
    args: argparse.Namespace, task: Task, engine: Engine, samples: Sequence[Sample], stages: Stages, progress: Progress
) -> None:
    """Run the network over `samples` and count what it says."""
    if not samples:
        return
    found = predictions(
        task,
        engine,
        samples,
        args.batch_size,
        stages,
        workers=args.workers,
        warm_up=flags.warm_up_steps(),
        skip_postprocess=args.skip_postprocess,
        token_budget=flags.token_budget(args),
        processes=args.processes,
    )
    for batch, batch_predictions in console.progress(found, -(-len(samples) // args.batch_size), "validating", "batch"):
        if not args.skip_postprocess:
            progress.add(batch_predictions, [sample.target for sample in batch])


def _decoder_effect(model: Model, args: argparse.Namespace, engine: Engine, samples: Sequence[Sample]) -> str:
    """What --decoder fast changes, on some of the samples."""
    some = spread(samples, _DECODER_SAMPLES)
    reference = model.task.adapted(args.input_size, args.topk)
    results = []
    for task in (reference, flags.task_of(model, args)):
        metric = task.metric()
        found: list[Any] = []
        for batch, batch_predictions in predictions(
            task, engine, some, args.batch_size, Stages(), workers=args.workers
        ):
            metric.update(batch_predictions, [sample.target for sample in batch])
            found += batch_predictions
        results.append((metric.compute()[metric.infos[0].name], found))
    same = sum(reference.agreement(one, other) for one, other in zip(results[0][1], results[1][1], strict=True))
    return (
        f"decoder fast: {metric.infos[0].name} {results[1][0]:.4f}, with the reference decoder {results[0][0]:.4f}; "
        f"{same} of {len(some)} predictions agree"
    )


def _identity(model: Model, args: argparse.Namespace, task: Task, samples: Sequence[Sample]) -> dict[str, Any]:
    """What a run's result depends on."""
    names = "\n".join(sample.id for sample in samples)
    data = model.data(args.data_path or "sample").resolve()
    state = data.stat() if data.is_file() else None
    return {
        "model": model.id,
        "ckpt": sha256(flags.ckpt_of(model, args)),
        "samples": hashlib.sha256(names.encode()).hexdigest(),
        "data": [str(data), state.st_size, state.st_mtime_ns] if state else [str(data)],
        "target": args.target,
        "dtype": args.dtype,
        "input_size": args.input_size,
        "decoder": task.decoder,
    }


def _record(
    model: Model,
    args: argparse.Namespace,
    task: Task,
    figures: dict[str, float],
    metric: Metric,
    stages: Stages,
    diagnosis: Diagnosis | None,
) -> dict[str, Any]:
    return {
        "model": model.id,
        "ckpt": str(flags.ckpt_of(model, args)),
        "data_path": str(args.data_path or "sample"),
        "target": args.target,
        "dtype": args.dtype,
        "batch_size": args.batch_size,
        "decoder": task.decoder,
        "metrics": figures,
        "counts": metric.state(),
        "stages": stages.to_json(),
        "diagnosis": diagnosis.to_json() if diagnosis else None,
    }
