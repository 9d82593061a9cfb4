"""tecoexec against OpenVINO's own benchmark_app: same network, shape, precision, hint and duration.

Claim: within 3 %. Both run as processes of their own, in turns, and each says its throughput. Their float inputs are
random; benchmark_app would take pixels as bytes and convert them in the graph, and is told not to.
Run: make bench, or python benchmarks/tecoexec_benchmark_app.py [seconds a run]
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from _common import ROOT, claim, in_turns, machine, network

BATCHES = {"resnet50": 1, "mobilenet_v3_small": 8}
HINTS = ("latency", "throughput")
SECONDS, ROUNDS = 4.0, 13


def ours(ckpt: Path, shape: str, hint: str, seconds: float) -> float:
    """Images a second, as tecoexec says."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        flags = ["--onnx", str(ckpt), "--target", "openvino", "--input_shapes", shape, "--option", f"hint={hint}"]
        flags += ["--duration", str(seconds), "--json", str(report)]
        subprocess.run([sys.executable, str(ROOT / "tecoexec/tecoexec.py"), *flags], capture_output=True, check=True)
        return float(json.loads(report.read_text(encoding="utf-8"))["records"][0]["figures"]["throughput"])


def theirs(ckpt: Path, shape: str, hint: str, seconds: float) -> float:
    """Images a second, as benchmark_app says."""
    beside = Path(sys.executable).with_name("benchmark_app")
    program = str(beside) if beside.is_file() else shutil.which("benchmark_app")
    if program is None:
        raise SystemExit("benchmark_app is not here: pip install openvino")
    flags = ["-m", str(ckpt), "-d", "CPU", "-shape", f"[{shape.replace('*', ',')}]", "-hint", hint]
    flags += ["-t", f"{seconds:.0f}", "-infer_precision", "f32", "-ip", "f32"]
    done = subprocess.run([program, *flags], capture_output=True, text=True, check=True)
    said = re.search(r"Throughput:\s+([\d.]+) FPS", done.stdout)
    if said is None:
        raise SystemExit(f"benchmark_app told no throughput:\n{done.stdout}")
    return float(said.group(1))


def results(folder: Path, seconds: float) -> Iterator[bool]:
    """Whether the claim holds, for each network and hint."""
    for name, batch in BATCHES.items():
        _, ckpt = network(name, folder / name)
        shape = f"{batch}*3*224*224"
        for hint in HINTS:
            jobs = {
                "tecoexec": partial(ours, ckpt, shape, hint, seconds),
                "benchmark_app": partial(theirs, ckpt, shape, hint, seconds),
            }
            found = in_turns(ROUNDS, jobs)
            print(f"{name}, batch {batch}, hint {hint}")
            found.show("images/s")
            yield claim(found, "tecoexec", "benchmark_app", low=0.97, high=1.03)


def main() -> int:
    """Print the medians and the ratios; 1 if the claim does not hold everywhere."""
    machine()
    with tempfile.TemporaryDirectory() as folder:
        return 0 if all(list(results(Path(folder), float(sys.argv[1]) if sys.argv[1:] else SECONDS))) else 1


if __name__ == "__main__":
    sys.exit(main())
