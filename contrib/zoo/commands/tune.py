"""`zoo tune MODEL`: the Pareto table of settings, with the command for each point."""

from __future__ import annotations

import argparse
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

from zoo.accuracy.choice import choose_target
from zoo.accuracy.tune import BATCHES, Point, Tuned, tune
from zoo.commands import console, flags
from zoo.distributed.brief import card_of
from zoo.distributed.tune import measure
from zoo.errors import CheckFailedError
from zoo.family import Family
from zoo.running.setting import Setting
from zoo_core.files import write_json


def main(family: Family, argv: list[str] | None = None) -> int:
    """Verify, measure, and print the best settings."""
    parser = argparse.ArgumentParser(
        prog=f"zoo tune {family.id}",
        description="Search batch size, streams, threads and dtype; print the best of the settings that are accurate.",
    )
    parser.add_argument("--variant")
    parser.add_argument("--folder", type=Path, help="where the exported files are (default: where an export is found)")
    parser.add_argument("--target", default="onnx", help=flags.SEVERAL)
    parser.add_argument("--dtype", choices=flags.DTYPES, action="append", help="may be given several times")
    parser.add_argument("--batch", type=flags.positive, action="append", help=f"may be given several times ({BATCHES})")
    parser.add_argument(
        "--graph", choices=flags.GRAPH, action="append", help="levels to compare, on targets that have them"
    )
    parser.add_argument("--input_size", type=flags.positive)
    parser.add_argument("--data_path", default="sample", help="what the accuracy is checked on (default: the sample)")
    parser.add_argument("--limit", type=flags.positive, default=256, help="at most so many samples for that")
    parser.add_argument("--seconds", type=float, default=1.0, help="for each setting (default 1)")
    flags.add_timeout(parser)
    parser.add_argument("--json", type=Path, help="write every point to this file")
    flags.add_ray_flags(parser, whole_nodes=True)
    return console.run(lambda args: _tune(family, args), parser.parse_args(argv))


def _tune(family: Family, args: argparse.Namespace) -> int:
    names = flags.targets_in(args.target)
    tuned = [
        _tuned(choose_target(flags.setting_of(family, args, dtype="float32", graph=None, target=name)), args)
        for name in names
    ]
    if args.json:
        write_json(args.json, flags.alone_or_all(tuned))
    failed = [name for name, said in zip(names, tuned, strict=True) if not said["points"]]
    if failed:
        raise CheckFailedError(f"no dtype of {family.id} passes on {', '.join(failed)}; see `zoo verify {family.id}`")
    return console.OK


def _tuned(setting: Setting, args: argparse.Namespace) -> dict[str, Any]:
    """The table of one target; returns what stands in --json."""
    model = setting.model
    done = _searched(setting, args)
    for dtype in done.refused:
        said = done.comparisons.get(dtype)
        why = f" ({said.verdict()}, metric off by {said.relative_error():.2%})" if said else ""
        print(f"{setting.target} {dtype} does not pass the acceptance standard{why}, and is left out")
    if done.points:
        heads = "dtype", "graph", ">batch", ">streams", ">threads", ">samples/s", ">p50 ms", ">MB"
        console.table(
            f"{model.id} ({model.variant}) on {setting.target}: the best of {len(done.points)} settings",
            (*heads, f">{_metric(done)}", "gate", "command"),
            [_row(setting, done, point) for point in done.best],
        )
    every = [asdict(point) | {"best": point in done.best, "bytes": done.sizes[point.dtype]} for point in done.points]
    gates = {dtype: comparison.to_json() for dtype, comparison in done.comparisons.items()}
    return {
        "model": model.id,
        "variant": model.variant,
        "target": setting.target,
        "points": every,
        "gates": gates,
    }


def _searched(setting: Setting, args: argparse.Namespace) -> Tuned:
    """Measured here, or on a cluster; what is accurate is found out here."""
    given = setting, args.dtype, args.batch or BATCHES, args.data_path, args.limit, args.seconds, args.graph or [None]
    if not args.ray:
        return tune(*given)
    with flags.ray_cluster(args, card_of(setting.target)) as cluster:
        return tune(*given, measure=partial(measure, cluster, setting, args.data_path, args.seconds))


def _metric(done: Tuned) -> str:
    return next(iter(done.comparisons.values())).contender.metric.infos[0].name


def _row(setting: Setting, done: Tuned, point: Point) -> list[str]:
    model = setting.model
    command = f"zoo valid {model.id} --variant {model.variant} --target {setting.target} --dtype {point.dtype}"
    command += f" --batch_size {point.batch_size} --streams {point.streams}"
    command += f" --threads {point.threads}" if point.threads else ""
    command += f" --graph {point.graph}" if point.graph else ""
    command += f" --input_size {setting.input_size}" if setting.input_size else ""
    if setting.folder is not None and len(model.parts) == 1:
        command += f" --ckpt {setting.but(dtype=point.dtype).file(model.part)}"
    figures = [str(point.batch_size), str(point.streams), str(point.threads or "-")]
    gate = done.comparisons[point.dtype]
    accuracy = [f"{gate.contender.figures()[_metric(done)]:.4f}", gate.verdict()]
    size = f"{done.sizes[point.dtype] / 1e6:.2f}"
    return [
        point.dtype,
        point.graph or "-",
        *figures,
        f"{point.throughput:.4g}",
        f"{point.latency_ms:.4g}",
        size,
        *accuracy,
        command,
    ]
