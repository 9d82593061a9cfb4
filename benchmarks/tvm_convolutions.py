"""Networks of convolutions on target cpu (TVM) and on target onnx, two threads each: samples a second, in turns.

Claim: at least a fifth of what ONNX Runtime does. YOLOX's sample has its trained weights, the others random, but lively
ones: speed does not depend on them. How long TVM compiles is printed too. Run: make bench, or
python benchmarks/tvm_convolutions.py [--rounds 5] [--batch 16] [--only yolox resnet18 resnet50 mobilenet_v3_small]
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from _common import by_processor_time, claim, in_turns, load, machine, network
from engine.base import Engine
from zoo.exporting.export import ExportOptions, export

YOLOX, CLASSIFIERS = "yolox", ("resnet18", "resnet50", "mobilenet_v3_small")
THREADS, CLAIM = 2, 0.2
CALLS = 3  # of one figure


def made(name: str, folder: Path) -> tuple[Path, int]:
    """The network's ONNX file, and how many pixels its pictures are high and wide."""
    if name != YOLOX:
        return network(name, folder)[1], 224
    return export(load("detection/yolox").variant("yolox_sample"), folder, ExportOptions()).dynamic, 160


@dataclass
class Side:
    """One target, and the samples of a call."""

    engine: Engine
    images: np.ndarray
    of_processor_time: list[float] = field(default_factory=list)

    def samples_a_second(self) -> float:
        start, used = time.perf_counter(), time.process_time()
        for _ in range(CALLS):
            self.engine(self.images)
        count = CALLS * len(self.images)
        self.of_processor_time.append(count / (time.process_time() - used))
        return count / (time.perf_counter() - start)


def holds(name: str, batch: int, rounds: int) -> bool:
    """Print both rates of one network and their ratio. Returns whether the claim holds."""
    with tempfile.TemporaryDirectory() as folder:
        path, pixels = made(name, Path(folder))
        images = np.random.default_rng(0).standard_normal((batch, 3, pixels, pixels)).astype(np.float32)
        start = time.process_time()
        tvm = Engine(path, target="cpu", input_size=[list(images.shape)], options={"cache": False})
        print(f"== {name}, batch {batch}: made in {time.process_time() - start:.1f} s of processor time")
        with tvm, Engine(path, options={"threads": THREADS}) as onnx:
            sides = {"cpu": Side(tvm, images), "onnx": Side(onnx, images)}
            both = zip(*map(answers, sides.values()), strict=True)
            apart = max(float(np.abs(one - other).max()) for one, other in both)
            print(f"  largest difference of an output: {apart:.1e}")
            found = in_turns(rounds, {target: side.samples_a_second for target, side in sides.items()})
    found.show("samples/s")
    by_processor_time(sides["cpu"].of_processor_time, sides["onnx"].of_processor_time)
    return claim(found, "cpu", "onnx", low=CLAIM)


def answers(side: Side) -> list[np.ndarray]:
    """Of the first call, as a list."""
    given = side.engine(side.images)
    return given if isinstance(given, list) else [given]


def main() -> int:
    """Print each network's figures; 1 if the claim does not hold for one of them."""
    parser = argparse.ArgumentParser(description="Networks of convolutions on targets cpu and onnx.")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--only", nargs="+", choices=(YOLOX, *CLASSIFIERS), default=(YOLOX, *CLASSIFIERS))
    asked = parser.parse_args()
    os.environ["TVM_NUM_THREADS"] = str(THREADS)
    machine()
    results = [holds(name, asked.batch, asked.rounds) for name in asked.only]
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
