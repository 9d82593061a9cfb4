"""`zoo tune MODEL`: the Pareto table of settings, with the command for each point."""

from __future__ import annotations

import argparse
import shlex
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from engine.errors import EngineError
from zoo.accuracy.choice import choose_target
from zoo.accuracy.tune import BATCHES, Point, Tuned, pareto, tune
from zoo.commands import console, flags
from zoo.distributed.brief import card_of
from zoo.distributed.tune import measure
from zoo.errors import CheckFailedError, ZooError
from zoo.family import Family
from zoo.manifest import manifest_path
from zoo.running.setting import Setting
from zoo_core.files import write_json


@dataclass(frozen=True)
class _Searched:
    """What was found of one export. export: what the table calls it; "" for the first. data: that was named."""

    setting: Setting
    done: Tuned
    export: str
    data: str

    def points(self) -> list[Point]:
        return [replace(point, export=self.export) for point in self.done.points]

    def figure(self, point: Point) -> float:
        return self.done.comparisons[point.dtype].contender.figures()[_metric(self.done)]

    def gates(self) -> dict[str, Any]:
        """What decided of each dtype, as --json has it."""
        return {dtype: comparison.to_json() for dtype, comparison in self.done.comparisons.items()}

    def to_json(self, point: Point) -> dict[str, Any]:
        """A point, with the metric's own figure."""
        said = {name: value for name, value in asdict(point).items() if name != "accuracy"}
        return said | {"metric": self.figure(point)}


def main(family: Family, argv: list[str] | None = None) -> int:
    """Verify, measure, and print the best settings."""
    parser = argparse.ArgumentParser(
        prog=f"zoo tune {family.id}",
        description="Search batch size, streams, threads and dtype; print the best of the settings that are accurate.",
    )
    parser.add_argument("--variant")
    parser.add_argument("--folder", type=Path, help="where the exported files are (default: where an export is found)")
    parser.add_argument(
        "--beside",
        type=Path,
        action="append",
        default=[],
        metavar="FOLDER",
        help="the folder of another export, to stand in the same table (zoo compress --prune, --weights; repeatable)",
    )
    parser.add_argument("--target", default="onnx", help=flags.SEVERAL)
    parser.add_argument("--dtype", choices=flags.DTYPES, action="append", help="may be given several times")
    parser.add_argument("--batch", type=flags.positive, action="append", help=f"may be given several times ({BATCHES})")
    parser.add_argument(
        "--graph", choices=flags.GRAPH, action="append", help="levels to compare, on targets that have them"
    )
    parser.add_argument("--input_size", type=flags.positive)
    parser.add_argument(
        "--data_path", type=flags.said, default="sample", help="what the accuracy is checked on (default: the sample)"
    )
    parser.add_argument("--limit", type=flags.positive, default=256, help="at most so many samples for that")
    parser.add_argument("--seconds", type=flags.seconds, default=1.0, help="for each setting (default 1)")
    flags.add_timeout(parser)
    parser.add_argument("--json", type=Path, help="write every point to this file")
    flags.add_ray_flags(parser, whole_nodes=True)
    return console.run(lambda args: _tune(family, args), parser.parse_args(argv))


def _tune(family: Family, args: argparse.Namespace) -> int:
    names = flags.targets_in(args.target)
    tuned = [_of_target(family, name, args) for name in names]
    if args.json:
        write_json(args.json, flags.alone_or_all(tuned))
    failed = [name for name, said in zip(names, tuned, strict=True) if not said["points"]]
    if failed:
        raise CheckFailedError(f"no dtype of {family.id} passes on {', '.join(failed)}; see `zoo verify {family.id}`")
    return console.OK


def _of_target(family: Family, target: str, args: argparse.Namespace) -> dict[str, Any]:
    """The table of one target, over all exports; returns what stands in --json."""
    setting = choose_target(flags.setting_of(family, args, dtype="float32", graph=None, target=target))
    found = [_Searched(setting, _searched(setting, args), "", args.data_path)]
    _say_refused(found[0])
    for name, folder in _labels(args.beside).items():
        try:
            other = setting.but(folder=folder)
            found.append(_Searched(other, _searched(other, args), name, args.data_path))
            _say_refused(found[-1])
        except (ZooError, EngineError) as error:
            print(f"{name} is left out on {setting.target}: {error}")
    every = {point: one for one in found for point in one.points()}
    best = pareto(list(every))
    if every:
        _show(found, len(every), [(every[point], point) for point in best])
    gates = {one.export: one.gates() for one in found}
    return {
        "model": setting.model.id,
        "variant": setting.model.variant,
        "target": setting.target,
        "points": [one.to_json(point) | {"best": point in best} for point, one in every.items()],
        "gates": gates.pop(""),
        "gates_beside": gates,
    }


def _labels(folders: Sequence[Path]) -> dict[str, Path]:
    """What the table calls each: its own name, or all of its path where several have that name."""
    names = [folder.resolve().name for folder in folders]
    pairs = zip(names, folders, strict=True)
    return {name if names.count(name) == 1 else str(folder): folder for name, folder in pairs}


def _show(found: Sequence[_Searched], tried: int, best: Sequence[tuple[_Searched, Point]]) -> None:
    """The table. The first column is there where several exports are compared."""
    model, several = found[0].setting.model, len(found) > 1
    heads = ["export"] * several + ["dtype", "graph", ">batch", ">streams", ">threads", ">samples/s", ">p50 ms", ">MB"]
    console.table(
        f"{model.id} ({model.variant}) on {found[0].setting.target}: the best of {tried} settings",
        (*heads, f">{_metric(found[0].done)}", "gate", "command"),
        [[one.export or "whole"] * several + _row(one, point) for one, point in best],
    )


def _say_refused(one: _Searched) -> None:
    for dtype in one.done.refused:
        said = one.done.comparisons.get(dtype)
        why = f" ({said.verdict()}, metric off by {said.relative_error():.2%})" if said else ""
        of = f" of {one.export}" if one.export else ""
        print(f"{one.setting.target} {dtype}{of} does not pass the acceptance standard{why}, and is left out")


def _searched(setting: Setting, args: argparse.Namespace) -> Tuned:
    """Measured here, or on a cluster; what is accurate is found out here."""
    given = setting, args.dtype, args.batch or BATCHES, args.data_path, args.limit, args.seconds, args.graph or [None]
    if not args.ray:
        return tune(*given)
    with flags.ray_cluster(args, card_of(setting.target)) as cluster:
        return tune(*given, measure=partial(measure, cluster, setting, args.data_path, args.seconds))


def _metric(done: Tuned) -> str:
    return next(iter(done.comparisons.values())).contender.metric.infos[0].name


def _row(one: _Searched, point: Point) -> list[str]:
    setting, model = one.setting, one.setting.model
    command = f"zoo valid {model.id} --variant {model.variant} --target {setting.target} --dtype {point.dtype}"
    command += f" --batch_size {point.batch_size} --streams {point.streams}"
    command += f" --threads {point.threads}" if point.threads else ""
    command += f" --graph {point.graph}" if point.graph else ""
    command += f" --input_size {setting.input_size}" if setting.input_size else ""
    command += f" --data_path {shlex.quote(one.data)}" if one.data != "sample" else ""
    if setting.folder is not None:
        alone = len(model.parts) == 1
        ckpt = setting.but(dtype=point.dtype).file(model.part) if alone else manifest_path(setting.home, model.variant)
        command += f" --ckpt {shlex.quote(str(ckpt))}"
    return [
        point.dtype,
        point.graph or "-",
        str(point.batch_size),
        str(point.streams),
        str(point.threads or "-"),
        f"{point.throughput:.4g}",
        f"{point.latency_ms:.4g}",
        f"{point.bytes / 1e6:.2f}",
        f"{one.figure(point):.4f}",
        one.done.comparisons[point.dtype].verdict(),
        command,
    ]
