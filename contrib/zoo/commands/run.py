"""`zoo run MODEL`: everything that a model can do, one after the other, with one table at the end."""

from __future__ import annotations

import argparse
import json
import logging
import time
from pathlib import Path

from utils.datasets.folder import files_in
from zoo.accuracy import targets
from zoo.accuracy.verify import Verification, record, require_passed, verify
from zoo.commands import console, flags, predict
from zoo.errors import CheckFailedError
from zoo.exporting.export import DEFAULT_OPSET, export
from zoo.manifest import ONNX, Exported
from zoo.model import Model

_log = logging.getLogger(__name__)


def main(model: Model, argv: list[str] | None = None) -> int:
    """Export, verify, single sample, folder. Exit code 1 if a gate fails."""
    parser = argparse.ArgumentParser(
        prog=f"zoo run {model.id}", description="Export, verify, run one sample and a folder, and sum up."
    )
    parser.add_argument("--variant")
    parser.add_argument("--weights", help=f"pretrained, sample, random, or a file (default: {model.default_weights})")
    parser.add_argument("--target", default="onnx", help="one, several with commas between, or auto (default onnx)")
    parser.add_argument(
        "--dtype",
        choices=flags.DTYPES,
        action="append",
        help="may be given several times; int8 is exported too (default: all but int8)",
    )
    parser.add_argument(
        "--data_path", default="sample", help="labelled data set to verify on (default: the model's sample)"
    )
    parser.add_argument("--opset", type=int, default=DEFAULT_OPSET)
    parser.add_argument("--batch_size", type=flags.positive, default=16)
    parser.add_argument("--limit", type=flags.positive, help="verify on at most so many samples")
    parser.add_argument("--output", type=Path, help=f"where everything goes (default: runs/{model.id})")
    return console.run(lambda args: _run(model, args), parser.parse_args(argv))


def _run(model: Model, args: argparse.Namespace) -> int:
    start = time.perf_counter()
    output = args.output or Path("runs") / model.id
    variant = model.variant(args.variant)
    _heading(1, f"export {model.title}, variant {variant}")
    dtypes = args.dtype or []
    exported = export(
        model,
        output,
        variant=variant,
        weights=args.weights,
        opset=args.opset,
        formats=_formats(args),
        int8="int8" in dtypes,
    )
    for kind, entry in json.loads(exported.manifest.read_text(encoding="utf-8"))["files"].items():
        _log.info(
            "%-48s differs by %.1e of the largest output",
            f"  {entry['name']} ({kind})",
            entry["difference"]["relative"],
        )
    args.target = targets.resolve(
        args.target, model, output, variant, (dtypes or ["float32"])[0], args.batch_size, None
    )
    _heading(2, "verify: framework, ONNX Runtime and target on the same tensors")
    done = verify(
        model,
        output,
        variant=variant,
        target=args.target,
        dtypes=args.dtype,
        data=args.data_path,
        batch_size=args.batch_size,
        limit=args.limit,
    )
    console.write_json(output / "verify.json", record(model, output, variant, args.target, done))
    flags = _flags(model, args, output)
    _heading(3, "one sample")
    code = predict.single(
        model,
        [
            *flags,
            "--json",
            str(output / "single.json"),
            "--save_dir",
            str(output / "single"),
        ],
    )
    _heading(4, "a folder")
    code = code or predict.multi(
        model,
        [*flags, "--json", str(output / "multi.json"), "--save_dir", str(output / "multi")],
    )
    if code:
        raise CheckFailedError(f"{model.id} did not predict its demos; see above")
    return _sum_up(model, variant, done, output, exported, time.perf_counter() - start)


def _flags(model: Model, args: argparse.Namespace, output: Path) -> list[str]:
    """Of several targets and dtypes, all are verified, and the first predicts."""
    target, dtype = args.target.split(",")[0], (args.dtype or ["float32"])[0]
    variant = model.variant(args.variant)
    ckpt = flags.exported_file(model, output, variant, dtype, target)
    return ["--variant", variant, "--ckpt", str(ckpt), "--target", target, "--dtype", dtype]


def _formats(args: argparse.Namespace) -> list[str]:
    """ONNX, and what else the targets open."""
    return list(dict.fromkeys([ONNX, *(flags.suffix(target)[1:] for target in args.target.split(","))]))


def _heading(number: int, text: str) -> None:
    print(f"\n[{number}/4] {text}", flush=True)


def _sum_up(model: Model, variant: str, done: Verification, output: Path, exported: Exported, seconds: float) -> int:
    print()
    done.show(f"{model.id} ({variant}) on {done.comparisons[0].samples} samples")
    if json.loads(exported.manifest.read_text(encoding="utf-8"))["weights"]["kind"] == "random":
        print("the weights are random: agreement and differences prove the export, the metric says nothing")
    pictures = [folder for folder in (output / "single", output / "multi") if folder.is_dir()]
    print("written:")
    for path in [*exported.files(), output / "verify.json", output / "single.json", output / "multi.json"]:
        print(f"  {path}")
    for folder in pictures:
        count = len(files_in(folder, (model.task.picture_suffix,)))
        print(f"  {folder} ({count} picture{'' if count == 1 else 's'})")
    print(f"took {seconds:.1f} s")
    return require_passed(done)
