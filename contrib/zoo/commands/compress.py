"""`zoo compress MODEL`: a smaller, faster file, which is written only where its accuracy holds."""

from __future__ import annotations

import argparse
import math
from pathlib import Path

from zoo.accuracy.comparison import FRAMEWORK_LIMIT
from zoo.commands import console, flags
from zoo.compressing.compress import Compressed, CompressOptions, compress
from zoo.compressing.weight_only import BITS
from zoo.exporting.int8 import METHODS
from zoo.family import Family
from zoo.provenance import provenance
from zoo.running.setting import Setting
from zoo_core.files import write_json

_SHOWN = 20


def main(family: Family, argv: list[str] | None = None) -> int:
    """Round, measure, keep in float32 what costs most; exit code 1, and no file, where the gate does not hold."""
    parser = argparse.ArgumentParser(
        prog=f"zoo compress {family.id}",
        description="Round an exported network, keep in float32 what costs most accuracy, and write what passes.",
    )
    parser.add_argument("--variant")
    parser.add_argument("--folder", type=Path, help="where the exported files are (default: where an export is found)")
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--to", choices=("int8",), help="compute in int8, with weights a channel")
    what.add_argument("--weights", choices=sorted(BITS), help="round the weights of MatMul alone (target onnx)")
    parser.add_argument("--target", default="onnx", help="what runs the network and judges it (default onnx)")
    parser.add_argument("--calibration", choices=METHODS, default=METHODS[0], help="how ranges are found, for int8")
    parser.add_argument("--calibrate_on", help="a data set for that (default: the model's own samples)")
    parser.add_argument("--data_path", default="sample", help="what the gate is judged on (default: the sample)")
    parser.add_argument("--limit", type=flags.positive, default=256, help="at most so many samples of it (default 256)")
    parser.add_argument(
        "--max_drop",
        type=share,
        default=FRAMEWORK_LIMIT,
        metavar="SHARE",
        help=f"by how much of itself the metric may change, such as 1%% (default {FRAMEWORK_LIMIT:g}, as zoo verify)",
    )
    parser.add_argument("--batch_size", type=flags.positive, default=16, help="of the measurements (default 16)")
    parser.add_argument("--input_size", type=flags.positive)
    parser.add_argument("--output", type=Path, help="where files of --weights go (default: a folder below runs)")
    flags.add_timeout(parser)
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    return console.run(lambda args: _compress(family, args), parser.parse_args(argv))


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


def _compress(family: Family, args: argparse.Namespace) -> int:
    setting = flags.setting_of(family, args, dtype="float32", ckpt=None)
    options = CompressOptions(
        weights=args.weights or "",
        calibration=args.calibration,
        calibrate_on=args.calibrate_on,
        data=args.data_path,
        limit=args.limit,
        max_drop=args.max_drop,
        output=args.output,
    )
    done = compress(setting, options)
    method = f"weights in {args.weights}" if args.weights else f"int8, {args.calibration}"
    _show(setting, done, method)
    if options.max_drop > FRAMEWORK_LIMIT:
        print(f"the gate was {options.max_drop:.2%}: `zoo verify` asks for {FRAMEWORK_LIMIT:.0%}")
    if args.json:
        about = {"model": setting.model.id, "variant": setting.model.variant, "target": setting.target}
        write_json(args.json, about | {"method": method} | provenance() | _figures(done))
    return console.OK


def _show(setting: Setting, done: Compressed, method: str) -> None:
    said = _figures(done)
    name = done.comparison.baseline.metric.infos[0].name
    before, after, ratio = done.milliseconds
    first = ["float32", "0", str(len(done.places)), f"{said['metric_before']:.4f}", _megabytes(done.bytes_before)]
    rounded = len(done.places) - len(done.kept)
    second = [method, str(rounded), str(len(done.kept)), f"{said['metric_after']:.4f}", _megabytes(done.bytes_after)]
    console.table(
        f"{setting.model.id} ({setting.model.variant}) on {setting.target}: {method}; {done.tried} tries",
        ("method", ">rounded", ">float32", f">{name}", ">MB", ">ms a call", ">float32 / new", "gate"),
        [
            [*first, f"{before:.2f}", "1", "-"],
            [*second, f"{after:.2f}", f"{ratio:.2f}", done.comparison.verdict()],
        ],
    )
    for part, node in done.kept[:_SHOWN]:
        print(f"  in float32: {f'{part} ' if part else ''}{node}")
    if len(done.kept) > _SHOWN:
        print(f"  … and {len(done.kept) - _SHOWN} more, in {done.manifest.name}")
    for path in (*done.paths, done.manifest):
        print(path)


def _figures(done: Compressed) -> dict[str, object]:
    name = done.comparison.baseline.metric.infos[0].name
    before, after, ratio = done.milliseconds
    return {
        "metric": name,
        "metric_before": done.comparison.baseline.figures()[name],
        "metric_after": done.comparison.contender.figures()[name],
        "comparison": done.comparison.to_json(),
        "rounded_nodes": len(done.places) - len(done.kept),
        "float32_nodes": [f"{part}/{node}" if part else node for part, node in done.kept],
        "tries": done.tried,
        "bytes_before": done.bytes_before,
        "bytes_after": done.bytes_after,
        "milliseconds_before": before,
        "milliseconds_after": after,
        "latency_ratio": ratio,
        "files": [path.name for path in done.paths],
    }


def _megabytes(count: int) -> str:
    return f"{count / 1e6:.2f}"
