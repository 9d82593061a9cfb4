"""`zoo debug MODEL`: the layers where a target, a dtype or a file begins to differ, and what adds most error."""

from __future__ import annotations

import argparse
import math
from pathlib import Path
from typing import Any

from zoo.accuracy.choice import choose_target
from zoo.commands import console, flags
from zoo.errors import CheckFailedError, ZooError
from zoo.family import Family
from zoo.layers.compare import Compared, Layer
from zoo.layers.debug import FRAMEWORK, ONNX, DebugOptions, debug, reference_name
from zoo.layers.fix import fix, require_fixable
from zoo.layers.page import page
from zoo.provenance import provenance
from zoo.running.setting import Setting
from zoo_core.files import write_json, write_text

_SHOWN = 8
_NAMED = 4  # nodes that were not compared


def main(family: Family, argv: list[str] | None = None) -> int:
    """Compare every tensor; exit code 1 where a layer differs by more than its dtype may."""
    parser = argparse.ArgumentParser(
        prog=f"zoo debug {family.id}",
        description="Compare every tensor within the network, and name the first layer that differs.",
    )
    parser.add_argument("--variant")
    parser.add_argument("--folder", type=Path, help="where the exported files are (default: where an export is found)")
    parser.add_argument("--ckpt", type=Path, help="another ONNX file in the place of the exported one")
    parser.add_argument("--target", default=ONNX, help=flags.SEVERAL)
    parser.add_argument("--dtype", choices=flags.DTYPES, default="float32")
    parser.add_argument(
        "--against", default=ONNX, help=f"{FRAMEWORK}, {ONNX} (its float32 file; the default) or an ONNX file"
    )
    parser.add_argument("--data_path", type=flags.said, default="sample")
    parser.add_argument("--limit", type=flags.positive, default=2, help="samples that are compared (default 2)")
    parser.add_argument("--input_size", type=flags.positive)
    flags.add_timeout(parser)
    parser.add_argument("--json", type=Path, help="write every tensor's figures to this file")
    parser.add_argument("--html", type=Path, help="write one page with a plot over the depth to this file")
    parser.add_argument(
        "--fix", type=Path, metavar="FILE", help="write a float16 or int8 file in which what costs most is float32"
    )
    return console.run(lambda args: _debug(family, args), parser.parse_args(argv))


def _debug(family: Family, args: argparse.Namespace) -> int:
    names = flags.targets_in(args.target)
    if len(names) > 1 and (args.html or args.fix):
        raise ZooError("--html and --fix are of one target; give one --target with them")
    outcomes = [_one(choose_target(flags.setting_of(family, args, target=name)), args) for name in names]
    if args.json:
        write_json(args.json, flags.alone_or_all([said for said, _ in outcomes]))
    wrong = [layer for _, layers in outcomes for layer in layers]
    if wrong:
        raise CheckFailedError("; ".join(f"{one.operator} {one.node} differs by {one.relative:.1e}" for one in wrong))
    return console.OK


def _one(setting: Setting, args: argparse.Namespace) -> tuple[dict[str, Any], list[Layer]]:
    """What stands in --json of one target, and the first layers that differ and were not mended."""
    done: list[Compared] = []
    fixed, rows = False, 0
    if args.fix:
        require_fixable(setting, args.fix)
    for compared, call in debug(setting, DebugOptions(args.against, args.data_path, args.limit)):
        done.append(compared)
        if compared.part == setting.model.entry.name:
            rows = len(call.inputs[0])
            print(_counted(setting, rows, args.limit))
        show(setting, compared, reference_name(setting, args.against))
        if args.fix and compared.first:
            part = next(part for part in setting.model.parts if part.name == compared.part)
            name = f"{args.fix.stem}_{part.name}{args.fix.suffix}" if part.name else args.fix.name
            made = fix(setting, part, call, compared, args.fix.with_name(name))
            print(
                f"wrote {made.path}: relative difference {made.relative:.1e} with {len(made.nodes)} nodes in float32:"
            )
            print("\n".join(f"  {node}" for node in made.nodes))
            fixed = True
    if args.fix and not fixed:
        print(f"there is nothing to mend: {args.fix} was not written")
    if args.html:
        title = f"{setting.model.title} ({setting.model.variant}): {setting.target} {setting.dtype}"
        write_text(args.html, page(title, done))
    return _said(setting, done, args) | {"samples": rows}, [] if fixed else [one.first for one in done if one.first]


def _counted(setting: Setting, rows: int, asked: int) -> str:
    """How many samples are compared, and why they are not as many as were asked for."""
    samples = "1 sample" if rows == 1 else f"{rows} samples"
    if rows == asked:
        return f"on {samples}"
    why = "takes them one at a time" if setting.model.task.one_by_one else "gives no more in one batch"
    return f"on {samples} of the {asked} that --limit says: {setting.model.id} {why}"


def show(setting: Setting, done: Compared, against: str) -> None:
    """The layers that add most error, and the first that differs."""
    name = f" {done.part}" if done.part else ""
    title = f"{setting.model.id} ({setting.model.variant}){name}: {setting.target} {setting.dtype} against {against}"
    columns = ("node", "operator", ">added", ">relative", ">cosine", ">SNR dB", ">range")
    console.table(title, columns, [_row(layer) for layer in done.most(_SHOWN)])
    missing = f"; {done.missing} tensors are in one of the two only" if done.missing else ""
    print(f"{len(done.layers)} tensors compared{missing}")
    if done.first is None:
        print(f"no layer differs by more than {setting.dtype} may")
        return
    layer = done.first
    print(f"first to differ: {layer.operator} {layer.node} (tensor {layer.tensor}), by {layer.relative:.1e}")
    print(f"  {layer.helps(setting.dtype)}")
    if done.unseen:
        more = f" and {len(done.unseen) - _NAMED} more" if len(done.unseen) > _NAMED else ""
        print(f"  or a node before it that was not compared: {', '.join(done.unseen[-_NAMED:])}{more}")


def _row(layer: Layer) -> list[str]:
    figures = [f"{layer.added:.1e}", f"{layer.relative:.1e}", f"{layer.cosine:.5f}", f"{layer.snr:.0f}"]
    return [layer.node, layer.operator, *figures, f"{layer.low:.0e}..{layer.high:.0e}"]


def _said(setting: Setting, done: list[Compared], args: argparse.Namespace) -> dict[str, Any]:
    about = {"model": setting.model.id, "variant": setting.model.variant, "target": setting.target}
    about |= {"dtype": setting.dtype, "against": str(args.against)}
    parts = [
        {
            "part": one.part,
            "first": one.first.node if one.first else None,
            "unseen": list(one.unseen),
            "missing": one.missing,
            "layers": [_plain(layer) for layer in one.layers],
        }
        for one in done
    ]
    return about | provenance() | {"parts": parts}


def _plain(layer: Layer) -> dict[str, object]:
    """JSON has no infinity."""
    return {
        name: str(value) if isinstance(value, float) and not math.isfinite(value) else value
        for name, value in layer.to_json().items()
    }
