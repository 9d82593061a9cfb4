"""Limit performance of one network: random inputs that are always ready, on any target.

    python tecoexec/tecoexec.py --onnx model.onnx --batch 1,4,8,16 --json out.json --plot out.png

The flags of the existing binary are understood, and its two lines are printed at the end.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "contrib"))
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tecoexec.compare import compare
from tecoexec.inputs import WrongUseError, parse_indices, parse_ranges, parse_shapes
from tecoexec.result import PARTS, table, verdict, write_csv
from tecoexec.single import OutOfMemoryError, Setting, run_fresh
from zoo_core.errors import ZooCoreError
from zoo_core.files import write_json
from zoo_core.numbers import is_whole

SWEEP = (1, 4, 8, 16, 32, 64, 128, 256, 512)
_GIVE_UP = 2  # batches in a row without a better throughput end a sweep


def main(argv: Sequence[str] | None = None) -> int:
    """Measure, print, write; 0, or 2 for wrong use. UNSTABLE figures are still figures: the verdict says so."""
    args = _parser().parse_args(argv)
    try:
        setting = _setting(args)
        records: list[dict[str, Any]] = []
        for record in _measured(setting, args):
            print(f"batch {record['batch']}: " + ", ".join(_sentence(record)), flush=True)
            records.append(record)
        _report(args, setting, records)
    except (WrongUseError, ZooCoreError, OutOfMemoryError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except OSError as error:
        print(f"error: {error.strerror or error}: {error.filename}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("stopped: by the user", file=sys.stderr)
        return 130
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="Limit performance of a network on a target.")
    model = parser.add_mutually_exclusive_group(required=True)
    model.add_argument("--onnx", type=Path, help="an ONNX file")
    model.add_argument("--loadEngine", type=Path, dest="engine", metavar="FILE", help="a compiled engine")
    parser.add_argument("--target", help="what runs it (default: onnx; sdaa for a compiled engine)")
    parser.add_argument("--input_shapes", help="such as 1*3*224*224, several separated by commas")
    parser.add_argument("--batch", help=f"such as 1,4,8, or sweep for {SWEEP[0]} to {SWEEP[-1]} (default: the shapes')")
    parser.add_argument("--batch_index", help="the dimension that is the batch, or one an input (-1: none); default: 0")
    parser.add_argument("--pieces", action="store_true", help="run a file that is fixed at fewer rows in pieces")
    parser.add_argument("--range", action="append", default=[], metavar="NAME=LOW:HIGH", help="values of an input")
    parser.add_argument("--dtype", choices=("float32", "float16"), default="float32")
    parser.add_argument("--fp16", action="store_const", const="float16", dest="dtype", help="--dtype float16")
    parser.add_argument("--input_dtype", help="accepted for existing callers: the file says what its inputs are")
    parser.add_argument("--warmUp", type=int, default=10, dest="warm_up", help="calls before measuring, at least")
    parser.add_argument("--iterations", type=int, default=100, help="calls to measure, at least")
    parser.add_argument("--duration", type=float, default=5.0, help="seconds to measure, at least (default 5)")
    parser.add_argument("--streams", type=int, help="calls under way at once (default: what the target takes)")
    parser.add_argument("--runSync", action="store_true", dest="run_sync", help="one call at a time")
    parser.add_argument("--pass_path", type=Path, help="pass file, for targets that compile")
    parser.add_argument("--option", action="append", default=[], metavar="NAME=VALUE", help="the runtime's own option")
    parser.add_argument("--json", type=Path, help="write everything to this file; it can be a --baseline later")
    parser.add_argument("--csv", type=Path, help="write the table to this file")
    parser.add_argument("--generate", type=int, default=0, metavar="N", help="a language model writes N tokens a call")
    parser.add_argument("--prompt", type=int, default=32, metavar="N", help="tokens that it reads before (default 32)")
    parser.add_argument("--plot", type=Path, help="draw throughput and latency over the batch to this PNG")
    parser.add_argument("--baseline", type=Path, help="a --json of before: measure both in turns, and compare")
    return parser


def _setting(args: argparse.Namespace) -> Setting:
    path = args.onnx or args.engine
    if not path.is_file():
        raise WrongUseError(f"no model file {path}")
    for name, low in (
        *(("warm_up", 0), ("iterations", 1), ("duration", 0.0), ("streams", 1)),
        *(("generate", 0), ("prompt", 1)),
    ):
        value = getattr(args, name)
        if value is not None and (value < low or value != value):
            raise WrongUseError(f"--{name} is at least {low}, got {value}")
    if args.generate and (args.input_shapes or args.baseline or args.pieces or args.batch_index):
        raise WrongUseError(
            "--generate makes its own inputs, and is compared by hand: leave out --input_shapes, "
            "--batch_index, --pieces and --baseline"
        )
    return Setting(
        ckpt=str(path.resolve()),
        target=args.target or ("onnx" if args.onnx else "sdaa"),
        dtype=args.dtype,
        input_shapes=parse_shapes(args.input_shapes) if args.input_shapes else None,
        ranges=parse_ranges(args.range),
        pass_path=str(args.pass_path) if args.pass_path else None,
        streams=args.streams,
        run_sync=args.run_sync,
        options=dict(_option(text) for text in args.option),
        batch_index=parse_indices(args.batch_index) if args.batch_index else None,
        pieces=args.pieces,
        generate=args.generate,
        prompt=args.prompt,
    )


def _option(text: str) -> tuple[str, Any]:
    name, equals, value = text.partition("=")
    if not equals:
        raise WrongUseError(f"an option is written as name=value, got {text!r}")
    return name, int(value) if is_whole(value.removeprefix("-"), 18) else value


def _batches(args: argparse.Namespace, setting: Setting) -> tuple[int, ...]:
    if args.batch == "sweep":
        return SWEEP
    if args.batch is None:
        return (setting.input_shapes[0][0] if setting.input_shapes else 1,)
    words = args.batch.split(",")
    if not all(is_whole(word) and int(word) > 0 for word in words):
        raise WrongUseError(f"--batch is whole numbers of at least 1 separated by commas, or sweep; got {args.batch!r}")
    return tuple(sorted({int(word) for word in words}))


def _measured(setting: Setting, args: argparse.Namespace) -> Iterator[dict[str, Any]]:
    """One record a batch size. A sweep ends where memory or throughput ends it."""
    plan = {"duration": args.duration, "iterations": args.iterations, "warm_up": args.warm_up}
    best, since = 0.0, 0
    for number, batch in enumerate(_batches(args, setting)):
        try:
            record = run_fresh(setting, batch, plan)
        except OutOfMemoryError as error:
            if number == 0:
                raise
            print(f"batch {batch}: does not fit into memory ({error}); the sweep ends here", flush=True)
            return
        yield record
        throughput = record["figures"]["throughput"]
        since = 0 if throughput > best else since + 1
        best = max(best, throughput)
        if args.batch == "sweep" and since == _GIVE_UP:
            print(f"throughput has not grown for {_GIVE_UP} batch sizes; the sweep ends here", flush=True)
            return


def _sentence(record: dict[str, Any]) -> Iterator[str]:
    found = record["figures"]
    yield f"{found['throughput']:.4g} samples/s"
    yield f"median {found['p50_ms']:.4g} ms"
    if "tokens_per_second" in found:
        yield f"{found['tokens_per_second']:.4g} tokens/s, the first one after {found['first_token_ms']:.4g} ms"
        yield from (f"a further one after {value:.4g} ms" for value in [found["next_token_ms"]] if value is not None)
    parts = {part: found[f"{part}_ms"] for part in PARTS}
    yield from (f"{part.replace('_', ' ')} {value:.4g} ms" for part, value in parts.items() if value is not None)
    yield f"{found['calls']} calls in {found['seconds']:.1f} s after {found['warm_up_seconds']:.1f} s of warm-up"
    yield f"peak memory {record['peak_memory_mib']:.0f} MiB"
    yield verdict(record) + (f" ({'; '.join(record['reasons'])})" if record["reasons"] else "")


def _report(args: argparse.Namespace, setting: Setting, records: list[dict[str, Any]]) -> None:
    """The table, the files, the comparison, and the two lines of the existing binary, for the last batch."""
    if len(records) > 1:
        print(table(records))
    whole: dict[str, Any] = {"setting": vars(setting), "records": records}
    if args.baseline:
        found = compare(_baseline(args.baseline), setting, records[-1]["batch"], args.duration)
        whole["comparison"] = found.to_json()
        print(found.line())
    if args.json:
        write_json(args.json, whole)
    if args.csv:
        write_csv(args.csv, records)
    if args.plot:
        from tecoexec.plot import write_plot

        write_plot(args.plot, records, f"{Path(setting.ckpt).name} on {setting.target}, {setting.dtype}")
    last = records[-1]["figures"]
    print(f"average inference time is {last['inference_ms']:.6g} ms.")
    print(f"latency is {last['mean_ms']:.6g} ms.")


def _baseline(path: Path) -> Setting:
    from pydantic import TypeAdapter

    try:
        said = json.loads(path.read_text(encoding="utf-8"))["setting"]
        Setting(**said)  # knows every field
        return TypeAdapter(Setting).validate_python(said)  # and each is of its kind
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise WrongUseError(f"{path} was not written by tecoexec --json ({error})") from error


if __name__ == "__main__":
    sys.exit(main())
