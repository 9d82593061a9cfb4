"""`zoo run MODEL`: everything that a model can do, one after the other, with one table at the end."""

from __future__ import annotations

import argparse
import logging
import time
from pathlib import Path

from utils.datasets.folder import files_in
from zoo.accuracy.choice import choose_target
from zoo.accuracy.comparison import Verification
from zoo.accuracy.verify import VerifyOptions, record, require_passed, verify
from zoo.commands import console, flags, predict
from zoo.commands.verify import show
from zoo.errors import CheckFailedError
from zoo.exporting.export import DEFAULT_OPSET, ExportOptions, export
from zoo.family import Family
from zoo.manifest import ONNX, RUNS, Exported, read_manifest
from zoo.model import Model
from zoo.running.setting import Setting
from zoo_core.files import write_json

_log = logging.getLogger(__name__)


def main(family: Family, argv: list[str] | None = None) -> int:
    """Export, verify, single sample, folder. Exit code 1 if a gate fails."""
    parser = argparse.ArgumentParser(
        prog=f"zoo run {family.id}", description="Export, verify, run one sample and a folder, and sum up."
    )
    parser.add_argument("--variant")
    flags.add_weights_flags(parser)
    parser.add_argument("--target", default="onnx", help=flags.SEVERAL)
    parser.add_argument(
        "--dtype",
        choices=flags.DTYPES,
        action="append",
        help="may be given several times; int8 is exported too (default: all but int8)",
    )
    parser.add_argument(
        "--data_path",
        type=flags.said,
        default="sample",
        help="labelled data set to verify on (default: the model's sample)",
    )
    parser.add_argument("--opset", type=int, default=DEFAULT_OPSET)
    parser.add_argument("--batch_size", type=flags.positive, default=16)
    parser.add_argument("--input_size", type=flags.positive)
    flags.add_timeout(parser)
    parser.add_argument("--limit", type=flags.positive, help="verify on at most so many samples")
    parser.add_argument("--output", type=Path, help=f"where everything goes (default: {RUNS}/{family.id}/VARIANT)")
    return console.run(lambda args: _run(family, args), parser.parse_args(argv))


def _run(family: Family, args: argparse.Namespace) -> int:
    start = time.perf_counter()
    targets = ",".join(flags.targets_in(args.target))
    model = family.variant(args.variant)
    output = args.output or Path(RUNS) / model.place
    _heading(1, f"export {model.title}, variant {model.variant}")
    dtypes = args.dtype or []
    setting = flags.setting_of(family, args, target=targets, folder=output, dtype=(dtypes or ["float32"])[0])
    options = ExportOptions(
        weights=args.weights,
        weights_key=args.weights_key,
        trust=args.trust,
        opset=args.opset,
        input_size=args.input_size,
        formats=_formats(setting),
        int8="int8" in dtypes,
        timeout=args.timeout,
    )
    exported = export(model, output, options)
    for kind, entry in read_manifest(exported.manifest)["files"].items():
        apart = entry["difference"]["relative"]
        _log.info("%-48s differs by %.1e of the largest output", f"  {entry['name']} ({kind})", apart)
    setting = choose_target(setting)
    _heading(2, "verify: framework, ONNX Runtime and target on the same tensors")
    done = verify(setting, VerifyOptions(args.dtype, args.data_path, args.limit))
    write_json(output / "verify.json", record(setting, done, args.data_path))
    # of several targets, all are verified, and the first predicts
    first = setting.but(target=setting.target.split(",")[0])
    _heading(3, "one sample")
    predict.predict_file(first.but(batch_size=1), None, predict.Output(output / "single.json", output / "single"))
    _heading(4, "a folder")
    predict.predict_folder(first.but(batch_size=8), None, predict.Output(output / "multi.json", output / "multi"))
    return _sum_up(model, done, output, exported, time.perf_counter() - start)


def _formats(setting: Setting) -> list[str]:
    """ONNX, and what else the targets open."""
    return list(dict.fromkeys([ONNX, *(setting.but(target=one).suffix[1:] for one in setting.target.split(","))]))


def _heading(number: int, text: str) -> None:
    print(f"\n[{number}/4] {text}", flush=True)


def _sum_up(model: Model, done: Verification, output: Path, exported: Exported, seconds: float) -> int:
    print()
    show(done, f"{model.id} ({model.variant}) on {done.comparisons[0].samples} samples")
    if read_manifest(exported.manifest)["weights"]["kind"] == "random":
        print("the weights are random: agreement and differences prove the export, the metric says nothing")
    pictures = [folder for folder in (output / "single", output / "multi") if folder.is_dir()]
    print("written:")
    for path in [*exported.files(), output / "verify.json", output / "single.json", output / "multi.json"]:
        print(f"  {path}")
    for folder in pictures:
        count = len(files_in(folder, (model.task.picture_suffix,)))
        print(f"  {folder} ({count} picture{'' if count == 1 else 's'})")
    print(f"took {seconds:.1f} s")
    require_passed(done)
    if exported.failed:
        raise CheckFailedError("; ".join(exported.failed.values()))
    return console.OK
