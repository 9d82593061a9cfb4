"""export_onnx.py and `zoo export MODEL`."""

from __future__ import annotations

import argparse
from pathlib import Path

from zoo import frameworks
from zoo.commands import console, flags
from zoo.errors import CheckFailedError
from zoo.exporting.export import DEFAULT_OPSET, OPSETS, ExportOptions, export
from zoo.family import Family
from zoo.manifest import ONNX


def main(family: Family, argv: list[str] | None = None) -> int:
    """Export a variant; exit code 1 where a file in float16 or int8 is too far from the framework."""
    prog = flags.called("export", family, argv)
    return console.run(lambda args: _export(family, args), parser(family, prog).parse_args(argv))


def parser(family: Family, prog: str | None = None) -> argparse.ArgumentParser:
    """The flags of export_onnx.py."""
    description = f"Export {family.title} to ONNX and prove that its outputs survive."
    made = argparse.ArgumentParser(prog=prog, description=description)
    dtype = "int8: write VARIANT_int8_dyn.onnx too (float32 and float16 always are)"
    flags.add_shared_flags(made, batch_size=1, dtype=dtype)
    flags.add_weights_flags(made)
    made.add_argument(
        "--opset",
        type=int,
        default=DEFAULT_OPSET,
        help=f"{OPSETS[0]} to {OPSETS[-1]} (default {DEFAULT_OPSET})",
    )
    made.add_argument(
        "--output", type=Path, default=family.folder, help="where the files go (default: the model's folder)"
    )
    made.add_argument(
        "--format",
        action="append",
        help=f"{', '.join(frameworks.formats(family.framework))}; several with commas between (default {ONNX})",
    )
    return made


def _export(family: Family, args: argparse.Namespace) -> int:
    model = family.variant(args.variant)
    options = ExportOptions(
        weights=args.weights,
        weights_key=args.weights_key,
        trust=args.trust,
        opset=args.opset,
        batch_size=args.batch_size,
        input_size=args.input_size,
        samples=model.data(args.data_path) if args.data_path else None,
        formats=[name.strip() for name in ",".join(args.format or [ONNX]).split(",")],
        int8=args.dtype == "int8",
        timeout=args.timeout,
    )
    done = export(model, args.output, options)
    for path in done.files():
        print(path)
    if done.failed:
        raise CheckFailedError(f"{'; '.join(done.failed.values())}; the other files are written")
    return console.OK
