"""example_valid.py and `zoo valid MODEL`: the metric over a labelled data set."""

from __future__ import annotations

import argparse
from pathlib import Path

from utils.datasets.image_classification_dataset import rank_and_world
from zoo.accuracy.merge import merge
from zoo.accuracy.reproduce import beside_published
from zoo.accuracy.valid import Validation, validate
from zoo.commands import console, flags
from zoo.commands.notice import weights_notice
from zoo.commands.own import add_own_flags, owned, with_labels
from zoo.distributed import valid as distributed
from zoo.distributed.brief import card_of
from zoo.errors import ZooError
from zoo.family import Family
from zoo.references import data_folder
from zoo.running.setting import Setting
from zoo_core.files import write_json


def main(family: Family, argv: list[str] | None = None) -> int:
    """Validate on one target, or on several with a table at the end; --json then holds a list."""
    prog = flags.called("valid", family, argv)
    return console.told(
        lambda: console.run(lambda args: _validate(family, args), parser(family, prog).parse_args(argv))
    )


def parser(family: Family, prog: str | None = None) -> argparse.ArgumentParser:
    """The flags of example_valid.py."""
    made = argparse.ArgumentParser(prog=prog, description=f"The metric of {family.title} over a labelled data set.")
    topk = "eval_metric of a classifier counts the true class among so many as found (default 1)"
    flags.add_shared_flags(made, batch_size=16, topk=topk)
    flags.add_device_flags(made)
    flags.add_token_budget(made, family)
    made.add_argument("--json", type=Path, help="write the results to this file")
    made.add_argument(
        "--resume", type=Path, help="keep the state of the run in this file, and go on where it says one stopped"
    )
    made.add_argument(
        "--merge",
        nargs="+",
        type=Path,
        metavar="RANK.json",
        help="run nothing: join the --json files that the ranks of mpirun wrote",
    )
    flags.add_ray_flags(made)
    made.add_argument(
        "--ray_shard", type=flags.positive, help="batches that a worker counts at a time (default: as fits)"
    )
    add_own_flags(made, family)
    made.add_argument("--accept-terms", action="store_true", help="accept the terms of the reference data")
    return made


def _merged(family: Family, args: argparse.Namespace) -> int:
    """Join what ranks wrote."""
    if args.data_path or args.ckpt or args.resume:
        raise ZooError("--merge reads what ranks wrote, and runs nothing; leave --ckpt, --data_path and --resume out")
    done = merge(family, args.merge, lambda task: with_labels(task, getattr(args, "labels", None)))
    for name, value in done.figures.items():
        print(f"{name} {value:.4f} of {done.samples} samples, joined from {len(done.parts)} ranks")
    if args.json:
        write_json(args.json, done.to_json())
    speed = done.samples / done.seconds if done.seconds else 0.0
    print(f"{speed:.1f} samples/s together: the slowest rank took {done.seconds:.1f} s")
    print(f"eval_metric {done.figures[done.metric.infos[0].name]:.6g}")
    return console.OK


def _validate(family: Family, args: argparse.Namespace) -> int:
    if args.merge:
        return _merged(family, args)
    setting = owned(family, flags.setting_of(family, args), args)
    names = flags.targets_in(args.target)
    if str(args.data_path) == "reference":
        data_folder(setting.model, "reference", args.accept_terms)
    if args.ray:
        _require_cluster_flags(args)
    if len(names) == 1:
        done = _validated(setting, args)
        _show(done)
        if args.json:
            write_json(args.json, done.to_json())
        _print_last_lines(done)
        return console.OK
    if args.resume:
        raise ZooError("--resume keeps the state of one run; give one --target with it")
    every = []
    for name in names:
        print(f"target {name}", flush=True)
        every.append(_validated(setting.but(target=name), args))
        _show(every[-1])
        _print_last_lines(every[-1])
    columns = ("target", "dtype", f">{every[0].primary}", ">samples/s end to end", f">network ms/{args.batch_size}")
    console.table(family.id, columns, [_row(done) for done in every])
    if args.json:
        write_json(args.json, [done.to_json() for done in every])
    return console.OK


def _validated(setting: Setting, args: argparse.Namespace) -> Validation:
    """Here, or on a cluster."""
    data = args.data_path or "sample"
    if not args.ray:
        return validate(setting, data, args.resume)
    with flags.ray_cluster(args, card_of(setting.target)) as cluster:
        return distributed.validate(cluster, setting, data, args.resume, args.ray_shard)


def _require_cluster_flags(args: argparse.Namespace) -> None:
    """Raise ZooError where a process of mpirun is to share its part once more."""
    if rank_and_world()[1] > 1:
        raise ZooError("--ray shares the data set itself: run it once, without mpirun")


def _show(done: Validation) -> None:
    """Every figure, and what bounds the run."""
    for note in done.notes:
        print(note)
    notice = weights_notice(done.setting)
    if notice:
        print(notice)
    part = f", the part of rank {done.rank} of {done.world}" if done.world > 1 else ""
    for name, value in done.figures.items():
        print(f"{name} {value:.4f} of {done.samples} samples{part}")
    for line in done.diagnosis.lines() if done.diagnosis else ():
        print(line)
    if done.data == "reference" and (line := beside_published(done)):
        print(line)


def _print_last_lines(done: Validation) -> None:
    """The two lines that CI looks for. Raises DataError where the samples give no figure."""
    if done.missing:
        raise done.missing
    if done.figures:
        print(f"eval_metric {done.figures[done.primary]:.6g}")
    print(done.stages.summary())


def _row(done: Validation) -> tuple[str, ...]:
    value = done.figures.get(done.primary)
    latency = done.stages.inference / max(done.stages.batches, 1) * 1e3
    return (
        done.setting.target,
        done.setting.dtype,
        "–" if value is None else f"{value:.4f}",
        f"{done.stages.throughput():.1f}",
        f"{latency:.2f}",
    )
