"""Validation of 100,000 images of 64 x 64 against 10,000: the same speed and memory, and a first batch at once.

Claims: at least 0.97 times the images a second, at most 1.05 times the peak memory, and the first batch of the longer
run counted within 0.5 s of its start. A run is a process of its own. It starts when everything is imported, what it
takes to open the network (ONNX Runtime's work, which does not depend on the data) is taken off, and it ends when the
metric is complete: listing the folders is part of it, and so is the last look at every file. The pictures are 4,000
different JPEGs in 1,000 class folders; beyond these, names are hard links to them, so that each is read and decoded as
often as it has names.

`--count 1000000` measures a million against 10,000 (five minutes): there the names take a hundred megabytes and a
second to list, so that the claims on memory and the first batch, which are those of 100,000, do not hold. `--folder`
names where the files are written for the time of the run; a million names take a tenth of a gigabyte there.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from functools import partial
from pathlib import Path
from typing import Any

from _common import ROOT, claim, in_turns, load, machine
from zoo.exporting.export import ExportOptions, export

FEW, MANY, DISTINCT, SIZE = 10_000, 100_000, 4_000, 64
ROUNDS = 3
FIRST = 0.5  # s until the first batch is counted
CHILD = """
import contextlib, io, json, sys, time
sys.path[:0] = sys.argv[1].split(":")
import onnxruntime
from tecoexec.host import peak_memory_mib
from zoo import catalogue
from zoo.accuracy import valid as accuracy
from zoo.commands import valid

told = {"opening": 0.0}
opened, counted, diagnosed = accuracy.open_runner, accuracy.Progress.add, accuracy.diagnose

def opening(*given):
    begun = time.perf_counter()
    engine = opened(*given)
    told["opening"] += time.perf_counter() - begun
    return engine

def count(self, *given):
    counted(self, *given)
    told.setdefault("first", time.perf_counter() - start - told["opening"])

def diagnose(*given):
    told["seconds"] = time.perf_counter() - start - told["opening"]
    return diagnosed(*given)

accuracy.open_runner, accuracy.Progress.add, accuracy.diagnose = opening, count, diagnose
family = catalogue.load("classification/mobilenet_v3")
with contextlib.redirect_stdout(io.StringIO()):
    start = time.perf_counter()
    code = valid.main(family, sys.argv[2:])
assert code == 0, code
print(json.dumps(told | {"peak": peak_memory_mib()}))
"""


def write_small_pictures(folder: Path, count: int, classes: list[str]) -> Path:
    """`count` JPEGs of 64 x 64 in all the class folders, `DISTINCT` of them different, the others hard links."""
    from PIL import Image
    from sklearn.datasets import load_sample_images

    originals = [Image.fromarray(image) for image in load_sample_images().images]
    for number in range(count):
        path = folder / classes[number % len(classes)] / f"{number:07d}.jpg"
        if number < len(classes):
            path.parent.mkdir(parents=True)
        if number >= DISTINCT:
            first = number % DISTINCT
            os.link(folder / classes[first % len(classes)] / f"{first:07d}.jpg", path)
            continue
        left, top = number * 7 % 500, number * 3 % 350
        originals[number % 2].crop((left, top, left + SIZE, top + SIZE)).save(path, quality=90)
    return folder


def validated(ckpt: Path, pictures: Path, count: int, told: list[dict[str, float]]) -> float:
    """Images a second of one run; what it tells of itself goes to `told`."""
    flags = ["--ckpt", str(ckpt), "--data_path", str(pictures), "--variant", "mobilenet_v3_small"]
    flags += ["--input_size", str(SIZE)]
    command = [sys.executable, "-c", CHILD, f"{ROOT}:{ROOT / 'contrib'}", *flags]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"the validation of {count} images ended with {done.returncode}: {done.stderr[-2000:]}")
    told.append(json.loads(done.stdout))
    return count / told[-1]["seconds"]


def at_most(what: str, value: float, most: float) -> bool:
    """Print a figure and whether it is within its claim."""
    print(f"  {what}: {value:.3f} (claim: at most {most:g}): {'holds' if value <= most else 'DOES NOT HOLD'}")
    return value <= most


def main() -> int:
    """Print the medians and the ratios; 1 if a claim does not hold."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=MANY, help=f"of images in the longer run (default {MANY})")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help=f"(default {ROUNDS})")
    parser.add_argument("--folder", type=Path, help="where the files are written (default: the system's for such)")
    args = parser.parse_args()
    machine()
    model = load("classification/mobilenet_v3").variant("mobilenet_v3_small")
    task: Any = model.task
    told: dict[int, list[dict[str, float]]] = {FEW: [], args.count: []}
    with tempfile.TemporaryDirectory(dir=args.folder) as folder:
        ckpt = export(model, Path(folder), ExportOptions("random")).dynamic
        places = {count: write_small_pictures(Path(folder) / str(count), count, list(task.folders)) for count in told}
        many, few = (f"{count:,} images" for count in (args.count, FEW))
        found = in_turns(
            args.rounds,
            {
                name: partial(validated, ckpt, places[count], count, told[count])
                for name, count in ((many, args.count), (few, FEW))
            },
        )
    found.show("images/s")
    for count, runs in told.items():
        peak, first = (statistics.median(run[what] for run in runs) for what in ("peak", "first"))
        print(f"  {count:,} images: at most {peak:.1f} MiB; the first batch was counted after {first:.3f} s")
    peaks = [statistics.median(run["peak"] for run in told[count]) for count in (args.count, FEW)]
    good = claim(found, many, few, low=0.97)
    good &= at_most(f"peak memory, {many} / {few}", peaks[0] / peaks[1], 1.05)
    good &= at_most(f"first batch of {many}, s", statistics.median(run["first"] for run in told[args.count]), FIRST)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
