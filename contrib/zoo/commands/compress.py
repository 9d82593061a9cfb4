"""`zoo compress MODEL`: a smaller, faster file, which is written only where its accuracy holds."""

from __future__ import annotations

import argparse
import math
from pathlib import Path
from typing import Any

from zoo.accuracy.comparison import FRAMEWORK_LIMIT, TARGET_LIMIT
from zoo.commands import console, flags
from zoo.compressing.channels import percent
from zoo.compressing.compress import CONTROLS, OF_INT8, OWN, Compressed, CompressOptions, compress
from zoo.compressing.gate import Judged
from zoo.compressing.prune import PruneOptions, prune
from zoo.compressing.weight_only import BITS
from zoo.exporting.int8 import METHODS, PORTABLE_BITS, WEIGHT_BITS
from zoo.family import Family
from zoo.provenance import provenance
from zoo.running.setting import Setting
from zoo_core.files import write_json

_SHOWN = 20
OF_PRUNE = ("train_on", "epochs")  # options of nothing else


def main(family: Family, argv: list[str] | None = None) -> int:
    """Make the network smaller, and measure; exit code 1, and no file, where the gate does not hold."""
    parser = argparse.ArgumentParser(
        prog=f"zoo compress {family.id}",
        description="Make an exported network smaller: round it, or prune and train it. Only what passes is written.",
    )
    parser.add_argument("--variant")
    parser.add_argument("--folder", type=Path, help="where the exported files are (default: where an export is found)")
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--to", choices=("int8", "float16"), help="compute in int8, with weights a channel, or float16")
    what.add_argument("--weights", choices=sorted(BITS), help="round the weights of MatMul alone (target onnx)")
    what.add_argument(
        "--prune", type=share, metavar="SHARE", help="take away so many channels of each layer, and train"
    )
    parser.add_argument("--train_on", help="a data set for --prune, labels unused (default: the model's own samples)")
    parser.add_argument("--epochs", type=flags.positive, default=30, help="how often --prune sees it (default 30)")
    parser.add_argument(
        "--target",
        default="onnx",
        help="what runs the network and judges it; with several, with commas between, the same files have to hold on "
        "all of them (default onnx)",
    )
    parser.add_argument(
        "--control", choices=CONTROLS, default=OWN, help="what says which nodes of int8 stay in float32 (default own)"
    )
    parser.add_argument("--calibration", choices=METHODS, default=METHODS[0], help="how ranges are found, for int8")
    parser.add_argument(
        "--weight_bits",
        type=int,
        choices=sorted(WEIGHT_BITS),
        default=PORTABLE_BITS,
        help=f"of int8's weights; 8 are closer, and for processors with VNNI (default {PORTABLE_BITS}, right on all)",
    )
    parser.add_argument("--calibrate_on", help="a data set for that (default: the model's own samples)")
    parser.add_argument(
        "--data_path", type=flags.said, default="sample", help="what the gate is judged on (default: the sample)"
    )
    parser.add_argument("--limit", type=flags.positive, default=256, help="at most so many samples of it (default 256)")
    parser.add_argument(
        "--max_drop",
        "--max-drop",
        type=share,
        metavar="SHARE",
        help=f"by how much of itself the metric may change, such as 1%% (default as zoo verify: {FRAMEWORK_LIMIT:g}, "
        f"and {TARGET_LIMIT:g} for float16)",
    )
    parser.add_argument("--batch_size", type=flags.positive, default=16, help="of the measurements (default 16)")
    parser.add_argument("--input_size", type=flags.positive)
    parser.add_argument(
        "--output", type=Path, help="where files of --weights and --prune go (default: a folder below runs)"
    )
    flags.add_timeout(parser)
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    args = parser.parse_args(argv)
    if args.prune == 0:
        parser.error("--prune 0 takes nothing away")
    for name in OF_INT8 if args.prune else OF_PRUNE:
        if getattr(args, name) != parser.get_default(name):
            parser.error(f"--{name} is not of {'--prune' if args.prune else 'rounding'}: leave it out")
    return console.run(lambda args: (_prune if args.prune else _compress)(family, args), args)


def share(text: str) -> float:
    """A part of a whole: "1%" and "0.01" are the same."""
    number, sign, rest = text.strip().partition("%")
    try:
        value = float(number) / (100 if sign else 1)
    except ValueError:
        value = math.nan
    if rest or not 0 <= value < 1:
        raise argparse.ArgumentTypeError(f"a share such as 1% or 0.01, below 100%; got {text!r}")
    return value


def _targets(family: Family, args: argparse.Namespace) -> tuple[Setting, list[str]]:
    """The setting with the first target, and the other ones."""
    first, *others = flags.targets_in(args.target)
    return flags.setting_of(family, args, dtype="float32", ckpt=None, target=first), others


def _compress(family: Family, args: argparse.Namespace) -> int:
    setting, others = _targets(family, args)
    options = CompressOptions(
        to=args.to or "int8",
        weights=args.weights or "",
        control=args.control,
        calibration=args.calibration,
        weight_bits=args.weight_bits,
        calibrate_on=args.calibrate_on,
        data=args.data_path,
        limit=args.limit,
        max_drop=args.max_drop,
        output=args.output,
        also=others,
    )
    done = compress(setting, options)
    method = f"weights in {args.weights}" if args.weights else args.to
    if options.kind == "int8":
        method += f", {args.calibration if args.control == OWN else 'NNCF'}"
        method += f", weights of {args.weight_bits} bits" if args.weight_bits != PORTABLE_BITS else ""
    _show(setting, done, method)
    if args.max_drop is not None and args.max_drop > options.usual:
        print(f"the gate was {args.max_drop:.2%}: `zoo verify` asks for {options.usual:.1%}")
    if args.json:
        said = {"method": method} | provenance() | _figures(done)
        write_json(args.json, flags.alone_or_all([_about(setting, one) | said | _verdict(one) for one in done.judged]))
    return console.OK


def _prune(family: Family, args: argparse.Namespace) -> int:
    setting, others = _targets(family, args)
    options = PruneOptions(
        share=args.prune,
        train_on=args.train_on,
        epochs=args.epochs,
        data=args.data_path,
        limit=args.limit,
        max_drop=FRAMEWORK_LIMIT if args.max_drop is None else args.max_drop,
        output=args.output,
        also=others,
    )
    done = prune(setting, options)
    for one in done.judged:
        name, figures = _figure(one)
        rows = [
            [
                what,
                f"{done.operations[place] / 1e6:.3g}",
                f"{done.parameters[place] / 1e3:.4g}",
                f"{figures[place]:.4f}",
                _megabytes(done.bytes[place]),
                f"{one.milliseconds[place]:.3g}",
            ]
            for place, what in enumerate(("whole", f"{percent(options.share)}% pruned"))
        ]
        console.table(
            f"{setting.model.id} ({setting.model.variant}) on {one.target}: {one.milliseconds[2]:.2f} times as fast; "
            f"trained on {done.trained_on} samples, loss {done.losses[0]:.3g} to {done.losses[1]:.3g}; "
            f"{one.comparison.verdict()}",
            ("network", ">M multiply-adds", ">k parameters", f">{name}", ">MB", ">ms a call"),
            rows,
        )
    for path in done.paths:
        print(path)
    if args.json:
        said = {"method": f"prune {args.prune}"} | provenance()
        said |= {key: value for key, value in vars(done).items() if key not in ("judged", "paths")}
        said |= {"files": [path.name for path in done.paths]}
        write_json(args.json, flags.alone_or_all([_about(setting, one) | said | _pruned(one) for one in done.judged]))
    return console.OK


def _about(setting: Setting, one: Judged) -> dict[str, Any]:
    return {"model": setting.model.id, "variant": setting.model.variant, "target": one.target}


def _figure(one: Judged) -> tuple[str, tuple[float, float]]:
    """The metric's name, and the framework's figure and that of the new files."""
    name = one.comparison.baseline.metric.infos[0].name
    return name, (one.comparison.baseline.figures()[name], one.comparison.contender.figures()[name])


def _pruned(one: Judged) -> dict[str, Any]:
    name, figures = _figure(one)
    return {
        "metric": name,
        "metrics": figures,
        "comparison": one.comparison.to_json(),
        "milliseconds": one.milliseconds,
    }


def _show(setting: Setting, done: Compressed, method: str) -> None:
    rounded = len(done.places) - len(done.kept)
    tries = "1 try" if done.tried == 1 else f"{done.tried} tries"
    for one in done.judged:
        name, figures = _figure(one)
        before, after, ratio = one.milliseconds
        first = ["float32", "0", str(len(done.places)), f"{figures[0]:.4f}", _megabytes(done.bytes_before)]
        second = [method, str(rounded), str(len(done.kept)), f"{figures[1]:.4f}", _megabytes(done.bytes_after)]
        console.table(
            f"{setting.model.id} ({setting.model.variant}) on {one.target}: {method}; {tries}",
            ("method", ">rounded", ">float32", f">{name}", ">MB", ">ms a call", ">float32 / new", "gate"),
            [
                [*first, f"{before:.2f}", "1", "-"],
                [*second, f"{after:.2f}", f"{ratio:.2f}", one.comparison.verdict()],
            ],
        )
    for part, node in done.kept[:_SHOWN]:
        print(f"  in float32: {f'{part} ' if part else ''}{node}")
    if len(done.kept) > _SHOWN:
        print(f"  … and {len(done.kept) - _SHOWN} more, in {done.manifest.name}")
    for path in (*done.paths, done.manifest):
        print(path)


def _figures(done: Compressed) -> dict[str, Any]:
    """What is the same on all targets."""
    return {
        "rounded_nodes": len(done.places) - len(done.kept),
        "float32_nodes": [f"{part}/{node}" if part else node for part, node in done.kept],
        "tries": done.tried,
        "bytes_before": done.bytes_before,
        "bytes_after": done.bytes_after,
        "files": [path.name for path in done.paths],
    }


def _verdict(one: Judged) -> dict[str, Any]:
    name, figures = _figure(one)
    before, after, ratio = one.milliseconds
    return {
        "metric": name,
        "metric_before": figures[0],
        "metric_after": figures[1],
        "comparison": one.comparison.to_json(),
        "milliseconds_before": before,
        "milliseconds_after": after,
        "latency_ratio": ratio,
    }


def _megabytes(count: int) -> str:
    return f"{count / 1e6:.2f}"
