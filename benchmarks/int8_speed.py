"""ResNet-50 in int8 as `zoo export --dtype int8` writes it, and in float32, on target onnx: images a second, in turns.

Claim: at least 3.5 times as fast on a processor with VNNI. Without it, eight products take three instructions instead
of one, so that 1.8 is claimed. The weights are random, but lively: speed does not depend on them. That everything is
computed in integers is counted, not claimed. Run: make bench, or python benchmarks/int8_speed.py [--rounds 9]
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections import Counter
from functools import partial
from pathlib import Path

import numpy as np

from _common import claim, in_turns, machine, network
from engine.base import Engine
from zoo.exporting.int8 import Quantiser
from zoo_core.machine import products_overflow

BATCH, CALIBRATED_ON, CALLS = 16, 8, 3
CLAIM_VNNI, CLAIM_WITHOUT = 3.5, 1.8


def computed(path: Path, folder: Path) -> Counter[str]:
    """The operators that ONNX Runtime runs, after its fusions."""
    import onnx
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    options.optimized_model_filepath = str(folder / "optimised.onnx")
    onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    return Counter(node.op_type for node in onnx.load(folder / "optimised.onnx").graph.node)


def images_a_second(engine: Engine, images: np.ndarray) -> float:
    """Of some calls. One before them is not counted: it finds the caches full of the other network, and the cores taken
    by threads that still wait for its next call."""
    engine(images)
    start = time.perf_counter()
    for _ in range(CALLS):
        engine(images)
    return CALLS * len(images) / (time.perf_counter() - start)


def main() -> int:
    """Print both rates and their ratio; 1 if the claim does not hold."""
    parser = argparse.ArgumentParser(description="ResNet-50 in int8 and in float32 on target onnx.")
    parser.add_argument("--rounds", type=int, default=9)
    rounds = parser.parse_args().rounds
    machine()
    images = np.random.default_rng(0).standard_normal((BATCH, 3, 224, 224)).astype(np.float32)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        _, plain = network("resnet50", folder)
        rows = ({"input": images[number : number + 1]} for number in range(CALIBRATED_ON))
        Quantiser(plain, rows, "minmax", "noise").write(folder / "int8.onnx")
        found = computed(folder / "int8.onnx", folder)
        print("  " + ", ".join(f"{count} {operator}" for operator, count in found.most_common()))
        with Engine(plain) as before, Engine(folder / "int8.onnx", dtype="int8") as after:
            jobs = {
                "float32": partial(images_a_second, before, images),
                "int8": partial(images_a_second, after, images),
            }
            for job in jobs.values():
                job()
            done = in_turns(rounds, jobs)
    done.show("images/s")
    narrow = products_overflow()
    print(f"  sums of 8 bits {'overflow' if narrow else 'do not overflow'} on this processor")
    return 0 if claim(done, "int8", "float32", low=CLAIM_WITHOUT if narrow else CLAIM_VNNI) else 1


if __name__ == "__main__":
    sys.exit(main())
