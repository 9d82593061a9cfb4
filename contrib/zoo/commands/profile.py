"""`zoo profile MODEL`: what each operator type and each layer takes, on a target that tells."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from engine.profile import NodeTime, profile
from zoo.commands import console, flags
from zoo.errors import ZooError
from zoo.family import Family
from zoo.layers.debug import DebugOptions, calls
from zoo.provenance import provenance
from zoo.running.setting import Setting
from zoo_core.files import write_json

_SHOWN = 10


def main(family: Family, argv: list[str] | None = None) -> int:
    """Run the exported files on real samples, and tell where the time goes."""
    parser = argparse.ArgumentParser(
        prog=f"zoo profile {family.id}", description="What each operator type and each layer of the network takes."
    )
    parser.add_argument("--variant")
    parser.add_argument("--folder", type=Path, help="where the exported files are (default: where an export is found)")
    parser.add_argument("--ckpt", type=Path, help="another ONNX file in the place of the exported one")
    parser.add_argument(
        "--target",
        default="onnx",
        help="onnx (the default), openvino, or both with a comma between; others do not tell",
    )
    parser.add_argument("--dtype", choices=flags.DTYPES, default="float32")
    parser.add_argument("--data_path", type=flags.said, default="sample")
    parser.add_argument("--batch_size", type=flags.positive, default=1, help="samples a call (default 1)")
    parser.add_argument("--input_size", type=flags.positive)
    parser.add_argument("--times", type=flags.positive, default=20, help="calls that are counted (default 20)")
    parser.add_argument("--json", type=Path, help="write every node's time to this file")
    return console.run(lambda args: _profile(family, args), parser.parse_args(argv))


def _profile(family: Family, args: argparse.Namespace) -> int:
    names = flags.targets_in(args.target)
    said = [_one(flags.setting_of(family, args, target=name), args) for name in names]
    if args.json:
        write_json(args.json, flags.alone_or_all(said))
    return console.OK


def _one(setting: Setting, args: argparse.Namespace) -> dict[str, Any]:
    """The tables of one target; returns what stands in --json."""
    if setting.ckpt is not None and len(setting.model.parts) > 1:
        raise ZooError(f"{setting.model.id} consists of several graphs, and --ckpt {setting.ckpt} is one file")
    options = DebugOptions(data=args.data_path, samples=args.batch_size)
    made = calls(setting, options, repeat=True)
    given = {call.part: call for call in reversed(made)}
    rows = len(given[setting.model.entry.name].inputs[0])
    if rows != args.batch_size:  # whole pictures of sizes of their own come one by one
        print(f"{setting.model.id} is given {rows} a call, whatever --batch_size says")
    parts = []
    for part in setting.model.parts:
        file = setting.file(part)
        nodes = profile(file, setting.target, given[part.name].inputs, args.times, setting.dtype)
        name = f" {part.name}" if part.name else ""
        show(
            f"{setting.model.id} ({setting.model.variant}){name} on {setting.target}, {file.name}, batch {rows}", nodes
        )
        parts.append({"part": part.name, "file": file.name, "nodes": [asdict(node) for node in nodes]})
    about = {"model": setting.model.id, "variant": setting.model.variant, "target": setting.target}
    return about | provenance() | {"dtype": setting.dtype, "batch_size": rows, "parts": parts}


def show(title: str, nodes: Sequence[NodeTime]) -> None:
    """Two tables: by operator type, and the nodes that take longest."""
    whole = sum(node.seconds for node in nodes) or 1.0
    kinds: dict[str, list[float]] = {}
    for node in nodes:
        kinds.setdefault(node.operator, []).append(node.seconds)
    rows = sorted(((sum(one), len(one), name) for name, one in kinds.items()), reverse=True)
    print(title)
    columns = ("operator", ">nodes", ">ms", ">share")
    console.table("by operator", columns, [(name, str(count), *_times(took, whole)) for took, count, name in rows])
    longest = sorted(nodes, key=lambda node: -node.seconds)[:_SHOWN]
    columns = ("node", "operator", ">ms", ">share")
    console.table(
        "what takes longest", columns, [(one.name, one.operator, *_times(one.seconds, whole)) for one in longest]
    )


def _times(seconds: float, whole: float) -> tuple[str, str]:
    return f"{seconds * 1e3:.3f}", f"{seconds / whole:.1%}"
