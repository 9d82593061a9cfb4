"""What each model gives and costs as float32, float16, bfloat16, int8 and pruned, on each target: tables, no claim.

It is done as by `zoo export`, `compress --to int8`, `compress --prune`, and `tune --beside`. Printed are its best
points, which no other beats in throughput, latency, size and metric together, and the quickest of each dtype that
has none. What does not pass its gate is said below.
Run: python benchmarks/pareto.py [domain/name:variant[:share] …] [--target onnx --target openvino] [--seconds 0.5]
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from _common import add_int8, load, machine
from zoo.running.setting import DTYPES

# A convolution network, a detector, a reader of text, a text encoder and a keyword spotter with published weights; and
# small ones with training samples of their own, of which that share of the channels goes
MODELS = (
    "classification/efficientnet_lite:efficientnet_lite0",
    "detection/yolox:yolox_nano",
    "ocr/crnn:english_g2",
    "nlp/sentence_embedding:minilm_l6",
    "speech/ds_cnn:ds_cnn_m_arm",
    "classification/lenet:lenet:30%",
    "detection/yolox:yolox_sample:10%",
    "ocr/crnn:crnn_narrow:10%",
    "nlp/textcnn:textcnn:10%",
)
HEADS = (
    "target",
    "export",
    "dtype",
    "batch",
    "streams",
    "threads",
    "samples/s",
    "p50 ms",
    "MB",
    "metric",
    "best",
    "command",
)


CHECK_FAILED = 1  # the exit code of a check that failed: what holds is written


class FailedError(Exception):
    """A command that ended with another exit code than 0, and what it said last."""

    def __init__(self, code: int, said: str):
        super().__init__(said)
        self.code = code


def zoo(*words: str) -> None:
    """One of the zoo's commands. Raises FailedError."""
    done = subprocess.run([sys.executable, "-m", "zoo", *words], capture_output=True, text=True, check=False)
    if done.returncode:
        said = (done.stderr.strip() or done.stdout.strip()).splitlines()
        raise FailedError(done.returncode, said[-1] if said else f"exit code {done.returncode}")


def tuned(name: str, share: str, targets: Sequence[str], seconds: float, folder: Path, missing: list[str]) -> Any:
    """What `zoo tune --json` says of a model: a list, a target each. What could not be made goes to `missing`."""
    model, _, variant = name.partition(":")
    export, pruned, out = folder / "export", folder / f"pruned {share}", folder / "points.json"
    of = [model, "--variant", variant, "--folder", str(export)]
    try:
        zoo("export", model, "--variant", variant, "--output", str(export))
    except FailedError as error:
        if error.code != CHECK_FAILED:
            raise
        missing.append(f"export: {error}")
        try:
            zoo("compress", *of, "--to", "float16")  # with nodes in float32
        except FailedError as refused:
            missing.append(f"float16: {refused}")
    missing += add_int8(load(model).variant(variant), export, targets)
    beside: list[str] = []
    if share:
        try:
            zoo("compress", *of, "--prune", share, "--output", str(pruned))
            beside = ["--beside", str(pruned)]
        except FailedError as error:
            missing.append(f"pruned {share}: {error}")
    words = ["--target", ",".join(targets), "--seconds", str(seconds), "--json", str(out)]
    zoo("tune", *of, *beside, "--batch", "1", "--batch", "4", "--batch", "16", *words)
    said = json.loads(out.read_text(encoding="utf-8"))
    return said if isinstance(said, list) else [said]


def shown(points: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The best points, and of each export and dtype that has none the quickest."""
    found = [point for point in points if point["best"]]
    for point in sorted(points, key=lambda one: -one["throughput"]):
        if not any(_kind(point) == _kind(one) for one in found):
            found.append(point)
    return sorted(found, key=lambda one: (_kind(one), one["throughput"]))


def _kind(point: dict[str, Any]) -> tuple[str, int]:
    return point["export"], DTYPES.index(point["dtype"])


def lines(tables: Sequence[dict[str, Any]]) -> Iterator[str]:
    """The rows of a model's table."""
    for table in tables:
        for point in shown(table["points"]):
            options = f"--batch_size {point['batch_size']} --streams {point['streams']}"
            options += f" --threads {point['threads']}" if point["threads"] else ""
            cells = [table["target"], point["export"] or "whole", point["dtype"], point["batch_size"]]
            cells += [point["streams"], point["threads"] or "-", f"{point['throughput']:.4g}"]
            cells += [f"{point['latency_ms']:.4g}", f"{point['bytes'] / 1e6:.2f}", f"{point['metric']:.4f}"]
            command = f"`zoo valid … --target {table['target']} --dtype {point['dtype']} {options}`"
            yield "| " + " | ".join(map(str, [*cells, "yes" if point["best"] else "", command])) + " |"


def main() -> int:
    """Print the tables; 1 if a model could not be measured."""
    parser = argparse.ArgumentParser(description="Accuracy, latency, throughput and size of each model's files.")
    parser.add_argument("models", nargs="*", metavar="domain/name:variant[:share]", default=MODELS)
    parser.add_argument("--target", action="append", help="may be given several times (default onnx, openvino)")
    parser.add_argument("--seconds", type=float, default=0.5, help="for each setting (default 0.5)")
    args = parser.parse_args()
    machine()
    failed = 0
    for one in args.models:
        model, variant, share = [*one.split(":"), ""][:3]
        missing: list[str] = []
        print(f"\n{model} {variant}\n")
        try:
            with tempfile.TemporaryDirectory() as folder:
                targets = args.target or ["onnx", "openvino"]
                found = tuned(f"{model}:{variant}", share, targets, args.seconds, Path(folder), missing)
        except FailedError as error:
            print(f"could not be measured: {error}")
            failed += 1
            continue
        print(f"| {' | '.join(HEADS)} |\n| {' | '.join(['---'] * len(HEADS))} |")
        print("\n".join(lines(found)))
        for why in missing:
            print(f"\n{why}", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
