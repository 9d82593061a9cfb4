"""`zoo package MODEL --for …`: an export as a server, or a program of another language, takes it."""

from __future__ import annotations

import argparse
from pathlib import Path

from zoo.commands import console, flags
from zoo.commands.notice import weights_notice
from zoo.family import Family
from zoo.packaging.package import SERVERS, PackageOptions, package


def main(family: Family, argv: list[str] | None = None) -> int:
    """Write the folder; exit code 1 where a file with everything inside says something else than the zoo."""
    parser = argparse.ArgumentParser(
        prog=f"zoo package {family.id}",
        description="A model repository for a server, or a folder for a program without the zoo, from an export.",
    )
    parser.add_argument("--variant")
    parser.add_argument("--folder", type=Path, help="where the exported files are (default: where an export is found)")
    parser.add_argument("--for", dest="server", choices=SERVERS, required=True, help="who takes it")
    parser.add_argument("--out", type=Path, metavar="FOLDER", help="the new folder (default: below runs/package)")
    parser.add_argument(
        "--processing",
        choices=("outside", "inside"),
        default="outside",
        help="inside: one file that takes a picture, with pre- and postprocessing in ONNX operators (default outside)",
    )
    parser.add_argument("--dtype", choices=("float32", "float16", "int8"), default="float32")
    parser.add_argument(
        "--max_batch_size", type=flags.positive, default=16, help="rows that Triton puts together (default 16)"
    )
    parser.add_argument(
        "--max_delay",
        type=flags.positive,
        default=500,
        metavar="MICROSECONDS",
        help="that a request may wait for others in Triton (default 500)",
    )
    parser.add_argument(
        "--root", default="/models", help="where OpenVINO's model server finds the folder (default /models)"
    )
    return console.run(lambda args: _package(family, args), parser.parse_args(argv))


def _package(family: Family, args: argparse.Namespace) -> int:
    setting = flags.setting_of(family, args, target="onnx")
    notice = weights_notice(setting)
    options = PackageOptions(
        server=args.server,
        inside=args.processing == "inside",
        output=args.out,
        batch=args.max_batch_size,
        delay=args.max_delay,
        root=args.root,
        notice=notice,
    )
    done = package(setting, options)
    print(f"written: {done.folder} ({', '.join(done.graphs)})")
    if done.proved:
        print(done.proved)
    for name in done.untried:
        print(f"{name}: the first demo does not come to it, so that it has no sample")
    if notice:
        print(notice)
    return console.OK
